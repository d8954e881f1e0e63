"""From rates to what customers pay: packages, tariff, own record, repricing, scenarios."""
