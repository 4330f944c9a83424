"""Machinery: Redis, PostgreSQL, logs, metrics, the clock, embedded servers, migrations."""
