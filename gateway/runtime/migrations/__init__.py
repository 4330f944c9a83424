"""Migrations of the tables (alembic), written by hand and never changed once released."""
