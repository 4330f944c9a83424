"""`waspada incidents`: lists, one report with its history, acts of operators, output."""
