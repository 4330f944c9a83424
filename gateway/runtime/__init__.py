"""Infrastructure: Redis, PostgreSQL, logs, metrics, clock, embedded servers, migrations."""
