"""`waspada reports due`: whose report of the day is due, with masked numbers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.people.tables import people
from gateway.runtime.postgres import Database
from tests.helpers.cli import Shell
from tests.helpers.phones import NUMBER, OTHER

LIST = f"""\
phone;name;role;areas
{NUMBER.e164};Dewi;fkdm;Klego
{OTHER.e164};Budi;panwaslu;kec. Pekalongan Barat
"""


@pytest.fixture
def listed(shell: Shell, tmp_path: Path, database_url: str) -> None:
    """Import two people, as long ago as this year began."""
    path = tmp_path / "fkdm.csv"
    path.write_text(LIST)
    assert shell.run("people", "import", str(path)).exit_code == 0

    async def age() -> None:
        database = Database(database_url, pool_size=1)
        async with database.begin() as connection:
            await connection.execute(update(people).values(added_at=datetime(2026, 1, 1, tzinfo=UTC)))
        await database.close()

    asyncio.run(age())


def test_due_lists_who_has_not_reported_by_the_hour(shell: Shell, listed: None) -> None:
    rows = shell.list_json("reports", "due", "--date", "2026-11-02")

    assert rows == [
        {
            "name": "Dewi",
            "role": "fkdm",
            "areas": ["33.75.02.1008"],
            "due_at": "2026-11-02T00:00:00+00:00",
            "phone": NUMBER.masked,
        },
        {
            "name": "Budi",
            "role": "panwaslu",
            "areas": ["33.75.01"],
            "due_at": "2026-11-02T09:00:00+00:00",
            "phone": OTHER.masked,
        },
    ]
    table = shell.run("reports", "due", "--date", "2026-11-02").stdout
    assert ("Dewi" in table, "FKDM" in table, "Klego" in table, "Panwaslu kelurahan" in table) == (True,) * 4
    assert NUMBER.e164[-7:] not in table


@pytest.mark.parametrize(
    ("at", "found"), [("06:59", []), ("07:00", ["Dewi"]), ("15.59", ["Dewi"]), ("16:00", ["Dewi", "Budi"])]
)
def test_due_is_as_it_was_at_that_time(shell: Shell, listed: None, at: str, found: list[str]) -> None:
    rows = shell.list_json("reports", "due", "--date", "2026-11-02", "--at", at)

    assert [row["name"] for row in rows] == found


def test_nobody_due_is_no_failure(shell: Shell) -> None:
    result = shell.run("reports", "due")

    assert (result.exit_code, result.stdout) == (0, "Nobody's report is due.\n")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--date", "2099-01-01", "2099-01-01 is still to come"),
        ("--date", "kemarin", '"kemarin" is no day; expected one like 2026-11-30'),
        ("--at", "sore", '"sore" is no time of day; expected one like 16:00'),
        ("--at", "25:00", '"25:00" is no time of day'),
        ("--at", "2026-11-02 16:00", "is no time of day"),
    ],
)
def test_a_wrong_day_or_time_is_explained(shell: Shell, option: str, value: str, message: str) -> None:
    result = shell.run("reports", "due", option, value)

    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
