"""Encrypted phone numbers, found again by keyed hash."""
