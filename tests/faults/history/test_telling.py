"""Tests of what a phone told: over several calls, with callbacks that were lost or held up on their way."""

from __future__ import annotations

from tests.faults.history.screens import ScreenReader
from tests.faults.history.stories import Story, offer, screen
from tests.faults.history.telling import ANY, Telling, tellings
from tests.helpers.packs import MENU
from tests.helpers.ussd import TO_CONFIRM, WHOLE_REPORT, expected_screen


def told(story: Story) -> list[Telling]:
    return list(tellings(story.history, ScreenReader(MENU)))


def test_whole_call_is_one_telling_with_its_answers() -> None:
    story = Story()
    session = story.call(WHOLE_REPORT, screen("ticket", ticket="7340-2817"))

    (telling,) = told(story)

    assert (telling.calls, telling.sure, telling.over) == ([session], True, True)
    (sending,) = telling.sendings
    assert sending.ticket == "73402817"
    assert {name: set(values) for name, values in sending.answers.items()} == {
        "category": {"gesekan"},
        "area": {"Podosugih"},
        "when": {"now"},
        "danger": {"no"},
        "size": {"many"},
        "seen": {"self"},
        "description": {"tawuran di pasar"},
        "contact": {"yes"},
    }


def test_danger_is_sent_with_its_place_and_added_to() -> None:
    story = Story()
    urgent: tuple[str, ...] = ("1", "1", "1", "1", "3", "1")
    for number in range(len(urgent)):
        story.hop("ATUid_1", urgent[:number], f"CON {expected_screen(*urgent[:number])}")
    story.hop("ATUid_1", urgent, f"CON {screen('ticket_urgent', ticket='7340-2817')}\n1.Tambah keterangan")
    for typed, state in (("1", "size"), ("3", "seen")):
        urgent = (*urgent, typed)
        texts = MENU.wordings["id"].screens[state].items()
        options = (text for name, text in texts if name != "heading")
        listed = "\n".join(f"{number}.{text}" for number, text in enumerate(options, start=1))
        story.hop("ATUid_1", urgent, f"CON {screen(state)}\n{listed}")

    (telling,) = told(story)

    (sending,) = telling.sendings
    assert (sending.ticket, telling.sure, telling.over) == ("73402817", True, True)
    assert {name: set(sending.answers[name]) for name in ("category", "danger", "area", "size", "seen")} == {
        "category": {"gesekan"},
        "danger": {"yes"},
        "area": {"Krapyak"},
        "size": {"", "many"},
        "seen": {""},
    }


def test_telling_goes_on_behind_a_main_menu_that_an_outage_has_shown() -> None:
    """Nothing that is typed on it counts: the store has come back, and knows the place."""
    story = Story()
    lost = f"CON {MENU.wordings['id'].errors['lost']}\n"
    for number in range(len(TO_CONFIRM) + 1):
        story.hop("ATUid_1", TO_CONFIRM[:number], f"CON {expected_screen(*TO_CONFIRM[:number])}")
    story.hop("ATUid_1", (*TO_CONFIRM, "1"), f"{lost}{expected_screen('1')}")
    story.hop("ATUid_1", (*TO_CONFIRM, "1", "2"), f"{lost}{expected_screen(*TO_CONFIRM)}")
    story.hop("ATUid_1", (*TO_CONFIRM, "1", "2", "1"), f"END {screen('ticket', ticket='7340-2817')}")

    (telling,) = told(story)

    assert [sending.ticket for sending in telling.sendings] == ["", "73402817"]
    assert telling.over


def test_telling_goes_on_in_the_next_call() -> None:
    story = Story()
    first = story.call(TO_CONFIRM)
    second = story.call(WHOLE_REPORT, screen("ticket", ticket="7340-2817"), begins=offer())

    (telling,) = told(story)

    assert telling.calls == [first, second]
    assert [sending.ticket for sending in telling.sendings] == ["73402817"]


