"""Fixtures of the tests of incidents."""

from __future__ import annotations

from tests.helpers.incidents import drafts, outbox, reporter, services, store

__all__ = ["drafts", "outbox", "reporter", "services", "store"]
