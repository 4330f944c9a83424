"""The walk through the real pack: forward, back, home, revise, and what never happens."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu import engine
from gateway.menu.engine import Session, Step, valid_answers
from gateway.menu.kinds.do import EFFECTS
from gateway.menu.kinds.inputs import parse_day
from gateway.menu.limits import Keys, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.text import gsm
from tests.helpers.dialogue import GIVEN, TODAY, walk

TO_CONFIRM = "1 1 1 3 1 2 1 2 3 1 halo 1"  # a clash in Podosugih, now, no danger, more than fifty people


def test_whole_report_gathers_what_was_answered(menu: Menu) -> None:
    led = walk(menu, TO_CONFIRM + " 1")

    assert led.effect == "file_report"
    assert valid_answers(menu, led.session) == {
        "language": "id",
        "category": "gesekan",
        "kecamatan": "33.75.01",
        "area": "33.75.01.1003",
        "when": "now",
        "danger": "no",
        "size": "many",
        "seen": "self",
        "description": "halo",
        "contact": "yes",
    }


def test_the_ticket_is_on_the_last_screen(menu: Menu) -> None:
    done = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, "filed", {"ticket": "7340-2817"})

    assert done.end
    assert "7340-2817" in done.screen


@pytest.mark.parametrize("outcome", ["filed", "kept", "failed"])
def test_every_outcome_of_filing_has_a_last_screen(menu: Menu, outcome: str) -> None:
    led = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, outcome, given=GIVEN)

    assert led.end
    assert led.screen


def test_danger_and_size_are_asked_only_where_it_is_happening_now(menu: Menu) -> None:
    states = {key: walk(menu, f"1 1 1 1 1 1 {key}").session.state for key in "1234"}

    assert states == {"1": "danger", "2": "seen", "3": "seen", "4": "date"}


def test_a_number_of_another_page_is_understood(menu: Menu) -> None:
    assert walk(menu, "1 1 1 8").session.answers["category"] == "tps"


def test_pages_go_forth_and_back(menu: Menu) -> None:
    first, second = walk(menu, "1 1 1"), walk(menu, "1 1 1 98")

    assert "5.Hoaks" in first.screen
    assert "98.Lagi" in first.screen
    assert "6.Perusakan" in second.screen
    assert "98." not in second.screen
    assert walk(menu, "1 1 1 98 0").screen == first.screen
    assert walk(menu, "1 1 1 98 98").screen.startswith("Salah. Coba lagi:\n")


def test_back_returns_through_every_screen(menu: Menu) -> None:
    keys = TO_CONFIRM.split()
    way = [walk(menu, " ".join(keys[:count])).screen for count in range(len(keys) + 1)]
    here = walk(menu, TO_CONFIRM)
    for expected in reversed(way[:-1]):
        here = walk(menu, "99", here.session)
        assert here.screen == expected


def test_home_works_everywhere_and_keeps_only_the_language(menu: Menu) -> None:
    keys = ["3", *TO_CONFIRM.split()[1:]]
    home = walk(menu, "3").screen
    for count in range(1, len(keys) + 1):
        led = walk(menu, " ".join([*keys[:count], "00"]))
        assert led.screen == home
        assert led.session.answers == {}


def test_zero_skips_the_description_and_cancels_at_the_end(menu: Menu) -> None:
    skipped = walk(menu, "1 1 1 3 1 2 3 1 0")
    assert skipped.session.state == "contact"
    assert skipped.session.answers["description"] == ""

    cancelling = walk(menu, TO_CONFIRM + " 0")
    assert cancelling.effect == "delete_draft", "what was kept of it when a call dropped"
    for outcome in ("deleted", "failed"):
        cancelled = engine.resume(menu, cancelling.session, outcome)
        assert (cancelled.end, cancelled.session.state) == (True, "cancelled")


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
def test_change_asks_one_thing_again_and_returns_to_the_confirmation(
    menu: Menu, change: str, answer: str, value: str
) -> None:
    before = valid_answers(menu, walk(menu, TO_CONFIRM).session)
    led = walk(menu, f"{TO_CONFIRM} {change}")

    assert led.session.state == "confirm"
    after = valid_answers(menu, led.session)
    assert after[answer] == value
    untouched = before.keys() - {answer, "kecamatan", "danger", "size"}
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}


def test_an_answer_that_no_longer_applies_does_not_count(menu: Menu) -> None:
    led = walk(menu, TO_CONFIRM + " 2 3 3")  # not now, but earlier today

    assert "danger" not in valid_answers(menu, led.session)
    assert "size" not in valid_answers(menu, led.session)


def test_a_change_that_opens_new_questions_asks_them(menu: Menu) -> None:
    before = walk(menu, "1 1 1 3 1 2 3 1 halo 1 2 3")  # earlier today: danger was never asked
    danger = walk(menu, "1", before.session)
    assert danger.session.state == "danger"
    warned = walk(menu, "1", danger.session)
    assert warned.session.state == "keep_away"
    assert walk(menu, "1 2", warned.session).session.state == "confirm"


def test_a_changed_date_is_asked_again(menu: Menu) -> None:
    led = walk(menu, "1 1 1 3 1 2 4 2711 1 halo 1 2 3 4")

    assert led.session.state == "date"
    assert valid_answers(menu, walk(menu, "2611", led.session).session)["when_date"] == "2026-11-26"


def test_language_can_be_changed_on_the_way(menu: Menu) -> None:
    assert walk(menu, "1 5 2").session.language == "jv"
    assert "Lapor kedadosan" in walk(menu, "1 5 2").screen


def test_a_star_stays_in_a_description(menu: Menu) -> None:
    led = walk(menu, "1 1 1 3 1 2 3 1 5*5*meter")

    assert led.session.answers["description"] == "5*5*meter"


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2711", "2026-11-27"),
        ("27/11", "2026-11-27"),
        ("27-11", "2026-11-27"),
        ("2811", "2026-11-28"),
        ("2911", None),  # tomorrow, or a year ago: a slip
        ("3102", None),
        ("1.11", "2026-11-01"),
        ("1-9", "2026-09-01"),
        (" 1 / 9 ", "2026-09-01"),
        ("27.11.", "2026-11-27"),
        ("1/1", None),  # too long ago
        ("1/13", None),
        ("0/11", None),
        ("111", None),  # 1 November or 11 January
        ("11", None),
        ("271", None),
        ("27/1/1", None),
        ("271/1", None),
        ("/2711", None),
        ("abcd", None),
        ("\u0662\u0667\u0661\u0661", None),
    ],
)
def test_a_typed_day_is_the_last_such_day(typed: str, day: str | None) -> None:
    assert parse_day(typed, TODAY) == day


@given(
    today=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
    back=st.integers(0, 180),
    between=st.sampled_from(["/", "-", ".", " ", " / ", ". "]),
    shape=st.sampled_from(
        ["{0.day}{1}{0.month}", "{0:%d}{1}{0.month}", "{0.day}{1}{0:%m}", "{0:%d}{1}{0:%m}", "{0:%d%m}"]
    ),
)
def test_what_is_read_is_the_day_that_is_meant(today: date, back: int, between: str, shape: str) -> None:
    day = today - timedelta(days=back)

    assert parse_day(shape.format(day, between), today) == day.isoformat()


def test_a_date_may_be_typed_as_it_is_said(menu: Menu) -> None:
    led = walk(menu, "1 1 1 2 2 4 4")

    assert led.session.state == "date"
    assert valid_answers(menu, walk(menu, "1.11", led.session).session)["when_date"] == "2026-11-01"
    assert walk(menu, "111", led.session).session.error == "choice"


def test_a_day_in_december_is_last_year_in_january() -> None:
    assert parse_day("3112", date(2027, 1, 2)) == "2026-12-31"


def test_the_hops_are_bounded(menu: Menu) -> None:
    led = engine.begin(menu)
    for _ in range(4):
        led = engine.step(menu, led.session, "9", Limits(hops=3), given=GIVEN)

    assert led.end
    assert led.screen.startswith("Maaf")


def test_the_depth_is_bounded(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN)
    for keys in TO_CONFIRM.split():
        led = engine.step(menu, led.session, keys, Limits(depth=5), given=GIVEN, today=TODAY)
        if led.end:
            break

    assert len(led.session.trail) == 6
    assert led.screen.startswith("Maaf")


def test_navigation_keys_can_be_called_otherwise_on_a_channel(menu: Menu) -> None:
    limits = Limits(keys=Keys(back="70", back_elsewhere="79", home="000", more="88"))

    def step(session: Session, keys: str) -> Step:
        return engine.step(menu, session, keys, limits, given=GIVEN, today=TODAY)

    first = walk(menu, "1 1 1", limits=limits)
    second = step(first.session, "88")

    assert first.screen.endswith("88.Lagi\n70.Kembali")
    assert second.session.page == 1
    assert step(first.session, "98").session.error == "choice"
    assert step(second.session, "70").screen == first.screen
    assert step(first.session, "0").session.error == "choice"
    assert step(first.session, "000").session.state == "main"
    assert step(first.session, "00").session.error == "choice"
    assert step(first.session, "79").session.state == "notice"


def test_who_comes_from_nowhere_sees_the_main_menu_and_why(menu: Menu) -> None:
    led = engine.show_home(menu, "jv", given=GIVEN, error="lost")

    assert led.session.state == "main"
    assert led.screen.startswith("Pedhot. Cobi malih:\nSiaga Pilkada\n")
    assert walk(menu, "1", led.session).session.error == ""
    assert engine.show_home(menu, "xx", given=GIVEN).session.language == "id"


def test_what_is_kept_of_a_finished_dialogue_shows_its_last_screen_again(menu: Menu) -> None:
    done = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, "filed", {"ticket": "7340-2817"}, given=GIVEN)
    kept = engine.trim_ended(menu, done.session)

    assert kept.answers == {"ticket": "7340-2817"}
    assert kept.trail == ()
    assert engine.show(menu, kept, given=GIVEN) == done._replace(session=kept)


def test_a_borrowed_screen_is_the_same_screen(menu: Menu) -> None:
    assert walk(menu, "1 3 1").screen == walk(menu, "1 1 1 1").screen
    assert walk(menu, "1 3 1 2").screen == walk(menu, "1 1 1 1 2").screen


def test_a_ticket_is_kept_as_it_is_shown(menu: Menu) -> None:
    found = walk(menu, "1 2 73402817")
    assert found.effect == "find_report"
    assert valid_answers(menu, found.session)["ticket"] == "7340-2817"

    refused = walk(menu, "1 2 73402816")  # the last digit does not check
    assert refused.screen.startswith("Nomor salah:\nKetik nomor laporan")


def test_what_an_effect_learnt_is_shown(menu: Menu) -> None:
    learnt = {"status": "checking", "date": "27/11 13:05"}
    led = engine.resume(menu, walk(menu, "1 2 73402817").session, "found", learnt, given=GIVEN)

    assert led.screen.startswith("7340-2817\nStatus: Sedang dicek\nPer 27/11 13:05\n")


# The third wrong input -----------------------------------------------------------------------------------------


def test_the_third_wrong_input_in_a_row_leads_to_help_and_back_to_the_question(menu: Menu) -> None:
    before = walk(menu, "1 1 1 3 1")
    helped = walk(menu, "77 77 77", before.session)

    assert helped.session.state == "help"
    assert helped.screen.startswith("Salah. Coba lagi:\nKetik nomor")
    assert walk(menu, "0", helped.session).screen == before.screen
    assert valid_answers(menu, walk(menu, "0", helped.session).session) == valid_answers(menu, before.session)


@pytest.mark.parametrize("between", ["0 1", "98", "00 1 1"])
def test_any_right_input_starts_the_count_anew(menu: Menu, between: str) -> None:
    assert walk(menu, f"1 1 1 77 77 {between} 77 77").session.state == "category"


def test_who_is_wrong_in_help_stays_there(menu: Menu) -> None:
    assert walk(menu, "1 77 77 77 77 77 77").session.state == "help"
    assert walk(menu, "1 77 77 77 77 77 77 0").session.state == "main"


def test_without_a_help_state_the_question_is_asked_on(files: dict[str, str]) -> None:
    flow = files["flow.yaml"].replace("help: help ", "").replace("  help: {tell: true}\n", "")
    texts = {
        name: re.sub(r"(?m)^  help:\n    heading: .*\n", "", text) if name.startswith("wording/") else text
        for name, text in files.items()
    }

    assert walk(load({**texts, "flow.yaml": flow}), "1 77 77 77 77").session.state == "main"


# Whatever happens ----------------------------------------------------------------------------------------------

OUTCOMES = {effect: sorted(outcomes) for effect, outcomes in EFFECTS.items()}
KEYS = st.sampled_from(
    [
        *("0", "1", "2", "3", "4", "5", "9", "98", "99", "00", "", "*", "2711", "73402817"),
        *("klego", "panjang", "kuripan", "surabaya", "halo dunia", "x" * 400, "{svc}"),
        *("dropped", "dropped", "shortcut"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(KEYS, st.integers(0, 11)), max_size=60))
def test_whatever_is_typed_there_is_a_fitting_screen_and_a_way_on(menu: Menu, typed: list[tuple[str, int]]) -> None:
    given = {**GIVEN, "reports_today": str(typed[0][1] if typed else 0)}
    led = engine.begin(menu, given=given)
    for keys, chance in typed:
        if keys in ("dropped", "shortcut"):
            dropped = led.session if engine.is_worth_resuming(menu, led.session) else None
            suffix = str(chance) if keys == "shortcut" else ""
            led = engine.begin(menu, given=given, language="jv", shortcut=suffix, dropped=dropped)
        else:
            led = engine.step(menu, led.session, keys, given=given, today=TODAY)
        if led.effect:
            outcomes = OUTCOMES[led.effect]
            learnt = {"ticket": "7340-2817", "status": "checking", "date": "27/11 13:05"}
            led = engine.resume(menu, led.session, outcomes[chance % len(outcomes)], learnt, given=given)
        assert not led.effect
        assert 4 + gsm.septets(led.screen) <= 160
        assert led.end == (menu.states[led.session.state].kind.is_end)
        assert len(led.session.trail) <= len(menu.states)
        assert len(set(led.session.trail)) == len(led.session.trail)
        if led.end:
            return
    assert engine.show(menu, led.session, given=given) == led


@pytest.mark.parametrize(("length", "error"), [(182, ""), (183, "long"), (300, "long")])
def test_a_description_is_as_long_as_the_flow_says(menu: Menu, length: int, error: str) -> None:
    asked = walk(menu, "1 1 1 2 2 4 3 1")
    led = engine.step(menu, asked.session, "a" * length, given=GIVEN)

    assert asked.session.state == "describe"
    assert (led.session.error, menu.states["describe"].max_length, menu.states["details"].max_length) == (
        error,
        182,
        182,
    )
