"""Earlier answers that are given again."""

from __future__ import annotations

import pytest

from gateway.menu.engine import valid_answers
from gateway.menu.model import Menu
from tests.helpers.dialogue import walk

TO_CONFIRM = "1 2 1 3 1 2 1 2 3 1 halo 1"  # a clash in Podosugih, now, no danger, more than fifty people


@pytest.mark.parametrize(
    ("change", "answer", "value"),
    [
        ("2 1 5", "category", "hoaks"),
        ("2 2 3 4", "area", "33.75.03.1006"),
        ("2 3 3", "when", "today"),
        ("2 4 lain", "description", "lain"),
        ("2 5 2", "contact", "no"),
    ],
)
def test_revise_asks_one_question_again_and_returns_to_the_confirmation(
    menu: Menu, change: str, answer: str, value: str
) -> None:
    before = valid_answers(menu, walk(menu, TO_CONFIRM).session)
    led = walk(menu, f"{TO_CONFIRM} {change}")

    assert led.session.state == "confirm"
    after = valid_answers(menu, led.session)
    assert after[answer] == value
    untouched = before.keys() - {answer, "kecamatan", "danger", "size"}
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}


def test_revise_drops_answers_that_no_longer_apply(menu: Menu) -> None:
    led = walk(menu, TO_CONFIRM + " 2 3 3")  # not now, but earlier today

    assert "danger" not in valid_answers(menu, led.session)
    assert "size" not in valid_answers(menu, led.session)


def test_revise_asks_questions_that_the_new_answer_opens(menu: Menu) -> None:
    before = walk(menu, "1 2 1 3 1 2 3 1 halo 1 2 3")  # earlier today: danger was never asked

    danger = walk(menu, "1", before.session)
    size = walk(menu, "2", danger.session)

    assert danger.session.state == "danger"
    assert size.session.state == "size"
    assert walk(menu, "2", size.session).session.state == "confirm"


def test_revise_asks_for_a_date_again(menu: Menu) -> None:
    led = walk(menu, "1 2 1 3 1 2 4 2711 1 halo 1 2 3 4")

    assert led.session.state == "date"
    assert valid_answers(menu, walk(menu, "2611", led.session).session)["when_date"] == "2026-11-26"
