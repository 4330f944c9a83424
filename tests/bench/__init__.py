"""Benchmarks: cost of a hop against a bare handler in the same run (`make bench`)."""
