"""SMS that asks a reporter for more, in the words of the pack or of the desk."""

from __future__ import annotations

import pytest

from gateway.incidents.question import QuestionTooLong, has_question, question_text
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from gateway.text import gsm
from tests.helpers.incidents import report
from tests.helpers.packs import PACKS

TICKET = "73402816"


@pytest.fixture(params=("pekalongan", "kab-pekalongan", "tegal"))
def menu(request: pytest.FixtureRequest) -> Menu:
    return load(read_pack(PACKS / request.param))


def test_question_of_every_pack_and_language_names_the_command_that_answers_it(menu: Menu) -> None:
    assert has_question(menu)
    for language in menu.languages:
        text = question_text(TICKET, report(language=language), menu, {})
        assert "INFO 7340-2816" in text
        assert (gsm.encoding(text), len(gsm.parts(text))) == ("gsm7", 1)


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ("Di RT berapa?", "Di RT berapa? (INFO 7340-2816)"),
        ("  Di RT\n berapa?  ", "Di RT berapa? (INFO 7340-2816)"),
        ("\u201cRT\u201d berapa\u2026", '"RT" berapa... (INFO 7340-2816)'),
        ("x" * 143, "x" * 143 + " (INFO 7340-2816)"),
    ],
)
def test_own_question_is_followed_by_the_command_that_answers_it(menu: Menu, own: str, expected: str) -> None:
    assert question_text(TICKET, report(), menu, {}, own) == expected


@pytest.mark.parametrize("own", ["x" * 144, "\u2764" + "x" * 60, "x" * 1000])
def test_own_question_of_two_parts_is_refused(menu: Menu, own: str) -> None:
    with pytest.raises(QuestionTooLong, match=r"this question takes \d+ SMS parts .* shorten it to one"):
        question_text(TICKET, report(), menu, {}, own)


def test_question_to_an_unknown_language_is_in_the_packs_first(menu: Menu) -> None:
    assert question_text(TICKET, report(language="su"), menu, {}).startswith("Laporan 7340-2816:")
    assert question_text(TICKET, report(language="su"), menu, {}, "Di mana?") == "Di mana? (INFO 7340-2816)"
