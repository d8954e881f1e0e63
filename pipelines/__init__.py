"""The Dagster code location: what runs, in which order, and how it is checked."""
