"""Dropped dialogues: continued, started again or deleted."""

from __future__ import annotations

import pytest

from gateway.menu import engine
from gateway.menu.engine import Session, Step, valid_answers
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import GIVEN, walk
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack

DROPPED = "1 2 1 3 3 1"  # a clash in Krapyak, dropped at the question of when


def redial(menu: Menu, dropped: Session, shortcut: str = "") -> Step:
    return engine.begin(menu, given=GIVEN, language="jv", shortcut=shortcut, dropped=dropped)


def test_dropped_dialogue_continues_in_its_language(menu: Menu) -> None:
    before = walk(menu, DROPPED)
    asked = redial(menu, before.session)

    assert asked.screen.startswith("Ada laporan yang belum terkirim. Lanjutkan?\nKrapyak\n1.")
    assert walk(menu, "1", asked.session).screen == before.screen
    assert walk(menu, "1 0", asked.session).screen == walk(menu, DROPPED + " 0").screen


@pytest.mark.parametrize("further", range(1, 7))
def test_dropped_dialogue_continues_wherever_it_was_dropped(menu: Menu, further: int) -> None:
    keys = ["1", "2", "1", "1", "halo", "1", "2", "1"][:further]
    before = walk(menu, " ".join([DROPPED, *keys]))

    assert walk(menu, "1", redial(menu, before.session).session).screen == before.screen


def test_dropped_dialogue_continues_on_the_page_of_its_list(menu: Menu) -> None:
    before = walk(menu, "1 2 1 3 0 98")

    asked = redial(menu, redial(menu, before.session).session)

    assert before.session.page == 1
    assert asked.screen.startswith("Ada laporan yang belum terkirim. Lanjutkan?")
    assert walk(menu, "0 1", asked.session).screen == before.screen
    assert walk(menu, "1 0", asked.session).screen == walk(menu, "1 2 1 3 0").screen


def test_dialogue_can_be_dropped_repeatedly(menu: Menu) -> None:
    before = walk(menu, DROPPED)
    again = redial(menu, redial(menu, before.session).session)

    assert again.screen == redial(menu, before.session).screen
    assert walk(menu, "1", again.session).screen == before.screen


def test_start_again_forgets_everything_but_the_language(menu: Menu) -> None:
    led = walk(menu, "2", redial(menu, walk(menu, DROPPED).session).session)

    assert led.screen == walk(menu, "1").screen
    assert led.session.answers == {}


def test_start_again_follows_the_dialled_shortcut(menu: Menu) -> None:
    led = walk(menu, "2 1", redial(menu, walk(menu, DROPPED).session, shortcut="12").session)

    assert led.session.state == "kecamatan"
    assert valid_answers(menu, led.session) == {"category": "uang"}


def test_delete_runs_an_effect_and_ends(menu: Menu) -> None:
    led = walk(menu, "3 1", redial(menu, walk(menu, DROPPED).session).session)
    done = engine.resume(menu, led.session, "deleted", given=GIVEN)

    assert led.effect == "delete_draft"
    assert (done.end, done.session.state) == (True, "deleted")
    assert engine.trim_ended(menu, done.session).answers == {}


@pytest.mark.parametrize("no", ["2", "0", "99"])
def test_delete_asks_and_no_changes_nothing(menu: Menu, no: str) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)
    left = walk(menu, ["3", no], asked.session)

    assert left.screen == asked.screen
    assert walk(menu, "1", left.session).screen == walk(menu, DROPPED).screen


def test_dialogue_that_drops_at_the_question_whether_to_delete_is_offered_as_before(menu: Menu) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)
    again = redial(menu, walk(menu, "3", asked.session).session)

    assert again.session.trail == asked.session.trail
    assert walk(menu, "1", again.session).screen == walk(menu, DROPPED).screen


def test_delete_may_lead_to_its_effect_at_once(files: Files) -> None:
    flow = files["flow.yaml"].replace("delete: ask_delete", "delete: discard").replace("no: unfinished", "no: main")
    menu = load({**files, "flow.yaml": flow})
    led = walk(menu, "3", redial(menu, walk(menu, DROPPED).session).session)

    assert (led.effect, led.session.answers) == ("delete_draft", {})


def test_back_from_the_question_to_resume_stays_there(menu: Menu) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)

    assert "0." not in asked.screen
    assert walk(menu, "0", asked.session).screen == asked.screen
    assert walk(menu, "00", asked.session).session.state == "main"


