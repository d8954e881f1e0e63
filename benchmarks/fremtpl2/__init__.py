"""Claim frequency on freMTPL2, a public portfolio that published models were measured on."""
