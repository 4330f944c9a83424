"""What a hop costs, against a bare handler in the same run: `make bench`."""
