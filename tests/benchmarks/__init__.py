"""Tests of what the benchmarks compute themselves; how fast things are is never asserted."""
