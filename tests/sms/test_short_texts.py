"""Short texts without a command that mean something: digits, thanks, tickets, a yes, our own SMS."""

from __future__ import annotations

import pytest

from gateway.sms.short_texts import has_meaning, is_echo, is_part_of_several, is_thanks, is_ticket, is_yes, lone_number
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU

KEYWORDS = MENU.keywords

NUMBERS = [
    ("1", "1"),
    ("(01)", "1"),
    ("Balas 1", "1"),
    ("ya 1 pak", "1"),
    ("satu", "1"),
    ("no 3", "3"),
    ("12", "12"),
    ("000", "0"),
    ("1 2", ""),
    ("1a", ""),
    ("1 orang", ""),
    ("1 benar", ""),
    ("ya", ""),
    ("", ""),
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_lone_number_ignores_polite_words(text: str, number: str) -> None:
    assert lone_number(text, KEYWORDS) == number


def test_lone_number_may_be_confirmed() -> None:
    assert lone_number("1 benar", KEYWORDS, confirmed=True) == "1"


@pytest.mark.parametrize("text", ["terima kasih", "ok", "baik pak terima kasih ya", "matur nuwun sanget", "thx"])
def test_is_thanks_accepts_nothing_else(text: str) -> None:
    assert is_thanks(text, KEYWORDS)
    assert not is_thanks(f"{text} ada tawuran", KEYWORDS)


@pytest.mark.parametrize("text", ["", "pak", "kasih", "ya"])
def test_is_thanks_needs_thanks(text: str) -> None:
    assert not is_thanks(text, KEYWORDS)


@pytest.mark.parametrize(("text", "yes"), [("ya", True), ("iya benar pak", True), ("pak", False), ("ya tapi", False)])
def test_is_yes_accepts_nothing_else(text: str, yes: bool) -> None:
    assert is_yes(text, KEYWORDS) == yes


TICKETS = [
    ("7340-2817", True),
    ("nomor 7340 2817 pak", True),
    ("7340-2817 kok belum", True),
    ("7340-2816", True),  # mistyped
    ("734O-2817", True),
    ("7340-281", True),
    ("081230004567", False),
    ("jam 19.30", False),
    ("7340-2816 orang lari", False),
    ("7340-2817 " + "kata " * 16, False),
    ("", False),
]


@pytest.mark.parametrize(("text", "ticket"), TICKETS)
def test_is_ticket_takes_a_few_words_beside_it(text: str, ticket: bool) -> None:
    assert is_ticket(text, KEYWORDS) == ticket


@pytest.mark.parametrize(("text", "meaning"), [("pak nomor", False), ("ya", False), ("lari", True), ("", False)])
def test_has_meaning_ignores_polite_words(text: str, meaning: bool) -> None:
    assert has_meaning(text, KEYWORDS) == meaning


PARTS = [
    ("x" * 149, "y", False),
    ("x" * 150, "y", True),
    ("x" * 153, "y", True),
    ("x" * 67, "y", False),
    ("x" * 67, "\U0001f525", True),  # the whole SMS was in UCS-2
    ("x" * 63, "\U0001f525", False),
    ("\U0001f525" * 32, "y", True),
]


@pytest.mark.parametrize(("text", "following", "part"), PARTS)
def test_is_part_of_several_counts_as_the_network_does(text: str, following: str, part: bool) -> None:
    assert is_part_of_several(text, following) == part


@pytest.mark.parametrize("pack", MENUS)
def test_is_echo_knows_every_sms_of_a_pack(pack: str) -> None:
    menu = MENUS[pack]
    answers = {"category": next(iter(menu.categories)), "area": next(iter(menu.areas.places)), "ticket": "7340-2817"}
    for language, wording in menu.wordings.items():
        for name in wording.sms:
            assert is_echo(menu.sms_text(name, language, answers, {"ussd": "*1#"}), menu), (language, name)
    assert not any(is_echo(text, menu) for text in ("", "LAPOR 3 KLEGO", "7340-2817", "terima kasih"))
