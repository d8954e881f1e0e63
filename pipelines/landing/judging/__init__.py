"""What a row is worth beside all others: keys, references, flags and counts of a whole landing."""
