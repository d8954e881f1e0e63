"""From a version to the next: what a workbook selects, within which limits, and what follows from it."""
