"""Error lines: each gives a reason, and each fits above its screen."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.error_lines import error_line, longest_error
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk
from tests.helpers.menus import MENUS
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack

TO_DATE = ("1", "2", "1", "2", "2", "4", "4")
TO_DESCRIBE = ("1", "2", "1", "2", "2", "4", "3", "1")


@pytest.mark.parametrize(
    ("inputs", "line"),
    [
        (("9",), "Pilih angka 1-3:"),
        (("1", "2", "1", "77"), "Pilih angka 1-9:"),
        (("1", "2", "1", "98", "77"), "Pilih angka 1-9:"),
        (("1", "2", "2"), "Pilih angka 1:"),
        (("1", "5", "1", "1"), "Pilih angka 0:"),
        (("2", "1", "x" * 400), "Pilih angka 1:"),
        (("3", "2", "9"), "Not valid. Pick 1:"),
        (("1", "2", "1", "2", "surabaya"), "Tempat tak dikenal:"),
        ((*TO_DATE, "31/2"), "Tanggal itu tidak ada di kalender."),
        ((*TO_DATE, "29/11"), "Tanggal itu belum tiba."),
        ((*TO_DATE, "1 jan"), "Terlalu lama: paling lama 180 hari lalu."),
        ((*TO_DATE, "entah"), "Belum jelas. Contoh: 27/11, 27 nov, kemarin."),
        (("2", *TO_DATE[1:], "sesuk"), "Tanggal punika dereng dumugi."),
        (("3", *TO_DATE[1:], "31/02"), "There is no such date."),
        ((*TO_DESCRIBE, "x" * 183), "Terlalu panjang: paling banyak 182 huruf."),
        (("3", *TO_DESCRIBE[1:], "x" * 300), "Too long: 182 characters at most."),
        ((*TO_DESCRIBE, ""), "Belum diisi."),
        (("1", "3", "7340-2818"), "Nomor salah. Periksa 8 angkanya:"),
    ],
)
def test_refusal_gives_its_reason(menu: Menu, inputs: tuple[str, ...], line: str) -> None:
    assert walk(menu, inputs).screen.partition("\n")[0] == line


def test_bounds_are_those_of_the_state_and_the_channel(files: Files) -> None:
    pack = edit_pack(
        files,
        "flow.yaml",
        "  describe:\n    ask: text\n    limits: {min: 1, max: 182}",
        "  describe:\n    ask: text\n    limits: {min: 9, max: 99}",
    )
    menu = load(pack)
    asked = walk(menu, TO_DESCRIBE).session

    assert all_diagnostics(pack) == []
    assert walk(menu, ["ribut"], asked).screen.startswith("Terlalu pendek: paling sedikit 9 huruf.\n")
    assert walk(menu, ["x" * 100], asked).screen.startswith("Terlalu panjang: paling banyak 99 huruf.\n")
    assert engine.step(menu, asked, "x" * 51, Limits(text=50), given=GIVEN).screen.startswith(
        "Terlalu panjang: paling banyak 50 huruf.\n"
    )


@pytest.mark.parametrize("error", ["date", "no_day", "future", "old"])
def test_check_wants_a_reason_for_each_refused_date(files: Files, error: str) -> None:
    pack = edit_pack(files, "wording/id.yaml", f"  {error}: ", f"  # {error}: ")

    assert [one for one in all_diagnostics(pack) if f"errors.{error} is missing" in one]


def test_check_wants_a_reason_for_a_short_text(files: Files) -> None:
    pack = edit_pack(
        files,
        "flow.yaml",
        "limits: {min: 1, max: 182}\n    keep: description",
        "limits: {min: 2}\n    keep: description",
    )

    pack = edit_pack(pack, "wording/jv.yaml", "  short: ", "  # short: ")

    assert len([one for one in all_diagnostics(pack) if "errors.short is missing" in one]) == 1


def test_check_refuses_an_unknown_placeholder(files: Files) -> None:
    pack = edit_pack(files, "wording/id.yaml", "Pilih angka {options}", "Pilih {svc}")

    assert [one for one in all_diagnostics(pack) if "unknown placeholder {svc}" in one]


def test_check_refuses_a_word_of_dates_with_two_meanings(files: Files) -> None:
    pack = edit_pack(files, "wording/jv.yaml", "  future: [", "  future: [kemarin, ")

    assert [one for one in all_diagnostics(pack) if "kemarin has another meaning already" in one]


@pytest.mark.parametrize("menu", MENUS.values(), ids=MENUS)
def test_longest_error_is_that_of_its_own_screen(menu: Menu) -> None:
    for words in menu.wordings.values():
        for state in menu.states.values():
            lines = [error_line(menu, state, words, error, 9, DEFAULT) for error in state.kind.errors_of(state)]
            assert longest_error(menu, state, words, 9, DEFAULT) == max((len(line) + 1 for line in lines), default=0)
