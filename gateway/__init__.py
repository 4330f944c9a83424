"""Waspada: a self-hosted SMS/USSD gateway. README.md beside this file describes its rooms."""

from importlib.metadata import version

__version__ = version("waspada")
