"""`ask: number`: digits, thousands and words are understood, within the bounds of the state or of report.yaml."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.engine import valid_answers
from gateway.menu.kinds.inputs import parse_input
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack, line_at
from tests.helpers.packs import FILES

SEEN = "seen:\n    choose: {self: describe, told: describe, media: describe}\n    keep: seen\n"
ADD_SEEN = "    choose: {self: add_words, told: add_words, media: add_words}\n    words: seen\n    keep: seen\n"
ADD_SEEN_AS_NUMBER = "    ask: number\n    words: seen\n    keep: seen\n    next: add_words\n"


def asking(limits: str = "", declared: str = "{type: number, min: 2, max: 5000}", keys: str = "") -> Files:
    """Return the pack whose question `seen` asks for a number instead."""
    files = edit_pack(
        FILES, "flow.yaml", SEEN, f"seen:\n    ask: number\n{limits}{keys}    keep: seen\n    next: describe\n"
    )
    files = edit_pack(files, "flow.yaml", ADD_SEEN, ADD_SEEN_AS_NUMBER)
    files = edit_pack(files, "report.yaml", "seen: {type: choice}", f"seen: {declared}")
    for language in ("id", "jv", "en"):
        text = files[f"wording/{language}.yaml"]
        begin = text.index("  seen:\n")
        end = text.index("  describe:", begin)
        skip = "    skip: Skip\n" if "skip" in keys else ""
        files = {
            **files,
            f"wording/{language}.yaml": f'{text[:begin]}  seen:\n    heading: "Pira?"\n{skip}{text[end:]}',
        }
    return files


@pytest.fixture(scope="module")
def counting() -> Menu:
    files = asking()
    assert all_diagnostics(files) == []
    return load(files)


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("12", "12"),
        (" 12. ", "12"),
        ("0012", "12"),
        ("1.500", "1500"),
        ("1,500", "1500"),
        ("١٢", "12"),
        ("12 orang", "12"),
        ("12orang", "12"),
        ("Tiga", "3"),
        ("telu wong", "3"),
        ("2", "2"),
        ("5000", "5000"),
    ],
)
def test_a_number_is_understood_as_people_write_it(counting: Menu, typed: str, value: str) -> None:
    assert parse_input(counting, counting.states["seen"], typed, None)[:2] == (value, "")


@pytest.mark.parametrize(
    "typed", ["1", "5001", "0", "-3x", "banyak", "1.5", "1.50", "10-20", "3 banyak", "12 13", "99999999999", "*", "1e3"]
)
def test_input_that_is_no_number_within_the_bounds_is_refused(counting: Menu, typed: str) -> None:
    assert parse_input(counting, counting.states["seen"], typed, None)[:2] == ("", "number")


def at_number(menu: Menu) -> engine.Session:
    led = walk(menu, "1 2 1 3 1 2 1 2 3").session
    assert led.state == "seen"
    return led


def test_error_line_names_the_bounds(counting: Menu) -> None:
    refused = engine.step(counting, at_number(counting), "banyak", given=GIVEN)

    assert refused.screen.startswith("Ketik angka 2-5000 saja.\nPira?")


def test_number_of_a_navigation_key_is_an_answer_and_0_leads_back(counting: Menu) -> None:
    for typed in ("99", "98"):
        taken = engine.step(counting, at_number(counting), typed, given=GIVEN).session
        assert (taken.state, valid_answers(counting, taken)["seen"]) == ("describe", typed)

    assert engine.step(counting, at_number(counting), "0", given=GIVEN).session.state == "size"
    assert engine.step(counting, at_number(counting), "00", given=GIVEN).session.state == "main"


def test_99_leads_back_where_it_is_out_of_bounds() -> None:
    menu = load(asking(limits="    limits: {max: 60}\n"))

    assert (menu.states["seen"].least, menu.states["seen"].most) == (2, 60)
    assert engine.step(menu, at_number(menu), "99", given=GIVEN).session.state == "size"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (asking(keys="    zero: {skip: describe}\n"), "the key back_elsewhere is 99, a number within its limits"),
        (asking(limits="    limits: {min: 0}\n", declared="{type: number, min: 0}"), "the key back is 0, a number"),
        (
            asking(limits="    limits: {max: 9000}\n"),
            "limits: 2 to 9000 is not within the 2 to 5000 of seen in report.yaml",
        ),
        (asking(limits="    limits: {min: 9, max: 5}\n"), "limits: min is above max"),
    ],
    ids=["99", "0", "outside", "wrong way round"],
)
def test_bounds_that_cannot_be_kept_are_refused(files: Files, message: str) -> None:
    assert [
        one
        for one in all_diagnostics(files)
        if one.startswith(f"{line_at(files, 'flow.yaml', '  seen:')}: seen: {message}")
    ]


def test_conditions_on_a_number_are_explored() -> None:
    describe = "describe:\n    ask: text\n"
    conditioned = f"{describe}    only_if: seen at least 9\n    otherwise: contact\n"
    files = edit_pack(asking(), "flow.yaml", describe, conditioned)
    assert all_diagnostics(files) == []

    never = edit_pack(files, "flow.yaml", "seen at least 9", "seen at least 9000")
    assert [one for one in all_diagnostics(never) if "describe: " in one]
