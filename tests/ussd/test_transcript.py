"""Newest input, read out of the carrier's transcript (facts/protocols.md A.5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ussd.transcript import (
    NewInput,
    TextFingerprint,
    TranscriptVerdict,
    clean,
    dialled_suffix,
    fingerprint,
    new_input,
    split_inputs,
    starts_with,
)


@pytest.mark.parametrize(
    ("stored", "text", "expected"),
    [
        ("", "1", NewInput(TranscriptVerdict.NEW, "1")),
        ("1", "1*1", NewInput(TranscriptVerdict.NEW, "1")),
        ("1*1", "1*1*0", NewInput(TranscriptVerdict.NEW, "0")),
        ("1", "1*", NewInput(TranscriptVerdict.NEW, "")),
        ("1", "1**2*3", NewInput(TranscriptVerdict.NEW, "*2*3")),
        ("1*1", "1*1*5*5 meter", NewInput(TranscriptVerdict.NEW, "5*5 meter")),
        ("1*1", "1*1", NewInput(TranscriptVerdict.REPEATED)),
        ("", "", NewInput(TranscriptVerdict.REPEATED)),
        ("1*1", "1", NewInput(TranscriptVerdict.LATE)),
        ("1", "12", NewInput(TranscriptVerdict.LATE)),
        ("1*1", "2*1*1", NewInput(TranscriptVerdict.LATE)),
    ],
)
def test_new_input_is_the_difference_to_the_earlier_text(stored: str, text: str, expected: NewInput) -> None:
    assert new_input(fingerprint(stored), text) == expected


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
def test_new_input_returns_every_typed_input(inputs: list[str]) -> None:
    """Read back every input, with stars and empty ones too. Only the first is not empty: that is the first callback."""
    inputs[0] = inputs[0] or "1"
    stored = ""
    for number, keys in enumerate(inputs):
        text = "*".join(inputs[: number + 1])
        assert new_input(fingerprint(stored), text) == NewInput(TranscriptVerdict.NEW, keys)
        stored = text


@given(st.text(), st.text(), st.text())
def test_starts_with_accepts_the_fingerprinted_text_alone(text: str, more: str, other: str) -> None:
    assert starts_with(text + more, fingerprint(text))
    assert starts_with(other, fingerprint(text)) == other.startswith(text)


@pytest.mark.parametrize(
    ("sent", "cleaned"),
    [
        ("1*1\r", "1*1"),
        ("1\r*1\r", "1*1"),
        ("\r", ""),
        ("1*a\nb*\0", "1*a b*"),
        ("1*5 *5\r*0", "1*5 *5*0"),
        ("1*1", "1*1"),
    ],
)
def test_clean_drops_control_characters_of_each_input(sent: str, cleaned: str) -> None:
    assert clean(sent) == cleaned


@given(st.lists(st.text("ab1* \r\n\0", max_size=8), min_size=2, max_size=6), st.booleans())
def test_clean_text_begins_with_every_earlier_one(inputs: list[str], keeps_control: bool) -> None:
    earlier, later = "*".join(inputs[:-1]), "*".join(inputs)
    if not keeps_control:  # the carrier strips what it has passed on before
        later = f"{earlier.rstrip(chr(13) + chr(10) + chr(0))}*{inputs[-1]}"

    assert starts_with(clean(later), fingerprint(clean(earlier)))


def test_fingerprint_has_nothing_of_the_text() -> None:
    assert fingerprint("tawuran di pasar") == TextFingerprint(16, fingerprint("tawuran di pasar").checksum)
    assert fingerprint("tawuran di pasar" * 100).checksum < 2**32


@pytest.mark.parametrize(
    ("dialled", "inputs"),
    [
        ("*384*27011#", []),
        ("*384*27011*3#", ["3"]),
        ("*384*27011*1*2#", ["1", "2"]),
        ("*999#", []),
        ("*384*270112#", []),
        ("*384*27011*1", []),
    ],
)
def test_dialled_suffix_is_the_inputs_after_the_code(dialled: str, inputs: list[str]) -> None:
    assert dialled_suffix(dialled, "*384*27011#") == inputs
    assert dialled_suffix(dialled, "") == []


def test_split_inputs_splits_at_every_star() -> None:
    assert (split_inputs(""), split_inputs("1"), split_inputs("1**2"), split_inputs("1*")) == (
        [],
        ["1"],
        ["1", "", "2"],
        ["1", ""],
    )
