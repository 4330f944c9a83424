"""Fixtures of the tests of incidents."""

from __future__ import annotations

from tests.helpers.incidents import actions, drafts, outbox, reporter, services, store
from tests.helpers.logs import log

__all__ = ["actions", "drafts", "log", "outbox", "reporter", "services", "store"]
