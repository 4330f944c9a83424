"""How the tables came to be (alembic). Steps are written by hand and never changed once released."""
