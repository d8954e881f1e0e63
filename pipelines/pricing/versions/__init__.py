"""Versions of a rate table: made of a forecast, written, kept, handed out."""
