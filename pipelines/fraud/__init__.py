"""Claims that deserve a second look, with the reasons."""
