"""Providers' languages: one folder for each carrier, and the contract that all of them keep."""
