"""Dialogues with the real pack: forward, back, home, wrong input, and limits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.menu import engine
from gateway.menu.engine import Session, Step
from gateway.menu.kinds.do import EFFECTS
from gateway.menu.limits import Keys, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.text import gsm
from tests.helpers.dialogue import GIVEN, TODAY, walk
from tests.helpers.menus import MENUS
from tests.helpers.pack_edits import Files

TO_CONFIRM = "1 2 1 3 1 2 1 2 3 1 halo 1"  # a clash in Podosugih, now, no danger, more than fifty people


def test_step_accepts_the_number_of_an_option_on_another_page(menu: Menu) -> None:
    assert walk(menu, "1 2 1 8").session.answers["category"] == "tps"


@pytest.mark.parametrize("typed", ["3.", "03", "(3)", "\uff13", "\u0663", "3\u200b", " 3 ", "3\ufe0f\u20e3"])
def test_step_accepts_the_number_of_an_option_as_thumbs_type_it(menu: Menu, typed: str) -> None:
    assert walk(menu, ["1", "2", "1", typed]).session.answers["category"] == "gesekan"


@pytest.mark.parametrize(
    ("typed", "state"), [("0.", "notice"), ("00.", "main"), ("\uff19\uff19", "notice"), ("98.", "category")]
)
def test_step_accepts_navigation_keys_as_thumbs_type_them(menu: Menu, typed: str, state: str) -> None:
    assert walk(menu, ["1", "2", "1", typed]).session.state == state


def test_more_and_back_turn_pages(menu: Menu) -> None:
    first, second = walk(menu, "1 2 1"), walk(menu, "1 2 1 98")

    assert "5.Hoaks" in first.screen
    assert "98.Lanjut" in first.screen
    assert "6.Baliho" in second.screen
    assert "98." not in second.screen
    assert walk(menu, "1 2 1 98 0").screen == first.screen
    assert walk(menu, "1 2 1 98 98").screen.startswith("Pilih angka 1-9:\n")


@pytest.mark.parametrize(
    ("category", "screen"),
    [
        ("3", "Ada laporan yang belum terkirim. Lanjutkan?\nPodosugih\n1.Lanjutkan\n2.Buat laporan lain\n3.Hapus"),
        ("1", "Ada laporan yang belum terkirim. Lanjutkan?\n1.Lanjutkan\n2.Buat laporan lain\n3.Hapus"),
    ],
)
def test_redial_tells_neither_kind_nor_place_of_a_restricted_report(menu: Menu, category: str, screen: str) -> None:
    dropped = walk(menu, f"1 2 1 {category} 1 2 1").session
    redial = engine.begin(menu, given=GIVEN, dropped=dropped)

    assert redial.screen == screen
    assert engine.step(menu, redial.session, "1", given=GIVEN).session.answers == dropped.answers


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


def test_zero_skips_the_description_and_goes_back_at_the_end(menu: Menu) -> None:
    skipped = walk(menu, "1 2 1 3 1 2 3 1 0")
    assert skipped.session.state == "contact"
    assert skipped.session.answers["description"] == ""

    for back in ("0", "99"):
        again = walk(menu, [back], walk(menu, TO_CONFIRM).session)
        assert (again.session.state, again.session.answers["contact"]) == ("contact", "yes")


def test_cancelling_asks_first(menu: Menu) -> None:
    confirm = walk(menu, TO_CONFIRM)
    asked = walk(menu, "3", confirm.session)
    assert asked.screen.startswith("Batalkan laporan?\n1.Ya")
    assert not asked.effect
    for no in ("2", "0", "99"):
        assert walk(menu, [no], asked.session).screen == confirm.screen

    cancelling = walk(menu, "1", asked.session)
    assert cancelling.effect == "delete_draft", "what was kept of it when a call dropped"
    cancelled = engine.resume(menu, cancelling.session, "deleted", given=GIVEN)
    assert (cancelled.end, cancelled.session.state) == (True, "cancelled")
    assert engine.resume(menu, cancelling.session, "failed", given=GIVEN).session.state == "unavailable"


DESTRUCTIVE = ("0", "99", "9", "", "x")


@pytest.mark.parametrize("pack", MENUS)
@pytest.mark.parametrize("key", [*DESTRUCTIVE, *"12345"])
def test_no_single_key_ends_a_dialogue_unsent(pack: str, key: str) -> None:
    """Only an option of a question that asks for it leads to an end without a report, or to an effect.

    Danger is filed with the place, or with the answer that there is any.
    """
    menu = MENUS[pack]
    asking = {"ask_cancel", "ask_delete", "erase", "appeals", "confirm", "danger", "limit"}
    lists = ("appeal_", "kelurahan", "village", "which", "urgent_kelurahan", "urgent_village", "urgent_which")
    for state in menu.states.values():
        if not state.kind.waits_for_input or state.name in asking or state.name.startswith(lists):
            continue
        session = Session(
            state.name, menu.language, answers={"category": next(iter(menu.categories))}, trail=(menu.home,)
        )
        led = engine.step(menu, session, key, given=GIVEN, today=TODAY)
        assert not led.end, f"{key} at {state.name}"
        assert not led.effect or state.kind.is_typed, f"{key} at {state.name}"


def test_language_can_be_changed_within_a_dialogue(menu: Menu) -> None:
    assert walk(menu, "1 5 2 2").session.language == "jv"
    assert "Lapor kedadosan" in walk(menu, "1 5 2 2").screen


def test_star_stays_in_a_description(menu: Menu) -> None:
    led = walk(menu, "1 2 1 3 1 2 3 1 5*5*meter")

    assert led.session.answers["description"] == "5*5*meter"


def test_dialogue_ends_after_the_most_hops(menu: Menu) -> None:
    led = engine.begin(menu)
    for _ in range(4):
        led = engine.step(menu, led.session, "9", Limits(hops=3), given=GIVEN)

    assert led.end
    assert led.screen.startswith("Maaf")


def test_dialogue_ends_at_the_greatest_depth(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN)
    for keys in TO_CONFIRM.split():
        led = engine.step(menu, led.session, keys, Limits(depth=5), given=GIVEN, today=TODAY)
        if led.end:
            break

    assert len(led.session.trail) == 6
    assert led.screen.startswith("Maaf")


def test_channel_can_rename_navigation_keys(menu: Menu) -> None:
    limits = Limits(keys=Keys(back="70", back_elsewhere="79", home="000", more="88"))

    def step(session: Session, keys: str) -> Step:
        return engine.step(menu, session, keys, limits, given=GIVEN, today=TODAY)

    first = walk(menu, "1 2 1", limits=limits)
    second = step(first.session, "88")

    assert first.screen.endswith("88.Lanjut\n70.Kembali")
    assert second.session.page == 1
    assert step(first.session, "98").session.error == "choice"
    assert step(second.session, "70").screen == first.screen
    assert step(first.session, "0").session.error == "choice"
    assert step(first.session, "000").session.state == "main"
    assert step(first.session, "00").session.error == "choice"
    assert step(first.session, "79").session.state == "notice"


def test_show_home_after_a_lost_session_has_an_error_line(menu: Menu) -> None:
    led = engine.show_home(menu, "jv", given=GIVEN, error="lost")

    assert led.session.state == "main"
    assert led.screen.startswith("Pedhot. Cobi malih:\nSiaga Pilkada - Bakesbangpol\n")
    assert walk(menu, "1", led.session).session.error == ""
    assert engine.show_home(menu, "xx", given=GIVEN).session.language == "id"


def test_trim_ended_keeps_what_the_last_screen_shows(menu: Menu) -> None:
    done = engine.resume(menu, walk(menu, TO_CONFIRM + " 1").session, "filed", {"ticket": "7340-2817"}, given=GIVEN)
    kept = engine.trim_ended(menu, done.session)

    assert kept.answers == {"ticket": "7340-2817"}
    assert kept.trail == ()
    assert engine.show(menu, kept, given=GIVEN) == done._replace(session=kept)


def test_borrowed_screen_is_the_same_screen(menu: Menu) -> None:
    assert walk(menu, "1 4 1").screen == walk(menu, "1 2 1 1").screen
    assert walk(menu, "1 4 1 2").screen == walk(menu, "1 2 1 1 2").screen


# The third wrong input -----------------------------------------------------------------------------------------


def test_third_wrong_input_in_a_row_leads_to_help_and_back(menu: Menu) -> None:
    before = walk(menu, "1 2 1 3 1")
    helped = walk(menu, "77 77 77", before.session)

    assert engine.shown_state(menu, helped.session).name == "help"
    assert helped.screen.startswith("Jawab di sini:")
    for back in ("0", "99", "0."):
        again = walk(menu, [back], helped.session)
        assert (again.screen, again.session.answers) == (before.screen, before.session.answers)


# The inputs that lead to a question, three wrong answers, the right one, and the answer that is kept.
HELPED: list[tuple[str, list[str], str, tuple[str, str]]] = [
    ("", ["9", "x", ""], "2", ("language", "jv")),
    ("1 2 1", ["77", "77", "apa"], "3", ("category", "gesekan")),
    ("1 2 1 98", ["0x", "77", "77"], "7", ("category", "larang")),
    ("1 2 1 3", ["7", "surabaya", "7"], "2", ("kecamatan", "33.75.02")),
    ("1 2 1 3", ["surabaya", "jakarta", "7"], "klego", ("place_name", "klego")),
    ("1 2 1 3 1", ["77", "77", "77"], "podosugih", ("area", "33.75.01.1003")),
    ("1 2 1 3 1 2", ["9", "9", "9"], "1", ("when", "now")),
    ("1 2 1 3 1 2 4", ["31/2", "besok", "x"], "27/11", ("when_date", "2026-11-27")),
    ("1 2 1 3 1 2 4", ["1", "2", "1"], "kemarin", ("when_date", "2026-11-27")),
    ("1 2 1 3 1 2 3 1", ["", "", ""], "ribut", ("description", "ribut")),
    ("1 2 1 3 1 2 3 1 ribut", ["hm", "8", "8"], "1", ("contact", "yes")),
    ("1 3", ["1", "3", "7340-2818"], "73402817", ("ticket", "7340-2817")),
]


@pytest.mark.parametrize(("way", "wrong", "right", "kept"), HELPED)
def test_help_takes_the_answer_to_the_question(
    menu: Menu, way: str, wrong: list[str], right: str, kept: tuple[str, str]
) -> None:
    asked = walk(menu, way).session
    helped = walk(menu, wrong, asked)
    answered = walk(menu, [right], helped.session)

    assert helped.session.state == asked.state, "the label of the screen is that of the question"
    assert engine.shown_state(menu, helped.session).name == "help"
    assert kept in answered.session.answers.items()
    assert answered.screen == walk(menu, [right], asked).screen


def test_wrong_input_on_help_shows_the_question_and_the_reason(menu: Menu) -> None:
    again = walk(menu, "1 2 1 77 77 77 77")

    assert (again.session.state, again.session.error, again.session.wrong) == ("category", "choice", 1)
    assert again.screen.startswith("Pilih angka 1-9:\nAda kejadian apa?")
    assert engine.shown_state(menu, walk(menu, "77 77", again.session).session).name == "help"


def test_help_over_a_question_with_an_option_on_zero_leads_back_to_it(menu: Menu) -> None:
    asked = walk(menu, "1 2 1 3 1 2 3 1")
    helped = walk(menu, ["", "", ""], asked.session)

    assert walk(menu, "0", helped.session).screen == asked.screen
    assert walk(menu, "0 0", helped.session).session.state == "contact"
    assert walk(menu, "00", helped.session).session.state == "main"


@pytest.mark.parametrize("between", ["0 1", "98", "00 2 1"])
def test_right_input_resets_the_count_of_wrong_ones(menu: Menu, between: str) -> None:
    assert walk(menu, f"1 2 1 77 77 {between} 77 77").session.state == "category"


def test_without_help_state_the_question_is_repeated(files: Files) -> None:
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
def test_any_input_leads_to_a_fitting_screen_with_a_way_on(menu: Menu, typed: list[tuple[str, int]]) -> None:
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
        shown = engine.shown_state(menu, led.session)
        assert led.session.error in ("", "help") or led.session.error in shown.kind.errors_of(shown)
        assert led.end == (menu.states[led.session.state].kind.is_end)
        assert len(led.session.trail) <= len(menu.states)
        assert len(set(led.session.trail)) == len(led.session.trail)
        if led.end:
            return

    assert engine.show(menu, led.session, given=given) == led


def test_begin_does_not_ask_for_a_known_language(menu: Menu) -> None:
    assert engine.begin(menu, given=GIVEN, language="jv").screen == walk(menu, "2").screen
    assert engine.begin(menu, given=GIVEN, language="xx").session.state == "language"
