"""Filter of banned words."""

from __future__ import annotations

import pytest

from gateway.text.banned_words import find_banned_words

BANNED = ["pilih nomor", "coblos"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Coblos nomor 1", ["coblos"]),
        ("PILIH\nNomor, coblos!", ["pilih nomor", "coblos"]),
        ("pilih-nomor", ["pilih nomor"]),
        ("mencoblos", []),
        ("", []),
    ],
)
def test_find_banned_words_matches_whole_words_only(text: str, found: list[str]) -> None:
    assert find_banned_words(text, BANNED) == found
