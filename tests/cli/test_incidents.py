"""`waspada incidents`: reports and drafts are listed, and incidents moved."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from gateway.cli.incidents import incident_json
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import Incident, IncidentStatus, Veracity
from gateway.incidents.store import IncidentStore
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import KEY, Shell
from tests.helpers.incidents import AT, report
from tests.helpers.phones import NUMBER, OTHER


@pytest.fixture
async def left(database: Database) -> datetime:
    """Keep two drafts. Returns the time of the later one."""
    vault = Vault(bytes.fromhex(KEY))
    drafts = DraftStore(database, vault, Clock(), IncidentStore(database, vault, Clock()))
    for hour, phone, danger in ((1, OTHER, "no"), (2, NUMBER, "yes")):
        left_at = datetime(2026, 11, 28, hour, tzinfo=UTC)
        answers = {"category": "gesekan", "area": "33.75.01.1003", "when": "now", "danger": danger}
        await drafts.keep(Draft("at", f"ATUid_left_{hour}", phone, "jv", answers, left_at), None, left_at)
    return left_at


def test_incidents_list_shows_newest_first(shell: Shell, tickets: list[str]) -> None:
    incidents = shell.list_json("incidents", "list")
    assert [incident["ticket"] for incident in incidents] == tickets[::-1], "newest first"

    wanted = {
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "",
        "status": "received",
        "veracity": "unverified",
        "language": "id",
        "channel": "at",
        "description": "tawuran\n2 Dèwi",
        "received_at": "2026-11-28T03:02:00+00:00",
        "phone": NUMBER.masked,
    }
    assert {name: incidents[0][name] for name in wanted} == wanted


def test_incidents_drafts_lists_newest_first_and_masked(shell: Shell, left: datetime) -> None:
    drafts = shell.list_json("incidents", "drafts")
    assert [draft["marked"] for draft in drafts] == [True, False], "newest first"
    assert drafts[0] == {
        "channel": "at",
        "session": "ATUid_left_2",
        "marked": True,
        "category": "gesekan",
        "area": "33.75.01.1003",
        "when": "now",
        "danger": "yes",
        "description": "",
        "language": "jv",
        "left_at": left.isoformat(),
        "phone": NUMBER.masked,
    }
    assert list(drafts[0]) == [
        *("channel", "session", "marked", "category", "area", "when", "danger", "description", "language"),
        *("left_at", "phone"),
    ]
    assert shell.list_json("incidents", "drafts", "--limit", "1") == drafts[:1]

    lines = shell.run("incidents", "drafts").stdout.splitlines()
    assert len(lines) == 3
    assert NUMBER.e164[-9:] not in "".join(lines)


def test_incidents_move_checks_the_lifecycle(shell: Shell, tickets: list[str]) -> None:
    shown = f"{tickets[0][:4]}-{tickets[0][4:]}"

    result = shell.run("incidents", "move", shown, "checking", "--as", "dewi", "--reason", "sudah ditelepon")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now checking.\n", "")
    assert [one["status"] for one in shell.list_json("incidents", "list")] == ["received", "received", "checking"]
    assert 'cannot become "received"' in shell.error_of("incidents", "move", shown, "received", "--as", "dewi")
    assert "no incident" in shell.error_of("incidents", "move", "7340-2817", "checking", "--as", "dewi")

    result = shell.run("incidents", "move", shown, "closed", "--as", "dewi", "--found", "untrue")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{shown} is now closed, found untrue.\n", "")

    last = shell.list_json("incidents", "list")[-1]
    assert (last["status"], last["veracity"]) == ("closed", "untrue")


def test_incident_json_has_every_field_in_order() -> None:
    incident = Incident("73402816", report(), IncidentStatus.RECEIVED, Veracity.UNVERIFIED, NUMBER.masked, AT)

    shown = json.loads(json.dumps(incident_json(incident)))

    assert shown["when"] == "before"
    assert shown["when_date"] == "2026-11-20"
    assert shown["received_at"] == "2026-11-23T08:00:00+00:00"
    assert shown["phone"] == NUMBER.masked
    assert list(shown) == [
        *("ticket", "category", "area", "when", "when_date", "danger", "size", "seen", "description", "details"),
        *("contact", "status", "veracity", "language", "channel", "session", "received_at", "phone"),
    ]
