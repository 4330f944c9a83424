"""Menu: quiet hours and strict stages."""

from __future__ import annotations

from datetime import datetime

import pytest

from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.pack_edits import Files, edit_pack


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2024-11-20T19:59:59+07:00", None),
        ("2024-11-20T20:00:00+07:00", "2024-11-21T07:00:00+07:00"),
        ("2024-11-21T06:59:59+07:00", "2024-11-21T07:00:00+07:00"),
        ("2024-11-21T07:00:00+07:00", None),
    ],
)
def test_quiet_until_returns_the_end_of_the_quiet_hours(menu: Menu, now: str, until: str | None) -> None:
    end = menu.quiet_until(datetime.fromisoformat(now))
    assert end == (datetime.fromisoformat(until) if until else None)


def test_is_strict_on_the_days_of_strict_stages(menu: Menu, files: Files) -> None:
    days = (
        "2024-11-23T23:59:59+07:00",
        "2024-11-24T00:00:00+07:00",
        "2024-11-26T23:59:59+07:00",
        "2024-11-27T23:59:59+07:00",
        "2024-11-28T00:00+07:00",
    )
    assert [menu.is_strict(datetime.fromisoformat(day)) for day in days] == [False, True, True, True, False]
    without = edit_pack(files, "rules.yaml", "[masa_tenang, pemungutan]", "[]")
    assert not any(load(without).is_strict(datetime.fromisoformat(day)) for day in days)


def test_stage_with_hours_begins_and_ends_at_these_minutes(files: Files) -> None:
    hours = edit_pack(
        files, "stages.yaml", "first: 2024-11-27, last: 2024-11-27", "first: 2024-11-27T07:00, last: 2024-11-27T13:00"
    )
    menu = load(hours)

    times = ("06:59:59", "07:00", "12:59:59", "13:00", "23:59")
    stages = [menu.stage_at(datetime.fromisoformat(f"2024-11-27T{time}+07:00")) for time in times]
    assert stages == ["", "pemungutan", "pemungutan", "", ""]


def test_kind_of_appeal_has_its_own_quiet_hours_or_those_of_the_pack(menu: Menu) -> None:
    late = datetime.fromisoformat("2024-11-25T23:30:00+07:00")
    evening = datetime.fromisoformat("2024-11-25T20:30:00+07:00")

    def clock(template: str, at: datetime) -> str:
        end = menu.appeal_quiet_until(template, at)
        return f"{end.astimezone(menu.timezone):%d %H:%M}" if end else ""

    assert [clock(one, late) for one in ("", "damai", "masa_tenang", "mengungsi")] == [
        "26 07:00",
        "26 07:00",
        "26 04:00",
        "",
    ]
    assert [clock(one, evening) for one in ("damai", "masa_tenang")] == ["26 07:00", ""]


@pytest.mark.parametrize(("day", "past"), [("2024-12-16", False), ("2024-12-17", True), ("2024-09-01", False)])
def test_all_stages_are_past_once_the_last_one_has_ended(menu: Menu, day: str, past: bool) -> None:
    assert menu.all_stages_are_past(datetime.fromisoformat(f"{day}T10:00+07:00")) is past
