"""Opt-outs in the words of residents: only where the whole text plainly asks to."""

from __future__ import annotations

import pytest

from gateway.sms.refusals import is_plain_erasure, is_refusal, mentions_stop, refusal_language
from gateway.text.words import words
from tests.helpers.menus import MENUS
from tests.helpers.packs import MENU

REFUSALS = [
    "stop",
    "tolong stop sms ini",
    "UNREG KLEGO",
    "jangan kirim sms lagi",
    "stop stop stop",
    "berhenti dulu pak",
]
NO_REFUSALS = [
    "ada mobil berhenti",
    "jangan stop kirim info",
    "jangan pernah berhenti kirim sms",
    "berhenti di klego",
    "berhenti ke KLEGO",
    "sudah berhenti pak",
    "sampun mandheg",
    "tawuran sudah berhenti",
    "info sudah stop",
    "STOP kampanye",
    "stop bagi amplop",
    "jangan kirim bantuan ke klego",
    "stopkontak rusak",
    "stop " * 13,
    "tolong",
    "",
]


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize(
    ("text", "refused"), [(text, True) for text in REFUSALS] + [(text, False) for text in NO_REFUSALS]
)
def test_is_refusal_needs_a_plain_wish(pack: str, text: str, refused: bool) -> None:
    text = text.replace("KLEGO", next(name for name in MENUS[pack].areas.places.values()))
    assert is_refusal(list(words(text)), MENUS[pack]) == refused


def test_mentions_stop_in_short_texts_only() -> None:
    assert mentions_stop(list(words("angkot stop depan pasar")), MENU.keywords)
    assert not mentions_stop(list(words("angkot lewat")), MENU.keywords)
    assert not mentions_stop(list(words("stop" + " dan" * 12)), MENU.keywords)


@pytest.mark.parametrize(
    ("text", "language"), [("stop", ""), ("mandheg", "jv"), ("tolong berhenti", "id"), ("stopall", "")]
)
def test_refusal_language_is_that_of_the_keyword(text: str, language: str) -> None:
    assert refusal_language(list(words(text)), MENU.keywords) == language


PLAIN_ERASURES = ["", "pak", "nomor saya dari laporan", "data saya", "my number from", "terima kasih", "ya", "takut"]
OTHER_TEXTS = [
    "jangan",
    "laporan itu tidak benar",
    "tidak jadi",
    "belum selesai",
    "STOP",
    "saya mau stop sms",
    "ada tawuran lagi",
    "pelaku lari ke arah utara",
    "petugas minta saya datang ke kantor",
]


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize(
    ("text", "plain"), [(text, True) for text in PLAIN_ERASURES] + [(text, False) for text in OTHER_TEXTS]
)
def test_is_plain_erasure_lets_nothing_else_be_said(pack: str, text: str, plain: bool) -> None:
    assert is_plain_erasure(list(words(text)), MENUS[pack]) == plain
