"""Waspada, a self-hosted SMS/USSD gateway. README.md beside this file describes its packages."""
