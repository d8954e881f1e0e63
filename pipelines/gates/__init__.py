"""Gates: what a delivery must hold before anything is computed from it."""
