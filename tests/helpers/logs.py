"""Fixture for a conftest: the log as production writes it, for every test of a folder."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest

from gateway.runtime import logs
from gateway.runtime.clock import Clock
from gateway.text.phone import mask_in


@pytest.fixture(autouse=True)
def log() -> Iterator[io.StringIO]:
    """Configure the log as in production, and return its stream. structlog's default takes a second per traceback."""
    stream = io.StringIO()
    logs.configure(format="json", level="info", mask=mask_in, stream=stream, clock=Clock())
    yield stream
    logs.flush()
