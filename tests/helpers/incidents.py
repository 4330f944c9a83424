"""Reports to file, and the stores of incidents of a gateway. The fixtures are imported by a conftest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from gateway.incidents.drafts import DraftStore
from gateway.incidents.operator_actions import IncidentActions
from gateway.incidents.report import Report
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.messages.outbox import Outbox
from gateway.text import ticket as tickets
from gateway.wiring.container import Services
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import open_gateway

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def report(session: str = "ATUid_1", **changes: Any) -> Report:
    """Make a report with every answer. `changes` replace some of them."""
    answers: dict[str, Any] = {
        "category": "gesekan",
        "area": "33.75.01.1008",
        "language": "id",
        "channel": "at",
        "received_at": AT,
        "when": "before",
        "when_date": date(2026, 11, 20),
        "danger": "no",
        "answers": {"size": "some", "seen": "self"},
        "description": "Ribut di depan balai",
        "contact": True,
    }
    return Report(session=session, **{**answers, **changes})


def confirmation(ticket: str) -> str:
    return f"Laporan {tickets.with_dash(ticket)} diterima"


@pytest.fixture
async def services(redis_url: str, database_url: str, clock: ManualClock) -> AsyncIterator[Services]:
    async with open_gateway(redis_url, database_url, clock) as opened:
        yield opened


@pytest.fixture
def store(services: Services) -> IncidentStore:
    return services.incidents


@pytest.fixture
def actions(services: Services) -> IncidentActions:
    return services.incident_actions


@pytest.fixture
def drafts(services: Services) -> DraftStore:
    return services.drafts


@pytest.fixture
def reporter(services: Services) -> Reporter:
    return services.reporter


@pytest.fixture
def outbox(services: Services) -> Outbox:
    return services.outbox
