"""What can be asked of a version: what moved, why a price is what it is, a quote, the pack of the day."""
