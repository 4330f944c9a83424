"""Where a dialogue begins: a first dial, a known language, a dialled suffix, a dialogue that was dropped."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.engine import Session, Step, valid_answers
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk

DROPPED = "1 1 1 3 3 1"  # a clash in Krapyak, dropped at the question of when


def redial(menu: Menu, dropped: Session, shortcut: str = "") -> Step:
    return engine.begin(menu, given=GIVEN, language="jv", shortcut=shortcut, dropped=dropped)


def test_a_known_language_is_not_asked_for_again(menu: Menu) -> None:
    assert engine.begin(menu, given=GIVEN, language="jv").screen == walk(menu, "2").screen
    assert engine.begin(menu, given=GIVEN, language="xx").session.state == "language"


# Shortcuts -----------------------------------------------------------------------------------------------------


def test_a_shortcut_gives_an_answer_beforehand(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN, language="en", shortcut="3")
    assert led.session.state == "notice"

    at_place = walk(menu, "1", led.session)
    assert at_place.session.state == "kecamatan"
    assert valid_answers(menu, at_place.session) == {"category": "gesekan"}


def test_behind_a_shortcut_lies_the_main_menu(menu: Menu) -> None:
    led = engine.begin(menu, given=GIVEN, shortcut="9")

    assert led.session.state == "ask_ticket"
    assert walk(menu, "0", led.session).session.state == "main"


def test_the_answer_of_a_shortcut_can_be_given_anew(menu: Menu) -> None:
    led = walk(menu, "1 0 5 3 1 3 1 0 1", engine.begin(menu, given=GIVEN, shortcut="3").session)

    assert led.session.state == "confirm"
    assert valid_answers(menu, led.session)["category"] == "hoaks"


def test_a_shortcut_is_no_way_round_the_limit(menu: Menu) -> None:
    full = {**GIVEN, "reports_today": "5"}
    led = engine.begin(menu, given=full, shortcut="3")

    assert led.session.state == "limit"
    assert engine.step(menu, led.session, "1", given=full).session.state == "ask_ticket"


def test_an_undeclared_suffix_is_no_shortcut(menu: Menu) -> None:
    assert engine.begin(menu, given=GIVEN, shortcut="77") == engine.begin(menu, given=GIVEN)


# Dropped dialogues ---------------------------------------------------------------------------------------------


def test_a_dropped_dialogue_is_gone_on_with_in_its_language(menu: Menu) -> None:
    before = walk(menu, DROPPED)
    asked = redial(menu, before.session)

    assert asked.screen.startswith("Lanjutkan laporan sebelumnya?\nGesekan pendukung\nKrapyak\n1.")
    assert walk(menu, "1", asked.session).screen == before.screen
    assert walk(menu, "1 0", asked.session).screen == walk(menu, DROPPED + " 0").screen


@pytest.mark.parametrize("further", range(1, 7))
def test_it_is_gone_on_with_wherever_it_was_dropped(menu: Menu, further: int) -> None:
    keys = ["1", "2", "1", "1", "halo", "1", "2", "1"][:further]
    before = walk(menu, " ".join([DROPPED, *keys]))

    assert walk(menu, "1", redial(menu, before.session).session).screen == before.screen


def test_it_is_gone_on_with_on_the_page_of_its_list(menu: Menu) -> None:
    before = walk(menu, "1 1 1 3 0 98")
    assert before.session.page == 1
    asked = redial(menu, redial(menu, before.session).session)

    assert asked.screen.startswith("Lanjutkan laporan sebelumnya?")
    assert walk(menu, "0 1", asked.session).screen == before.screen
    assert walk(menu, "1 0", asked.session).screen == walk(menu, "1 1 1 3 0").screen


def test_a_dialogue_can_be_dropped_time_and_again(menu: Menu) -> None:
    before = walk(menu, DROPPED)
    again = redial(menu, redial(menu, before.session).session)

    assert again.screen == redial(menu, before.session).screen
    assert walk(menu, "1", again.session).screen == before.screen


def test_start_again_forgets_everything_but_the_language(menu: Menu) -> None:
    led = walk(menu, "2", redial(menu, walk(menu, DROPPED).session).session)

    assert led.screen == walk(menu, "1").screen
    assert led.session.answers == {}


def test_start_again_leads_where_the_dialled_shortcut_does(menu: Menu) -> None:
    led = walk(menu, "2 1", redial(menu, walk(menu, DROPPED).session, shortcut="12").session)

    assert led.session.state == "kecamatan"
    assert valid_answers(menu, led.session) == {"category": "uang"}


def test_delete_is_an_effect_and_then_the_end(menu: Menu) -> None:
    led = walk(menu, "3", redial(menu, walk(menu, DROPPED).session).session)
    assert led.effect == "delete_draft"
    assert led.session.answers == {}

    done = engine.resume(menu, led.session, "deleted", given=GIVEN)
    assert done.end
    assert done.screen.startswith("Dibatalkan.")


def test_before_a_dropped_dialogue_there_is_nothing(menu: Menu) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)

    assert "0." not in asked.screen
    assert walk(menu, "0", asked.session).screen == asked.screen
    assert walk(menu, "00", asked.session).session.state == "main"


def test_the_third_wrong_input_leads_to_help_and_back_here_too(menu: Menu) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)
    helped = walk(menu, "8 8 8", asked.session)

    assert helped.session.state == "help"
    assert walk(menu, "0", helped.session).screen == asked.screen
    assert walk(menu, "0 1", helped.session).screen == walk(menu, DROPPED).screen


@pytest.mark.parametrize(
    ("keys", "worth"),
    [("1", False), ("1 1 1", False), ("1 1 1 3", True), (DROPPED, True), ("1 2", False), ("1 1 1 3 00", False)],
)
def test_only_what_was_answered_far_enough_is_worth_going_on_with(menu: Menu, keys: str, worth: bool) -> None:
    assert engine.is_worth_resuming(menu, walk(menu, keys).session) is worth


def test_what_has_ended_is_not_gone_on_with(menu: Menu) -> None:
    cancelled = engine.resume(menu, walk(menu, f"{DROPPED} 3 1 0 1 0").session, "deleted")
    filing = walk(menu, f"{DROPPED} 3 1 0 1 1")

    assert cancelled.end
    assert filing.effect
    assert not engine.is_worth_resuming(menu, cancelled.session)
    assert not engine.is_worth_resuming(menu, filing.session)


def test_what_another_pack_does_not_know_is_not_gone_on_with(menu: Menu) -> None:
    dropped = walk(menu, DROPPED).session

    assert not engine.is_worth_resuming(menu, dropped._replace(state="gone"))
    assert not engine.is_worth_resuming(menu, dropped._replace(trail=("gone", *dropped.trail)))
    assert not engine.is_worth_resuming(menu, dropped._replace(language="fr"))


def test_a_pack_without_a_question_for_it_begins_afresh(files: dict[str, str], menu: Menu) -> None:
    flow = files["flow.yaml"].replace("resume: unfinished ", "")
    plain = load({**files, "flow.yaml": flow})
    dropped = walk(plain, DROPPED).session

    assert not engine.is_worth_resuming(plain, dropped)
    assert redial(plain, dropped) == engine.begin(plain, given=GIVEN, language="jv")


def test_answers_that_lead_in_a_ring_do_not_hang(files: dict[str, str]) -> None:
    flow = files["flow.yaml"].replace("  9: {to: ask_ticket}", "  9: {to: seen, answers: {seen: told, contact: yes}}")
    flow = flow.replace("told: describe", "told: contact").replace(
        "{yes: confirm, no: confirm}", "{yes: seen, no: confirm}"
    )

    assert engine.begin(load({**files, "flow.yaml": flow}), given=GIVEN, shortcut="9").session.state in (
        "seen",
        "contact",
    )
