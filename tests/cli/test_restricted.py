"""Reports of a restricted kind: every verb that could show one, by everybody who may not read it, and by who may."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from click.testing import Result
from redis.asyncio import Redis
from sqlalchemy import update

from gateway.accounts.roles import DeskRole
from gateway.accounts.store import AccountStore
from gateway.accounts.tokens import TokenStore
from gateway.carriers.carrier import Inbound
from gateway.incidents.draft import Draft
from gateway.incidents.drafts import DraftStore
from gateway.incidents.report import Report
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.messages.inbox import Inbox
from gateway.messages.message import MessageClass
from gateway.messages.outbox import NewMessage, enqueue
from gateway.messages.tables import inbound_messages
from gateway.runtime.clock import Clock
from gateway.runtime.log_stream import LogStream
from gateway.runtime.postgres import Database
from gateway.text.ticket import with_dash
from gateway.vault.vault import Vault
from tests.helpers.accounts import PASSWORD, CountingHasher
from tests.helpers.cli import KEY, Shell
from tests.helpers.cli_accounts import audit_trail
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER

AT = datetime(2026, 11, 28, 3, 4, tzinfo=UTC)
KLEGO = "33.75.02.1008"
WORDS = "lurah bagi sembako di balai"
ROLES = {"siti": "operator", "budi": "supervisor", "agus": "administrator"}
READER = "wati"  # of Bawaslu


@dataclass(frozen=True)
class World:
    shell: Shell
    restricted: str  # ticket
    other: str
    tokens: dict[str, str]

    def run(self, *arguments: str, by: str = "") -> Result:
        """Run a verb, by an account that is authenticated by its token."""
        if not by:
            return self.shell.run(*arguments)
        given = {} if by == "rini" else {"token": self.tokens[by]}
        return self.shell.run(*arguments, "--as", by, **given)


def confirmation(report: Report, number: str) -> str:
    return MENU.confirmation("id", {"category": report.category, "area": report.area, "ticket": with_dash(number)})


@pytest.fixture
async def filed(database: Database, redis_url: str) -> tuple[str, str]:
    """File a restricted report and another one, with all that belongs to them. Returns their tickets."""
    vault, clock = Vault(bytes.fromhex(KEY)), Clock()
    store = IncidentStore(database, vault, clock)
    answers: dict[str, Any] = {"area": KLEGO, "language": "id", "channel": "at", "received_at": AT}
    asn = Report(category="asn", session="ATUid_asn", description=WORDS, **answers)
    fight = replace(asn, category="gesekan", session="ATUid_fight", description="tawuran")
    tickets = []
    for report in (asn, fight):
        filed = await store.file(report, NUMBER, partial(confirmation, report))
        tickets.append(filed.ticket)
    await Reporter(database, vault, clock).add_details(
        tickets[0], NUMBER, f"{WORDS} lagi", channel="at", session="ATUid_more"
    )
    drafts = DraftStore(database, vault, clock, store)
    left = {"category": "asn", "area": KLEGO, "description": WORDS, "danger": "yes"}
    await drafts.keep(Draft("at", "ATUid_left", OTHER, "id", left, AT), MENU.reminder("id", left), AT)

    inbox = Inbox(database, vault, clock)
    texts = (f"LAPOR asn klego {WORDS}", f"cek {with_dash(tickets[0])} tolong", "LAPOR lurah memihak", "LAPOR tawuran")
    for number, text in enumerate(texts, 1):
        phone = NUMBER if number == len(texts) else OTHER
        await inbox.store_sms("at", Inbound(f"ATXid_{number}", phone, "3375", text, None, "51001"))
    results = (("report", tickets[0]), ("unsorted", None), ("untold", None), ("untold", None))
    async with database.begin() as connection:
        for number, (became, ticket) in enumerate(results, 1):
            handled = update(inbound_messages).where(inbound_messages.c.id == number)
            await connection.execute(handled.values(made=became, ticket=ticket, handled_at=AT, received_at=AT))
        asked = MENU.sms_text("no_place", "id", {"category": "asn"})
        await enqueue(connection, NewMessage(MessageClass.REPLY, "at", OTHER, asked, "id"), vault, AT)

    async with Redis.from_url(redis_url) as client:
        stream = LogStream(client, lambda _: None)
        turn = {"event": "ussd.turn", "at": AT.isoformat(), "level": "info", "channel": "at", "session": "ATUid_asn"}
        lines = [
            {**turn, "state": "kelurahan", "next": "category", "input": "7", "screen": "Klego. Ada apa?"},
            {**turn, "restricted": True, "end": False},
            {**turn, "event": "sms.handled", "session": "", "ticket": tickets[0]},
            {**turn, "event": "message.sent", "session": "", "ticket": with_dash(tickets[0])},
        ]
        stream.put([json.dumps(line).encode() for line in lines])
        await stream.close()
    return tickets[0], tickets[1]


@pytest.fixture
async def world(shell: Shell, filed: tuple[str, str], database: Database) -> World:
    accounts, tokens, given = AccountStore(database, Clock(), CountingHasher()), TokenStore(database, Clock()), {}
    for name, role in {**ROLES, READER: "bawaslu"}.items():
        await accounts.add(name, name, [DeskRole(role)], PASSWORD, actor="rini")
        given[name] = await tokens.create(name, "test", 1, actor="rini")
    return World(Shell({**shell.variables, "LOGNAME": "rini"}), *filed, given)


def secrets(world: World) -> list[str]:
    """Return all that an output must not have of the restricted report."""
    labels = [words.labels["category"]["asn"] for words in MENU.wordings.values()]
    return [world.restricted, with_dash(world.restricted), "asn", *labels, WORDS, "sembako", "memihak", OTHER.masked]


LISTS = [
    ("incidents", "list"),
    ("incidents", "list", "--open"),
    ("incidents", "list", "--area", "Klego"),
    ("incidents", "list", "--kind", "1"),
    ("incidents", "list", "--new-details"),
    ("incidents", "list", "--since", "2026-11-01"),
    ("incidents", "list", "--by-update"),
    ("incidents", "drafts"),
    ("messages", "list"),
    ("messages", "list", "--class", "confirmation"),
    ("messages", "list", "--class", "resume"),
    ("messages", "list", "--class", "reply"),
    ("messages", "inbox"),
    ("messages", "inbox", "--to-sort"),
]
WITHOUT_AS = [
    ("logs",),
    ("logs", "--session", "ATUid_asn"),
    ("appeals", "list"),
    ("users", "list"),
    ("users", "history", READER),
    ("people", "list"),
    ("channels",),
]


@pytest.mark.parametrize("by", ["", "rini", *ROLES])
def test_list_has_nothing_of_a_restricted_report(world: World, by: str) -> None:
    form = ("--json",) if by else ()
    for verb in LISTS:
        result = world.run(*verb, *form, by=by)
        assert result.exit_code == 0, verb
        assert [found for found in secrets(world) if found in result.output] == [], verb


def test_verb_without_a_reader_has_nothing_of_a_restricted_report(world: World) -> None:
    for verb in WITHOUT_AS:
        for form in ((), ("--json",)):
            result = world.run(*verb, *form)
            assert result.exit_code == 0, verb
            hidden = [found for found in secrets(world) if found != "asn"]  # the name of the session has it
            assert [found for found in hidden if found in result.output] == [], verb
            assert verb[0] != "logs" or "Klego" not in result.output


REFUSED = [
    ("incidents", "show", "TICKET"),
    ("incidents", "take", "TICKET"),
    ("incidents", "release", "TICKET"),
    ("incidents", "move", "TICKET", "checking"),
    ("incidents", "reopen", "TICKET", "--reason", "slip"),
    ("incidents", "set", "TICKET", "tps=12"),
    ("messages", "list", "--ticket", "TICKET"),
    ("messages", "show", "1"),
    ("messages", "cancel", "1"),
    ("messages", "resend", "1"),
    ("messages", "inbox", "done", "1"),
    ("messages", "inbox", "done", "3"),
    ("messages", "inbox", "report", "1"),
    ("messages", "inbox", "report", "3", "--area", "Klego"),
    ("messages", "inbox", "answer", "1", "terima kasih", "--again"),
]


@pytest.mark.parametrize("by", ["rini", *ROLES])
def test_act_on_a_restricted_report_is_refused_in_one_sentence(world: World, by: str) -> None:
    before = audit_trail(world.shell)
    for verb in REFUSED:
        result = world.run(*(world.restricted if word == "TICKET" else word for word in verb), by=by)
        assert (result.exit_code, result.stdout) == (1, ""), verb
        assert result.stderr == (
            "Error: this report is restricted: only an account with the role bawaslu may read it, --as NAME\n"
        ), verb
    assert audit_trail(world.shell) == before


def test_logs_of_a_restricted_ticket_are_refused(world: World) -> None:
    assert "this report is restricted" in world.shell.error_of("logs", "--ticket", world.restricted)
    assert world.run("logs", "--ticket", world.other).exit_code == 0


def test_appeal_about_a_restricted_report_is_refused(world: World) -> None:
    result = world.run(
        *("appeals", "draft", "--purpose", "Damai", "--template", "damai", "--audience", '{"roles": ["subscriber"]}'),
        *("--ticket", world.restricted),
        by="siti",
    )

    assert result.exit_code != 0
    assert "an appeal cannot be about a restricted report" in result.stderr


def test_filter_does_not_change_what_is_said_about_restricted_reports(world: World) -> None:
    for filters in ((), ("--area", "Medono"), ("--kind", "uang"), ("--danger",), ("--since", "1h")):
        assert world.run("incidents", "list", *filters, "--json").stderr == (
            "1 restricted report is not shown, the last of 2026-11-28 10:04 WIB: an account with the role bawaslu "
            "reads them, --as NAME (waspada users add NAME --role bawaslu).\n"
        )


def test_without_a_restricted_report_nothing_is_said_of_one(shell: Shell, tickets: list[str]) -> None:
    assert len(shell.list_json("incidents", "list")) == len(tickets)


# Who may read them -----------------------------------------------------------------------------------------------


def test_reader_sees_the_report_and_every_reading_is_recorded(world: World) -> None:
    listed = json.loads(world.run("incidents", "list", "--json", by=READER).stdout)
    assert [incident["category"] for incident in listed] == ["gesekan", "asn"]
    drafts = json.loads(world.run("incidents", "drafts", "--json", by=READER).stdout)
    assert [draft["description"] for draft in drafts] == [WORDS]
    shown = world.run("incidents", "show", world.restricted, by=READER)
    assert WORDS in shown.stdout
    assert "1 restricted" not in world.run("incidents", "list", by=READER).output

    read = [(actor, action, subject) for actor, action, subject in audit_trail(world.shell) if "read" in action]
    assert read == [
        (READER, "incident.read", world.restricted),
        (READER, "drafts.read", "drafts"),
        (READER, "incident.read", world.restricted),
        (READER, "incident.read", world.restricted),
    ]


def test_reader_reads_the_messages_of_the_report(world: World) -> None:
    listed = json.loads(world.run("messages", "list", "--json", by=READER).stdout)
    assert world.restricted in {message["ticket"] for message in listed}
    inbox = json.loads(world.run("messages", "inbox", "--json", by=READER).stdout)
    assert [sms["text"] for sms in inbox][-1] == f"LAPOR asn klego {WORDS}"
    assert world.run("messages", "show", "1", by=READER).exit_code == 0


def test_reader_moves_the_report(world: World) -> None:
    assert world.run("incidents", "take", world.restricted, by=READER).exit_code == 0
    assert world.run("incidents", "move", world.restricted, "checking", by=READER).exit_code == 0
    assert (READER, "incident.moved", world.restricted) in audit_trail(world.shell)


def test_name_of_a_reader_is_nothing_without_its_proof(world: World) -> None:
    for typed in (("incidents", "list"), ("incidents", "show", world.restricted), ("messages", "list")):
        result = world.shell.run(*typed, "--as", READER)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "wati is not authenticated" in result.stderr
        wrong = world.shell.run(*typed, "--as", READER, token=world.tokens["budi"])
        assert (wrong.exit_code, wrong.stdout) == (1, "")


def test_disabled_reader_reads_nothing(world: World) -> None:
    world.run("users", "disable", READER)

    assert world.run("incidents", "show", world.restricted, by=READER).exit_code == 1


def test_sms_that_is_made_a_restricted_report_has_no_ticket_for_its_operator(world: World) -> None:
    result = world.run("messages", "inbox", "report", "4", "--kind", "asn", "--area", "Klego", by="siti")

    assert (result.exit_code, result.stdout) == (0, "SMS 4 is a restricted report.\n")
    (line,) = json.loads(world.run("logs", "--event", "incident.filed", "--json").stdout)
    assert "category" not in line
    assert "area" not in line
    assert line["ticket"] == "(restricted)"


def test_other_reports_are_handled_by_everybody_as_before(world: World) -> None:
    moved = world.shell.run("incidents", "move", world.other, "checking", "--as", "rini")

    assert moved.stdout == f"{with_dash(world.other)} is now checking.\n"
    assert "tawuran" in world.run("incidents", "show", world.other).stdout
