"""The actuarial steps between experience and a price."""