def test_answer_without_a_screen_may_have_been_taken() -> None:
    story = Story()
    story.call(TO_CONFIRM[:5])
    story.hop("ATUid_1", TO_CONFIRM[:6], f"CON {expected_screen(*TO_CONFIRM[:6])}", shown=False)

    (telling,) = told(story)

    assert telling.answers["category"] == {"gesekan"}
    assert telling.answers["area"] == {"", "Podosugih"}


def test_refused_input_is_no_sure_answer() -> None:
    story = Story()
    story.call(TO_CONFIRM[:6])
    story.hop("ATUid_1", (*TO_CONFIRM[:6], "77"), f"CON {expected_screen(*TO_CONFIRM[:6], '77')}")

    assert "when" not in told(story)[0].answers


def test_typed_place_may_mean_any() -> None:
    story = Story()
    inputs = (*TO_CONFIRM[:4], "klego")
    story.call(inputs)

    assert told(story)[0].answers["area"] == {ANY}


def test_telling_that_goes_on_at_an_earlier_place_may_have_lost_an_answer() -> None:
    story = Story()
    story.call((*TO_CONFIRM[:10], "0", "1", "2", "4", "tawuran"))
    story.hop("ATUid_2", (), f"CON {offer()}")
    story.hop("ATUid_2", ("1",), f"CON {expected_screen(*TO_CONFIRM, '2')}")

    assert told(story)[0].answers["description"] == {"", "tawuran"}


def test_offer_may_mean_a_call_that_was_not_understood() -> None:
    story = Story()
    story.call(TO_CONFIRM)
    story.hop("ATUid_2", (), f"CON {expected_screen(*TO_CONFIRM[:2])}")
    story.hop("ATUid_2", ("1",), f"CON {expected_screen(*TO_CONFIRM[:4])}")
    story.hop("ATUid_3", (), f"CON {offer()}")
    story.hop("ATUid_3", ("1",), f"CON {expected_screen(*TO_CONFIRM)}")

    merged = told(story)[-1]

    assert (merged.calls, merged.sure) == (["ATUid_1", "ATUid_2", "ATUid_3"], False)


def test_offer_without_its_kind_means_the_report_whose_kind_was_being_changed() -> None:
    story = Story()
    first = story.call((*TO_CONFIRM, "2", "1"))
    other = story.call(("1", "2", "1", "2", "2", "4"))
    changed = offer().replace("Gesekan pendukung\n", "")
    story.hop("ATUid_3", (), f"CON {changed}")
    story.hop("ATUid_3", ("1",), f"CON {expected_screen(*TO_CONFIRM, '2', '1')}")

    telling, untouched = told(story)

    assert telling.calls == [first, "ATUid_3"]
    assert untouched.calls == [other]


def test_telling_that_was_lost_may_be_the_one_before_it_in_the_same_call() -> None:
    """Begin anew while nothing is stored, and be led back to the report that went on from an earlier call."""
    story = Story()
    first = story.call(TO_CONFIRM)
    second = "ATUid_2"
    story.hop(second, (), f"CON {offer()}")
    story.hop(second, ("1",), f"CON {expected_screen(*TO_CONFIRM)}")
    for inputs in (("1",), ("1", "1"), ("1", "1", "1")):
        story.hop(second, ("1", "00", *inputs), f"CON {expected_screen(*inputs)}")
    lost = MENU.wordings["id"].errors["lost"]
    story.hop(second, ("1", "00", "1", "1", "1", "3"), f"CON {lost}\n{expected_screen(*TO_CONFIRM[:11])}")

    newest = told(story)[-1]

    assert set(newest.calls) == {first, second}
    assert "gesekan" in newest.answers["category"]


def test_main_menu_begins_anew() -> None:
    story = Story()
    story.call((*TO_CONFIRM[:6], "00", "2", "1", "3", "1"))

    first, second = told(story)

    assert "area" in first.answers
    assert set(second.answers) == {"category"}
