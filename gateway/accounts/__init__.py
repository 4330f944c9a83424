"""Operators of the desk: accounts, roles and rights, passwords, API tokens."""
