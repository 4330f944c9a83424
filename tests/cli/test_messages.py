"""`waspada messages`: list with filters, show, cancel, resend."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest
from sqlalchemy import update

from gateway.carriers.carrier import Accepted, Inbound, Receipt, ReceiptStatus
from gateway.messages.inbox import Inbox
from gateway.messages.operator_actions import OperatorActions
from gateway.messages.outbox import Outbox
from gateway.messages.receipts import Receipts
from gateway.messages.tables import messages
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.cli import KEY, Shell
from tests.helpers.phones import NUMBER

LIST_KEYS = "id class status ticket text encoding parts attempts channel reason to created_at"
INBOX_KEYS = "id made to_sort ticket from text channel received_at reason sorted_by"
SHOW_KEYS = (
    "id class status ticket text encoding parts attempts unknowns channel reason carrier_message_id language resend_of "
    "created_at due_at expires_at updated_at to resent_as receipts history"
)


def test_messages_list_and_inbox(shell: Shell, tickets: list[str]) -> None:
    listed = shell.list_json("messages", "list")
    assert [message["ticket"] for message in listed] == tickets[::-1]

    wanted = {
        "class": "confirmation",
        "status": "queued",
        "to": NUMBER.masked,
        "text": f"Laporan {tickets[2]} diterima",
        "encoding": "gsm7",
        "parts": 1,
        "attempts": 0,
        "channel": "at",
    }
    assert {name: listed[0][name] for name in wanted} == wanted
    assert listed[0]["id"] > listed[1]["id"]


def test_table_of_messages_has_local_time_and_the_reason(shell: Shell, tickets: list[str]) -> None:
    shell.run("messages", "cancel", str(shell.list_json("messages", "list")[0]["id"]), "--reason", "typed wrong")

    heading, newest, *_ = shell.run("messages", "list").stdout.splitlines()

    assert heading.split()[:5] == ["ID", "CREATED_AT", "CLASS", "STATUS", "REASON"]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d WIB +confirmation +cancelled +\w", newest)


def one(shell: Shell, *arguments: str) -> dict[str, Any]:
    result = shell.run("messages", *arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    shown = json.loads(result.stdout)
    assert isinstance(shown, dict)
    return shown


def test_messages_show_cancel_and_resend(shell: Shell, tickets: list[str]) -> None:
    first = str(shell.list_json("messages", "list")[-1]["id"])
    assert one(shell, "show", first)["history"][0]["what"] == "queued"
    assert "can be sent once more: " in shell.error_of("messages", "resend", first)
    assert (
        one(shell, "cancel", first, "--as", "rini", "--reason", f"wrong, call {NUMBER.e164}")["status"] == "cancelled"
    )
    assert "only these can be called off: queued, held, unknown" in shell.error_of("messages", "cancel", first)

    again = one(shell, "resend", first, "--as", "rini")
    assert (again["resend_of"], again["status"], again["ticket"]) == (int(first), "queued", tickets[0])

    shown = one(shell, "show", first)
    assert (shown["resent_as"], shown["to"], shown["receipts"]) == (again["id"], NUMBER.masked, [])
    assert [entry["what"] for entry in shown["history"]] == ["queued", "message.cancelled", "message.resent"]
    assert f"as {again['id']}" in shell.error_of("messages", "resend", first)

    told = shell.run("messages", "show", first).stdout
    assert "message.cancelled" in told
    assert NUMBER.e164[-9:] not in told


async def test_json_has_these_keys_in_this_order(shell: Shell, tickets: list[str], database: Database) -> None:
    """Programs of others read it."""
    clock, vault = Clock(), Vault(bytes.fromhex(KEY))
    outbox, actions = Outbox(database, vault, clock), OperatorActions(database, vault, clock)
    (claim,) = await outbox.claim(1, "w1", "at")
    await outbox.record("at", [(claim, Accepted("ATXid_1"))])
    await Receipts(database, clock).store("at", Receipt("ATXid_1", ReceiptStatus.UNDELIVERED, "Failed", "no phone"))
    await actions.resend(claim.id, "rini")
    inbound = Inbound("in", NUMBER, "3375", "LAPOR", None, "51001")
    await Inbox(database, vault, clock).store_sms("at", inbound)

    (listed, *_) = await asyncio.to_thread(shell.list_json, "messages", "list")
    (received,) = await asyncio.to_thread(shell.list_json, "messages", "inbox")
    shown = await asyncio.to_thread(one, shell, "show", str(claim.id))

    assert list(listed) == LIST_KEYS.split()
    assert list(received) == INBOX_KEYS.split()
    assert (received["made"], received["to_sort"], received["from"]) == ("", False, NUMBER.masked)
    assert list(shown) == SHOW_KEYS.split()
    assert [list(receipt) for receipt in shown["receipts"]] == [["at", "status", "raw", "reason", "applied"]]
    assert [list(entry) for entry in shown["history"]] == [
        ["at", "what"],
        ["at", "what", "attempt", "reason"],
        ["at", "what", "reason"],
        ["at", "what", "by"],
    ]
    assert shown["history"][1]["reason"] == ""


async def test_messages_list_filters_by_class_status_and_ticket(
    shell: Shell, tickets: list[str], database: Database
) -> None:
    async with database.begin() as connection:
        of_first = update(messages).where(messages.c.ticket == tickets[0])
        await connection.execute(of_first.values(status="refused"))
        of_second = update(messages).where(messages.c.ticket == tickets[1])
        await connection.execute(of_second.values({"class": "reply"}))

    def found(*options: str) -> list[str]:
        return [message["ticket"] for message in shell.list_json("messages", "list", *options)]

    assert await asyncio.to_thread(found, "--status", "refused") == [tickets[0]]
    assert await asyncio.to_thread(found, "--class", "confirmation") == [tickets[2], tickets[0]]
    assert await asyncio.to_thread(found, "--class", "confirmation", "--limit", "1") == [tickets[2]]
    assert await asyncio.to_thread(found, "--class", "confirmation", "--status", "refused") == [tickets[0]]

    for written in (tickets[1], f"{tickets[1][:4]}-{tickets[1][4:]}"):
        assert await asyncio.to_thread(found, "--ticket", written) == [tickets[1]]
    assert await asyncio.to_thread(found, "--ticket", tickets[1], "--status", "refused") == []


@pytest.mark.parametrize(
    ("option", "value"), [("--class", "sms"), ("--status", "sent"), ("--status", "QUEUED"), ("--ticket", "7340-2816")]
)
def test_messages_list_refuses_unknown_filters(shell: Shell, option: str, value: str) -> None:
    result = shell.run("messages", "list", option, value)

    assert (result.exit_code, result.stdout) == (2, "")
    assert option in result.stderr


def test_messages_show_of_an_unknown_id_fails(shell: Shell) -> None:
    for verb in ("show", "resend", "cancel"):
        assert "There is no message with this number" in shell.error_of("messages", verb, "4711")
        assert "There is no message with this number" in shell.error_of("messages", verb, str(2**63 - 1))
        for number in ("99999999999999999999", "0", "-1", "x"):
            result = shell.run("messages", verb, "--", number)
            assert (result.exit_code, result.stdout) == (2, ""), number
            assert "Invalid value for 'ID'" in result.stderr
