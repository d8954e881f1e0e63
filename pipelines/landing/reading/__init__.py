"""From a client's bytes to rows that met their contract: chunk by chunk, one file at a time."""
