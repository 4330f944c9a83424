"""Erasure on request and purge after retention, across all tables."""