def test_third_wrong_input_leads_from_resume_to_help_and_back(menu: Menu) -> None:
    asked = redial(menu, walk(menu, DROPPED).session)
    helped = walk(menu, "8 8 8", asked.session)

    assert engine.shown_state(menu, helped.session).name == "help"
    assert walk(menu, "0", helped.session).screen == asked.screen
    assert walk(menu, "0 1", helped.session).screen == walk(menu, DROPPED).screen


@pytest.mark.parametrize(
    ("keys", "worth"),
    [("1", False), ("1 2 1", False), ("1 2 1 3", True), (DROPPED, True), ("1 2", False), ("1 2 1 3 00", False)],
)
def test_dialogue_without_needed_answers_is_not_worth_resuming(menu: Menu, keys: str, worth: bool) -> None:
    assert engine.is_worth_resuming(menu, walk(menu, keys).session) is worth


def test_ended_dialogue_is_not_worth_resuming(menu: Menu) -> None:
    deleting = walk(menu, "3 1", redial(menu, walk(menu, DROPPED).session).session)
    deleted = engine.resume(menu, deleting.session, "deleted")
    filing = walk(menu, f"{DROPPED} 3 1 0 1 1")

    assert deleted.end
    assert filing.effect
    assert not engine.is_worth_resuming(menu, engine.trim_ended(menu, deleted.session))
    assert not engine.is_worth_resuming(menu, filing.session)


def test_called_off_dialogue_is_offered_at_the_question_where_it_was_called_off(menu: Menu) -> None:
    confirm = walk(menu, f"{DROPPED} 3 1 0 1")
    ended = engine.resume(menu, walk(menu, "3 1", confirm.session).session, "deleted", given=GIVEN)
    kept = engine.trim_ended(menu, ended.session)
    asked = redial(menu, kept)
    again = walk(menu, "1", asked.session)

    assert engine.show(menu, kept, given=GIVEN).screen == ended.screen
    assert engine.is_worth_resuming(menu, kept)
    assert (asked.session.called_off, again.session.called_off) == (True, False)
    assert again.screen == confirm.screen
    assert valid_answers(menu, again.session) == valid_answers(menu, confirm.session)


@pytest.mark.parametrize("keys", ["9", "9 9 9", "3", "3 2"])
def test_called_off_dialogue_stays_so_until_it_is_continued(menu: Menu, keys: str) -> None:
    confirm = walk(menu, f"{DROPPED} 3 1 0 1")
    ended = engine.resume(menu, walk(menu, "3 1", confirm.session).session, "deleted", given=GIVEN)
    asked = walk(menu, keys, redial(menu, engine.trim_ended(menu, ended.session)).session)

    assert redial(menu, asked.session).session.called_off
    assert not walk(menu, "1", redial(menu, asked.session).session).session.called_off


def test_continue_at_needs_a_state_that_offers_it(files: Files) -> None:
    pack = edit_pack(files, "flow.yaml", "resume: unfinished ", "")

    assert [one for one in all_diagnostics(pack) if "cancelled: continue_at needs resume" in one]


def test_dialogue_with_unknown_states_is_not_worth_resuming(menu: Menu) -> None:
    dropped = walk(menu, DROPPED).session

    assert not engine.is_worth_resuming(menu, dropped._replace(state="gone"))
    assert not engine.is_worth_resuming(menu, dropped._replace(trail=("gone", *dropped.trail)))
    assert not engine.is_worth_resuming(menu, dropped._replace(language="fr"))


def test_pack_without_resume_state_begins_anew(files: Files, menu: Menu) -> None:
    flow = files["flow.yaml"].replace("resume: unfinished ", "").replace(", continue_at: confirm", "")
    plain = load({**files, "flow.yaml": flow})
    dropped = walk(plain, DROPPED).session

    assert not engine.is_worth_resuming(plain, dropped)
    assert redial(plain, dropped) == engine.begin(plain, given=GIVEN, language="jv")


def test_continue_without_a_dropped_dialogue_leads_to_the_main_menu(files: Files) -> None:
    menu = load({**files, "flow.yaml": files["flow.yaml"].replace("home: main", "home: unfinished")})
    first = engine.begin(menu, language="id")

    led = engine.step(menu, first.session, "1")

    assert first.session.state == "unfinished"
    assert (led.session.state, led.session.trail) == ("unfinished", ())
