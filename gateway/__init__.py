"""Waspada: a self-hosted SMS/USSD gateway. The house is described in README.md beside this file."""

from importlib.metadata import version

__version__ = version("waspada")
