"""Versions of a rate table: made of a forecast, written, compared, explained, edited, handed out."""
