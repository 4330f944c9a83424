"""`waspada messages inbox`: inbound SMS are listed and sorted."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from gateway.carriers.carrier import Inbound
from gateway.messages.inbox import Inbox
from gateway.messages.tables import inbound_messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import KEY, Shell
from tests.helpers.phones import NUMBER

TEXTS = ("tolong ada tawuran di klego", "apa ini\x1b[2J", "LAPOR tawuran")


@pytest.fixture
async def received(database: Database) -> list[int]:
    """Receive three SMS that are to sort. Returns their ids."""
    inbox = Inbox(database, Vault(bytes.fromhex(KEY)), Clock())
    for number, text in enumerate(TEXTS, 1):
        await inbox.store_sms("at", Inbound(f"ATXid_{number}", NUMBER, "3375", text, None, "51001"))
    at = datetime(2026, 11, 28, 3, 2, tzinfo=UTC)
    async with database.begin() as connection:
        for number, made in enumerate(("help_told", "other", "untold"), 1):
            handled = update(inbound_messages).where(inbound_messages.c.id == number)
            await connection.execute(handled.values(made=made, handled_at=at, received_at=at))
    return [1, 2, 3]


def test_table_has_local_time_masked_number_and_reason_in_words(shell: Shell, received: list[int]) -> None:
    result = shell.run("messages", "inbox", "--to-sort")

    _, *lines = result.stdout.splitlines()
    assert len(lines) == len(received)
    assert "2026-11-28 10:02 WIB" in lines[0]
    assert "a call for help" in lines[0], "a call for help is on top"
    assert NUMBER.masked in lines[0]
    assert NUMBER.e164[-9:] not in result.stdout
    assert "\x1b" not in result.stdout, "no SMS controls the terminal of the desk"


def test_sms_are_sorted_one_by_one(shell: Shell, received: list[int]) -> None:
    def to_sort() -> list[int]:
        return [sms["id"] for sms in shell.list_json("messages", "inbox", "--to-sort")]

    result = shell.run("messages", "inbox", "done", "2", "--as", "siti")
    assert (result.exit_code, result.stdout) == (0, "SMS 2 is done.\n")
    assert "sorted already, by siti" in shell.error_of("messages", "inbox", "done", "2")
    assert to_sort() == [1, 3], "a call for help first"

    reported = shell.run("messages", "inbox", "report", "1", "--as", "siti").stdout
    incident = shell.list_json("incidents", "list")[0]
    ticket = f"{incident['ticket'][:4]}-{incident['ticket'][4:]}"
    assert reported == f"SMS 1 is report {ticket}.\n"
    (line,) = shell.list_json("logs", "--event", "incident.filed")
    assert line["ticket"] == incident["ticket"], "it is in the live log, as a report of a resident is"
    again = shell.run("messages", "inbox", "report", "1", "--as", "siti")
    assert again.stdout == f"SMS 1 belongs to report {ticket} already.\n"
    assert ticket in shell.run("messages", "inbox").stdout
    shown = shell.run("incidents", "show", ticket).stdout
    assert "by the desk" in shown
    assert TEXTS[0] in shown

    answered = shell.run("messages", "inbox", "answer", "3", "Di kelurahan mana?").stdout
    message = shell.list_json("messages", "list")[0]
    assert answered == f"SMS 3 is answered by message {message['id']}, parts: 1.\n"
    assert (message["class"], message["text"]) == ("reply", "Di kelurahan mana?")
    assert to_sort() == []
    assert shell.run("messages", "inbox", "--to-sort").stdout == "No SMS is to sort.\n"


@pytest.mark.parametrize(
    ("arguments", "status", "fault"),
    [
        (("report", "3"), 1, "the place of SMS 3 must be named"),
        (("report", "3", "--area", "pekalongan utara"), 2, "a report has one kelurahan"),
        (("report", "3", "--area", "Bandung"), 2, 'unknown place "Bandung"'),
        (("report", "3", "--kind", "perang"), 2, 'unknown kind "perang"'),
        (("done", "99"), 1, "no inbound SMS with this number"),
        (("done", "x"), 2, "not a valid integer"),
        (("answer", "3", " "), 1, "the answer is empty"),
    ],
)
def test_wrong_act_is_refused(
    shell: Shell, received: list[int], arguments: tuple[str, ...], status: int, fault: str
) -> None:
    result = shell.run("messages", "inbox", *arguments)

    assert (result.exit_code, result.stdout) == (status, "")
    assert fault in result.stderr
    assert len(shell.list_json("messages", "inbox", "--to-sort")) == len(received)


def test_report_of_the_operators_kind_and_place(shell: Shell, received: list[int]) -> None:
    assert shell.run("messages", "inbox", "report", "3", "--kind", "3", "--area", "Medono").exit_code == 0

    incident = shell.list_json("incidents", "list")[0]
    assert (incident["category"], incident["area"]) == ("gesekan", "33.75.01.1002")


SPELLINGS = (NUMBER.e164, f"0{NUMBER.e164[3:]}", f"0{NUMBER.e164[3:6]}-{NUMBER.e164[6:10]}-{NUMBER.e164[10:]}")


@pytest.fixture
async def received_with_number(database: Database, request: pytest.FixtureRequest) -> str:
    """Receive an SMS that has a number, written in this way, in its text. Returns the number as it is written."""
    written: str = request.param
    text = f"tawuran di klego, hubungi {written}"
    inbox = Inbox(database, Vault(bytes.fromhex(KEY)), Clock())
    await inbox.store_sms("at", Inbound("ATXid_9", NUMBER, "3375", text, None, "51001"))
    async with database.begin() as connection:
        await connection.execute(update(inbound_messages).values(made="other", handled_at=Clock().now()))
    return written


@pytest.mark.parametrize("received_with_number", SPELLINGS, indirect=True)
def test_lists_mask_a_number_within_a_text_and_the_record_has_it_whole(shell: Shell, received_with_number: str) -> None:
    assert shell.run("messages", "inbox", "answer", "1", f"Kami hubungi {received_with_number}").exit_code == 0

    for arguments in (("inbox",), ("inbox", "--json"), ("list",), ("list", "--json")):
        listed = shell.run("messages", *arguments).stdout
        assert "hubungi " in listed
        assert received_with_number not in listed
        assert "****" in listed.split("hubungi ")[1]

    message = shell.list_json("messages", "list")[0]["id"]
    assert received_with_number in shell.run("messages", "show", str(message)).stdout
    assert shell.run("messages", "inbox", "report", "1").exit_code == 0
    ticket = shell.list_json("incidents", "list")[0]["ticket"]
    assert received_with_number in shell.run("incidents", "show", ticket).stdout
