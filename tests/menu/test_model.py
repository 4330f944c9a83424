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
        "2024-11-27T00:00+07:00",
    )
    assert [menu.is_strict(datetime.fromisoformat(day)) for day in days] == [False, True, True, False]
    without = edit_pack(files, "rules.yaml", "[masa_tenang]", "[]")
    assert not any(load(without).is_strict(datetime.fromisoformat(day)) for day in days)
