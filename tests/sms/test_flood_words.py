"""SMS of a pack for another purpose: the words of a tidal flood name its kinds, and election words nothing."""

from __future__ import annotations

import pytest

from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from gateway.sms.typed_text import prepare
from gateway.sms.understanding import understand
from tests.helpers.packs import PACKS

ROB = load(read_pack(PACKS / "rob"))


def read(text: str) -> tuple[str, str]:
    """Return the kind and the name of the place that a text reports, each empty if it names none."""
    report = understand(prepare(text, ROB.keywords), [], ROB).report
    return report.category, ROB.areas.places.get(report.area, "")


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("LAPOR EVAKUASI KRAPYAK RT 3", "evakuasi", "Krapyak"),
        ("lapor 1 bandengan ada lansia", "evakuasi", "Bandengan"),
        ("tulung kejebak banjir nang degayu", "evakuasi", "Degayu"),
        ("LAPOR tanggul jebol panjang baru", "tanggul", "Panjang Baru"),
        ("lapor kabel putus di panjang wetan", "listrik", "Panjang Wetan"),
        ("lapor banjir krapyak", "rumah", "Krapyak"),
        ("LAPOR 7 padukuhan kraton", "bantuan", "Padukuhan Kraton"),
    ],
)
def test_words_of_a_flood_name_their_kind(text: str, kind: str, place: str) -> None:
    assert read(text) == (kind, place)


def test_words_of_an_election_name_no_kind() -> None:
    assert read("LAPOR serangan fajar di degayu")[0] == ""
