"""`waspada appeals`: commands, options, progress, output."""
