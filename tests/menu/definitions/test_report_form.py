"""Form of a report: declared answers are checked by their type, and none is quoted or lost."""

from __future__ import annotations

import pytest

from gateway.menu.definitions.report_form import (
    DEFAULT_FORM,
    AnswerType,
    DeclaredAnswer,
    OwnAnswers,
    ReportForm,
    UnfitAnswer,
)

FORM = ReportForm(
    {
        "depth": DeclaredAnswer(),
        "people": DeclaredAnswer(AnswerType.NUMBER, 1, 500),
        "note": DeclaredAnswer(AnswerType.TEXT, most=10, personal=True),
        "seen_on": DeclaredAnswer(AnswerType.DATE),
        "spot": DeclaredAnswer(AnswerType.PLACE),
    }
)
GOOD = {"spot": "33.75.02.1008", "people": "12", "depth": "knee", "note": "Bu Sri", "seen_on": "2026-11-20"}


def test_answers_are_kept_in_the_order_of_the_form_with_the_personal_ones_apart() -> None:
    own = FORM.read({"category": "rob", "language": "jv", "place_name": "klego", **GOOD})

    assert own == OwnAnswers({name: GOOD[name] for name in GOOD if name != "note"}, {"note": "Bu Sri"})
    assert list(own.plain) == ["depth", "people", "seen_on", "spot"]


def test_empty_answers_are_left_out() -> None:
    assert FORM.read({"depth": "", "people": "", "note": ""}) == OwnAnswers()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("depth", "two words"),
        ("depth", "x" * 65),
        *(("people", value) for value in ("0", "501", "-3", "1.5", "007", "secret", "٣", "1000000")),
        ("note", "x" * 11),
        ("note", "a\0b"),
        ("seen_on", "20/11"),
        ("seen_on", "2026-02-30"),
        ("spot", "klego barat"),
        ("colour", "secret"),
    ],
)
def test_answer_that_does_not_fit_is_refused_without_quoting_it(name: str, value: str) -> None:
    with pytest.raises(UnfitAnswer) as refused:
        FORM.read({**GOOD, name: value})

    assert name in str(refused.value)
    assert len(value) < 4 or value not in str(refused.value)


def test_answers_of_an_earlier_edition_are_kept_as_personal_ones() -> None:
    own = FORM.read({"size": "few", "people": "many", "note": "x" * 200 + "\0", "depth": "knee"}, earlier=True)

    assert own.plain == {"depth": "knee"}
    assert own.personal == {"note": "x" * 182, "people": "many", "size": "few"}


def test_of_report_drops_the_answers_that_no_report_has() -> None:
    answers = {"category": "rob", "kecamatan": "33.75.01", "ticket": "73402816", "details": "x", "depth": "knee"}

    assert FORM.of_report(answers) == {"category": "rob", "kecamatan": "33.75.01", "depth": "knee"}


def test_a_pack_without_a_form_of_its_own_keeps_size_and_seen() -> None:
    assert DEFAULT_FORM.read({"size": "few", "seen": "self"}).plain == {"size": "few", "seen": "self"}


def test_levels_of_place_of_the_pack_steer_the_dialogue_and_are_not_stored() -> None:
    form = ReportForm({}, frozenset({"district"}))

    assert form.of_report({"district": "1", "area": "1.2"}) == {"district": "1", "area": "1.2"}
    assert form.read({"district": "1", "area": "1.2"}) == OwnAnswers()
