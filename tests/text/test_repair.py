"""Repair of damaged texts: CESU-8, halves of emoji, Latin-1, texts that are too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.repair import cut, decode_damaged, storable

ANGRY = "\U0001f621"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"", ""),
        ("ribut è".encode(), "ribut è"),
        (ANGRY.encode(), ANGRY),
        (b"\xed\xa0\xbd\xed\xb8\xa1", ANGRY),
        (b"a\xed\xa0\xbd\xed\xb8\xa1b\xed\xa0\xbc\xed\xbf\xa0", f"a{ANGRY}b\U0001f3e0"),
        (b"a\xed\xa0\xbd", "a\ufffd"),
        (b"\xed\xb8\xa1a", "\ufffda"),
        (b"\xed\xb8\xa1\xed\xa0\xbd", "\ufffd\ufffd"),  # the halves in the wrong order
        (b"\xed\xa0\xbd\xed\xa0\xbd\xed\xb8\xa1", f"\ufffd{ANGRY}"),
        (b"caf\xe9", "caf\ufffd"),
        (b"caf\xe9 \xed\xa0\xbd\xed\xb8\xa1", f"caf\ufffd {ANGRY}"),
        (b"a\xf0\x9f\x98", "a\ufffd"),  # an emoji that was cut at the end
        (b"\xff\xfeh\x00i\x00", "\ufffd\ufffdh\0i\0"),
    ],
)
def test_decode_damaged_joins_halves_and_marks_the_rest(raw: bytes, text: str) -> None:
    assert decode_damaged(raw) == text


@given(st.binary())
def test_decode_damaged_reads_any_bytes(raw: bytes) -> None:
    text = decode_damaged(raw)

    assert text.encode().decode() == text


@given(st.text(st.characters(codec="utf-8")))
def test_decode_damaged_leaves_a_sound_text_as_it_is(text: str) -> None:
    assert decode_damaged(text.encode()) == text


@pytest.mark.parametrize(
    ("text", "stored"), [("a\0b", "ab"), ("a\ud83d", "a\ufffd"), ("\ude21", "\ufffd"), (f"a{ANGRY}\n", f"a{ANGRY}\n")]
)
def test_storable_drops_what_postgresql_cannot_store(text: str, stored: str) -> None:
    assert storable(text) == stored


@pytest.mark.parametrize(("text", "kept"), [("abc", "abc"), ("abcd", "ab…"), ("", "")])
def test_cut_marks_a_text_that_was_longer(text: str, kept: str) -> None:
    assert cut(text, 3) == kept
