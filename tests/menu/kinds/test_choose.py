"""Questions with a few options, each with a state of its own."""

from __future__ import annotations

import pytest

from gateway.menu.engine import valid_answers
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.dialogue import walk
from tests.helpers.pack_edits import Files, diagnostics_after, line_at


def test_danger_and_size_are_asked_only_where_it_is_or_was_just_happening(menu: Menu) -> None:
    states = {key: walk(menu, f"1 2 1 3 1 1 {key}").session.state for key in "1234"}

    assert states == {"1": "danger", "2": "danger", "3": "seen", "4": "date"}


def test_choose_keeps_an_answer_only_if_it_has_a_name_for_it(menu: Menu) -> None:
    chosen = walk(menu, "1 2 1 3 1 2 1 2")

    assert valid_answers(menu, chosen.session)["danger"] == "no"
    assert "notice" in chosen.session.trail
    assert "go" not in chosen.session.answers.values()


def test_notice_is_skipped_when_an_answer_is_revised(files: Files) -> None:
    """It has one option and keeps nothing: it is shown after the answer, and not while passing."""
    flow = files["flow.yaml"].replace("media: describe}\n    keep: seen", "media: warned}\n    keep: seen")
    flow = flow.replace("  describe:\n", "  warned:\n    choose: {go: describe}\n    words: notice\n\n  describe:\n")
    menu = load({**files, "flow.yaml": flow})
    notice = walk(menu, "1 2 1 2 1 2 1 3")
    confirm = walk(menu, "1 halo 1", notice.session)
    revised = walk(menu, "2 3 1", confirm.session)

    assert (notice.session.state, confirm.session.state) == ("warned", "confirm")
    assert revised.session.state == "confirm"
    assert "warned" in revised.session.trail


@pytest.mark.parametrize("kind", ["choose", "revise"])
def test_state_without_options_is_refused(files: Files, kind: str) -> None:
    where = line_at(files, "flow.yaml", "  your_data:")

    found = diagnostics_after(files, "flow.yaml", "your_data: {tell: true}", f"your_data: {{{kind}: {{}}}}")

    assert f"{where}: your_data: {kind} needs at least one option" in found
