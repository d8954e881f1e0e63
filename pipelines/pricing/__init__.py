"""Pricing: forecast, rate table, publication."""
