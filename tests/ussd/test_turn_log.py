"""Log line of a turn: one for each callback, without numbers and without typed words."""

from __future__ import annotations

import io
import json

import pytest
from structlog.testing import capture_logs

from gateway.runtime import logs
from tests.helpers.phones import NUMBER
from tests.helpers.ussd import (
    SECOND,
    SERVICE,
    WHOLE_REPORT,
    Resident,
    UssdGateway,
    expected_screen,
)


async def test_turn_writes_one_log_line_without_number(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    with capture_logs() as lines:
        await resident.walk()
        await resident.callback(resident.text)

    turns = [line for line in lines if line["event"] == "ussd.turn"]
    assert len(turns) == len(WHOLE_REPORT) + 2
    assert [line["event"] for line in lines if line not in turns] == ["incident.filed"]
    assert NUMBER.e164[-7:] not in repr(lines)
    assert "tawuran di pasar" not in repr(lines), "typed words are in the incident alone"
    assert {line["session"] for line in turns} == {resident.session}
    assert [line["outcome"] for line in turns] == ["new"] * (len(WHOLE_REPORT) + 1) + ["repeated"]

    category = turns[4]
    assert (category["state"], category["next"], category["input"]) == ("category", "kecamatan", "3")
    assert category["screen"] == expected_screen("1", "2", "1", "3")

    (incident,) = await gateway.incidents()
    assert turns[-1]["ticket"] == incident["ticket"]
    assert all(line["redis_ms"] > 0 for line in turns)
    assert [line["sql_ms"] > 0 for line in turns[-3:]] == [False, True, False]


async def test_turn_of_a_restricted_report_is_logged_without_its_words(gateway: UssdGateway) -> None:
    resident = Resident(gateway.services.turns)
    to_category, rest = WHOLE_REPORT[:3], WHOLE_REPORT[4:]
    with capture_logs() as lines:
        await resident.walk((*to_category, "1", *rest))
        await resident.callback(resident.text)

    (incident,) = await gateway.incidents()
    assert incident["category"] == "asn"
    turns = [line for line in lines if line["event"] == "ussd.turn"]
    assert [line.get("state") for line in turns[:4]] == ["", "language", "main", "notice"]
    unknown = {"state", "next", "input", "screen", "ticket", "language"}
    assert all(line["restricted"] and not unknown & line.keys() for line in turns[4:])
    assert len(turns) == len(WHOLE_REPORT) + 2
    (filed,) = [line for line in lines if line["event"] == "incident.filed"]
    assert not {"category", "area"} & filed.keys()


async def test_look_up_of_a_restricted_report_is_logged_without_its_words(gateway: UssdGateway) -> None:
    await Resident(gateway.services.turns).walk((*WHOLE_REPORT[:3], "1", *WHOLE_REPORT[4:]))
    (incident,) = await gateway.incidents()
    with capture_logs() as lines:
        screen = await Resident(gateway.services.turns).walk(("3", incident["ticket"]))

    assert incident["ticket"][:4] in screen.text
    assert incident["ticket"] not in repr(lines)
    assert incident["ticket"][:4] + "-" not in repr(lines)


@pytest.mark.parametrize("words", ["budi dipukul", "1*1*budi", "Bu Tèti", "3, klego"])
async def test_turn_does_not_log_words_typed_at_a_menu(gateway: UssdGateway, log: io.StringIO, words: str) -> None:
    await Resident(gateway.services.turns).walk((words,))
    logs.flush()

    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert [line["input"] for line in lines] == ["", f"({len(words)} characters)"]
    assert words not in log.getvalue()


async def test_turn_masks_a_phone_number_typed_at_a_menu(gateway: UssdGateway, log: io.StringIO) -> None:
    resident = Resident(gateway.services.turns)
    await resident.walk(("081230004567", "x" * 200))
    logs.flush()

    lines = [json.loads(line) for line in log.getvalue().splitlines()]

    assert [line["input"] for line in lines] == ["", "0812****567", "(200 characters)"]
    assert "1230004567" not in log.getvalue()


async def test_carrier_without_labels_is_warned_about_once_in_each_channel(gateway: UssdGateway) -> None:
    with capture_logs() as lines:
        for service in (SERVICE, SECOND, SERVICE):
            await Resident(gateway.services.turns, service=service, labelled=False).walk(("1", "1"))

    assert [line["channel"] for line in lines if line["event"] == "ussd.unlabelled"] == ["at", "at2"]


async def test_dialled_suffix_is_no_sign_of_a_carrier_without_labels(gateway: UssdGateway) -> None:
    with capture_logs() as lines:
        await Resident(gateway.services.turns).callback("1*1")
        resident = Resident(gateway.services.turns)
        await resident.walk(("1", "1"))
        await resident.callback(resident.text)

    assert "ussd.unlabelled" not in [line["event"] for line in lines]
