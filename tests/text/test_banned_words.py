"""Banned words: found whatever is between and within their letters, and only as whole words."""

from __future__ import annotations

import pytest

from gateway.text.banned_words import find_banned_words
from tests.helpers.packs import MENU

NUMBERS = ("satu", "siji", "setunggal", "dua", "loro", "kalih")
BANNED = ("coblos no", "nyoblos nomer", "paslon #", "lanjutkan", "no urut")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ayo coblos no.1", ["coblos no"]),
        ("COBLOS NO-1!", ["coblos no"]),
        ("coblosno1", ["coblos no"]),
        ("c o b l o s  n o 1", ["coblos no"]),
        ("C0BL0S NO 1", ["coblos no"]),
        ("cobloss nooo 1", ["coblos no"]),
        ("c\u00f3blos\nno", ["coblos no"]),
        ("co\u200bblos no", ["coblos no"]),
        ("sumangga nyoblos nomer siji", ["nyoblos nomer"]),
        ("paslon 01", ["paslon #"]),
        ("paslon siji", ["paslon #"]),
        ("PASLON-2", ["paslon #"]),
        ("paslon dua kali", ["paslon #"]),
        ("Lan-jut kan", ["lanjutkan"]),
        ("dilanjutkan, mencoblos nomor", []),
        ("paslon siapa pun", []),
        ("piano urutan", []),
        ("jangan coblos nama orang", []),
        ("gunakan hak pilih di TPS 10", []),
        ("", []),
    ],
)
def test_banned_phrase_is_found_in_every_spelling_and_nowhere_else(text: str, found: list[str]) -> None:
    assert find_banned_words(text, BANNED, NUMBERS) == found


@pytest.mark.parametrize(
    "text",
    [
        "sumangga nyoblos nomer siji",
        "ayo coblos no 1, lanjutkan",
        "Ayo coblos nomor satu",
        "milih nomer loro mawon",
        "dukung calon kita",
        "paslon 01 menang",
        "no. urut 2",
        "pilih no.1",
    ],
)
def test_pekalongan_refuses_words_for_a_candidate_in_indonesian_and_javanese(text: str) -> None:
    menu = MENU
    assert find_banned_words(text, menu.rules.refused_words, menu.keywords.numbers)
