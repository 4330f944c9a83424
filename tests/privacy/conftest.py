"""Fixtures of the tests of erasure and retention."""

from __future__ import annotations

from tests.helpers.incidents import actions, drafts, outbox, reporter, services, store

__all__ = ["actions", "drafts", "outbox", "reporter", "services", "store"]
