"""Migrations of the tables (alembic). Steps are written by hand and never changed once released."""
