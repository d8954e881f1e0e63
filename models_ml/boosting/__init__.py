"""Boosted trees that are tables: trees of two features at most are a sum of one- and two-way tables."""
