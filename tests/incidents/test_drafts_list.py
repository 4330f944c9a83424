"""List of the open drafts."""

from __future__ import annotations

import json
from datetime import timedelta

from gateway.cli.incidents.output import draft_json
from gateway.incidents.drafts import DraftStore
from gateway.incidents.store import IncidentStore
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock
from tests.helpers.drafts import DANGER_ANSWERS, DUE, draft
from tests.helpers.incidents import AT, confirmation, report
from tests.helpers.phones import NUMBER, OTHER


async def test_list_drafts_is_last_left_first_and_masked(drafts: DraftStore) -> None:
    await drafts.keep(draft("s1", {**DANGER_ANSWERS, "description": "Ribut"}, minutes=5), None, DUE)
    await drafts.keep(draft("s2", {}, phone=OTHER), None, DUE)

    listed = [json.loads(json.dumps(draft_json(one))) for one in await drafts.list_drafts()]

    assert [one["session"] for one in listed] == ["s1", "s2"]
    assert listed[0] == {
        "channel": "at",
        "session": "s1",
        "marked": True,
        "category": "gesekan",
        "area": "33.75.01.1008",
        "when": "now",
        "danger": "yes",
        "description": "Ribut",
        "answers": {},
        "answers_shown": {},
        "language": "id",
        "left_at": "2026-11-23T08:05:00+00:00",
        "phone": "+62812****567",
    }
    assert (listed[1]["marked"], listed[1]["category"], listed[1]["phone"]) == (False, "", "+62857****008")
    assert [one.session for one in await drafts.list_drafts(limit=1)] == ["s1"]


async def test_list_drafts_shows_an_undecryptable_number_as_a_question_mark(
    drafts: DraftStore, database: Database, clock: ManualClock, store: IncidentStore
) -> None:
    await drafts.keep(draft("s1"), None, DUE)
    await DraftStore(database, Vault(b"\x08" * 32), clock, store).keep(draft("s2", minutes=5, phone=OTHER), None, DUE)

    assert [(one.session, one.phone) for one in await drafts.list_drafts()] == [("s2", "?"), ("s1", NUMBER.masked)]


async def test_list_drafts_leaves_out_settled_drafts(drafts: DraftStore, store: IncidentStore) -> None:
    await drafts.keep(draft("s1"), None, DUE)

    await store.file(report("s2", received_at=AT - timedelta(minutes=1)), NUMBER, confirmation)
    assert [one.session for one in await drafts.list_drafts()] == ["s1"], "an earlier report"

    await store.file(report("s3", received_at=AT + timedelta(minutes=1)), OTHER, confirmation)
    assert [one.session for one in await drafts.list_drafts()] == ["s1"], "a report of another phone"

    await store.file(report("s4", received_at=AT + timedelta(minutes=1)), NUMBER, confirmation)
    assert await drafts.list_drafts() == []
