"""Checker: a history in, the promises that it contradicts out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from gateway.menu.model import Menu
from tests.faults.history.checks_consent import check_consents
from tests.faults.history.checks_messages import check_confirmations, check_owners, check_repeats
from tests.faults.history.checks_reports_by_sms import check_reports_by_sms
from tests.faults.history.checks_rows import (
    check_answers,
    check_denials,
    check_one_row_each,
    check_saved,
    check_sessions,
    check_tickets,
)
from tests.faults.history.checks_service import check_callbacks, check_end, check_inbound, check_log
from tests.faults.history.records import Contradiction, History
from tests.faults.history.screens import ScreenReader
from tests.faults.history.telling import tellings


def contradictions(history: History, menu: Menu, appeal: Iterable[str] = ()) -> list[Contradiction]:
    """Return every promise that was not kept. `appeal` are the texts of the appeal to subscribers."""
    reader = ScreenReader(menu)
    told = list(tellings(history, reader))
    return list(
        chain(
            check_tickets(history, reader),
            check_sessions(history),
            check_saved(history, told),
            check_denials(history, told),
            check_answers(history, told, menu),
            check_one_row_each(history, told),
            check_reports_by_sms(history, menu),
            check_confirmations(history),
            check_repeats(history),
            check_owners(history),
            check_consents(history, reader, appeal),
            check_callbacks(history),
            check_inbound(history),
            check_end(history),
            check_log(history),
        )
    )
