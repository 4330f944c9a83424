"""Packs with made-up answers: they load, are dialled through, and every value is read back as it was said."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.incidents.report import Report
from gateway.incidents.reporter import Reporter
from gateway.incidents.store import IncidentStore
from gateway.menu import engine
from gateway.menu.pack.loader import load
from tests.helpers.incidents import AT, confirmation
from tests.helpers.made_up_forms import MadeUpForm, made_up_form
from tests.helpers.pack_edits import all_diagnostics
from tests.helpers.phones import NUMBER


def dialled(form: MadeUpForm) -> Report:
    """Dial the pack through. Returns the report that its answers make."""
    menu = load(form.files)
    led = engine.begin(menu)
    for typed in form.typed:
        led = engine.step(menu, led.session, typed, today=date(2026, 11, 30))
        assert not led.session.error, (typed, led.screen)
    assert led.effect == "file_report"
    answers = engine.valid_answers(menu, led.session)
    return Report.from_answers(answers, menu.form, language="en", channel="at", session="ATUid_1", received_at=AT)


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=5))
def test_made_up_answers_are_those_of_the_report(seed: int, count: int) -> None:
    form = made_up_form(Random(seed), count)

    assert all_diagnostics(form.files) == []
    report = dialled(form)
    assert (report.answers, report.personal_answers) == (form.plain, form.personal)
    assert (report.category, report.area) == ("flood", "33.75.01.1003")


@pytest.mark.parametrize("seed", range(6))
async def test_made_up_answers_are_read_back_and_personal_ones_erased(
    store: IncidentStore, reporter: Reporter, seed: int
) -> None:
    form = made_up_form(Random(seed), 5)
    ticket = (await store.file(dialled(form), NUMBER, confirmation)).ticket

    found = await store.find(ticket)
    assert found is not None
    assert (found.report.answers, found.report.personal_answers) == (form.plain, form.personal)

    assert await reporter.erase_number(ticket, NUMBER)
    erased = await store.find(ticket)
    assert erased is not None
    assert (erased.report.answers, erased.report.personal_answers) == (form.plain, {})
