"""Tests of the checker: a clean history says nothing, and each contradiction is found as the one that it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from tests.faults.history.checker import contradictions
from tests.faults.history.records import History, Inbound, Trouble
from tests.faults.history.stories import (
    APPEAL,
    CANCELLED,
    CONFIRMATION,
    PHONE,
    SECOND,
    TICKET,
    Story,
    offer,
    row,
    screen,
    told_and_filed,
)
from tests.helpers.packs import MENU
from tests.helpers.ussd import TO_CONFIRM, WHOLE_REPORT, expected_screen

Change = Callable[[Story], None]


def promises(story: Story) -> list[str]:
    return [one.promise for one in contradictions(story.history, MENU, [APPEAL])]


def change_row(**values: object) -> Change:
    """Store other answers than those that were typed."""

    def change(story: Story) -> None:
        story.history.rows[0] = replace(story.history.rows[0], **values)  # type: ignore[arg-type]

    return change


def change_hop(number: int, **values: object) -> Change:
    def change(story: Story) -> None:
        story.history.hops[number] = replace(story.history.hops[number], **values)  # type: ignore[arg-type]

    return change


def forget(name: str, number: int) -> Change:
    def change(story: Story) -> None:
        del getattr(story.history, name)[number]

    return change


def file_what_was_deleted(story: Story) -> None:
    """Hold the last key up, delete the report in the next call, and file it all the same."""
    first = story.call(TO_CONFIRM)
    story.hop(first, WHOLE_REPORT, "END Terputus", shown=False)
    for inputs, body in (((), f"CON {offer()}"), (("3",), f"CON {screen('ask_delete')}\n1.Ya, hapus\n2.Tidak")):
        story.hop("ATUid_delete", inputs, body)
    story.hop("ATUid_delete", ("3", "1"), f"END {screen('deleted')}")
    story.history.rows.append(row(first, "33334444", at=story.now + 1))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


def file_what_was_not_sent(story: Story) -> None:
    session = story.call(WHOLE_REPORT, screen("not_sent"))
    story.history.rows.append(row(session, "33334444", at=story.now - 0.2))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


def file_what_nobody_sent(story: Story) -> None:
    session = story.call(TO_CONFIRM, screen("ticket", ticket="3333-4444").replace("No laporan", "?"))
    story.history.rows.append(row(session, "33334444", at=story.now))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


def show_the_ticket_of_another(story: Story) -> None:
    story.call(WHOLE_REPORT, screen("ticket", ticket="7340-2817"), SECOND)


def forget_what_was_saved(story: Story) -> None:
    story.call(WHOLE_REPORT, screen("saved"))


def file_a_dialogue_twice(story: Story) -> None:
    """Go on with a report after a call that broke off, and file it under both calls."""
    first = story.call(TO_CONFIRM)
    second = story.call(WHOLE_REPORT, screen("saved"), begins=offer())
    for session, ticket in ((first, "33334444"), (second, "55556666")):
        story.history.rows.append(row(session, ticket, at=story.now))
        story.send(f"Laporan {ticket[:4]}-{ticket[4:]} diterima", "confirmation", ticket=ticket)


def join_by_menu_after_stop(story: Story) -> None:
    """Subscribe after an opt-out, and keep no consent."""
    story.call(("1", "3", "1", "1", "1"), screen("joined", kel="Medono"))


def trace(story: Story) -> None:
    story.history.log = ['{"event": "web", "exception": "Traceback (most recent call last)"}']


def log_a_number(story: Story) -> None:
    story.history.log = [f'{{"event": "web", "reason": "0{PHONE[3:]} asks"}}']


def send_again(story: Story) -> None:
    story.history.outbound.append(story.history.outbound[0])


def send_appeal_again(story: Story) -> None:
    story.history.outbound.append(next(one for one in story.history.outbound if one.text == APPEAL))


def confirm_to_another(story: Story) -> None:
    story.send(f"{CONFIRMATION}.", "reply", SECOND)


def forget_the_confirmation(story: Story) -> None:
    del story.history.messages[0]
    del story.history.outbound[0]


CONTRADICTIONS: dict[str, tuple[Change, str]] = {
    "ticket of nobody": (
        change_hop(len(WHOLE_REPORT), body=f"END {screen('ticket', ticket='9999-1111')}"),
        "ticket",
    ),
    "ticket of another": (show_the_ticket_of_another, "ticket"),
    "another kind": (change_row(category="asn"), "typed and stored"),
    "another place": (change_row(area="33.75.01.1002"), "typed and stored"),
    "another time": (change_row(when="today"), "typed and stored"),
    "a date": (change_row(when="before", when_date=date(2026, 11, 27)), "typed and stored"),
    "danger": (change_row(danger="yes"), "typed and stored"),
    "another size": (change_row(size="few"), "typed and stored"),
    "words with a key": (change_row(description="tawuran di pasar*2"), "typed and stored"),
    "words of nobody": (change_row(description="1"), "typed and stored"),
    "no consent to a call": (change_row(contact=False), "typed and stored"),
    "another language": (change_row(language="jv"), "typed and stored"),
    "saved and lost": (forget_what_was_saved, "saved"),
    "deleted and filed": (file_what_was_deleted, "nothing sent"),
    "not sent and filed": (file_what_was_not_sent, "nothing sent"),
    "sent by nobody": (file_what_nobody_sent, "nobody sent it"),
    "filed under both calls": (file_a_dialogue_twice, "filed once"),
    "report by SMS lost": (forget("rows", 1), "report by SMS"),
    "no confirmation": (forget_the_confirmation, "confirmation"),
    "confirmation that never left": (forget("outbound", 0), "confirmation"),
    "confirmation twice": (send_again, "sent once"),
    "appeal twice": (send_appeal_again, "sent once"),
    "ticket to another": (confirm_to_another, "owner"),
    "consent after an opt-out": (lambda story: story.history.subscribed.add(PHONE), "consent"),
    "no consent after a wish": (join_by_menu_after_stop, "consent"),
    "appeal after an opt-out": (lambda story: story.send(APPEAL, "appeal"), "appeal"),
    "no answer": (change_hop(3, answered=None, status=0, body="", shown=False), "answer"),
    "late answer": (lambda story: change_hop(3, answered=story.history.hops[3].sent + 11)(story), "answer"),
    "answer 500": (change_hop(3, status=500, body="Internal Server Error"), "answer"),
    "answer that is no screen": (change_hop(3, body="Terputus"), "answer"),
    "still waiting": (lambda story: setattr(story.history, "waiting", "2 messages"), "done in the end"),
    "traceback": (trace, "log"),
    "number in the log": (log_a_number, "log"),
}


def test_clean_history_contradicts_nothing() -> None:
    assert promises(told_and_filed()) == []


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradiction_is_found_as_the_one_that_it_is(name: str) -> None:
    change, promise = CONTRADICTIONS[name]
    story = told_and_filed()

    change(story)

    assert promises(story) == [promise]


def second_session(story: Story) -> None:
    story.history.rows.append(replace(story.history.rows[0], ticket="33334444"))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


def test_two_reports_of_one_call_are_two_rows() -> None:
    """The first goes on with one that broke off, the second is told behind its ticket."""
    story = Story()
    first = story.call(TO_CONFIRM)
    second = story.call(WHOLE_REPORT, screen("ticket_plain", ticket="3333-4444"), begins=offer())
    for number in range(1, len(WHOLE_REPORT)):
        story.hop(second, WHOLE_REPORT[:number], f"CON {expected_screen(*WHOLE_REPORT[:number])}")
    story.hop(second, WHOLE_REPORT, f"END {screen('ticket_plain', ticket='5555-6666')}")
    for session, ticket in ((first, "33334444"), (second, "55556666")):
        story.history.rows.append(row(session, ticket, at=story.now))

    assert "filed once" not in promises(story)


def test_two_rows_of_a_session_are_found() -> None:
    story = told_and_filed()
    second_session(story)
    assert promises(story) == ["session"]


def test_contradiction_names_the_session_and_masks_numbers() -> None:
    story = told_and_filed()
    change_row(description="tawuran di pasar*2")(story)

    (found,) = contradictions(story.history, MENU)

    assert f"row {TICKET} of ATUid_1: description is 'tawuran di pasar*2', typed was 'tawuran di pasar'" in str(found)
    assert "types '1'" in found.excerpt[-1]
    assert PHONE not in str(found)


def unknown_first_try(story: Story) -> None:
    story.history.outbound[0] = replace(story.history.outbound[0], answer="cut")
    send_again(story)


def killed_worker(story: Story) -> None:
    at = story.history.outbound[0].at
    story.history.troubles.append(Trouble("killed", "worker1", at + 1, at + 3))
    send_again(story)


def dead_web(story: Story) -> None:
    hop = story.history.hops[3]
    story.history.troubles.append(Trouble("killed", "web0", hop.sent - 1, hop.sent + 2))
    change_hop(3, answered=None, status=0, body="", shown=False)(story)


def refused_while_postgres_is_away(story: Story) -> None:
    at = story.now + 1
    story.history.troubles.append(Trouble("stopped", "postgres", at - 1, at + 2))
    story.history.inbound.append(Inbound("sms-9", PHONE, "CEK", at, at + 1, 503, "web0"))


def wishes_at_the_same_time(story: Story) -> None:
    """Join and leave at once: nobody can tell which was received first."""
    known = story.history.inbound[0]
    story.history.inbound.append(replace(known, text="STOP", id="sms-9"))


def told_again_after_a_loss(story: Story) -> None:
    """Type another kind while nothing can be stored, and be shown an earlier question again."""
    lost = MENU.wordings["id"].errors["lost"]
    session = story.call(TO_CONFIRM[:5])
    story.hop(session, (*TO_CONFIRM[:4], "0", "0", "2"), f"CON {lost}\n{expected_screen(*TO_CONFIRM[:5])}")
    for number in range(6, len(TO_CONFIRM) + 1):
        story.hop(session, TO_CONFIRM[:number], f"CON {expected_screen(*TO_CONFIRM[:number])}")
    story.hop(session, WHOLE_REPORT, f"END {screen('ticket', ticket='3333-4444')}")
    story.history.rows.append(row(session, "33334444", at=story.now))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


def sent_again_after_it_was_cancelled(story: Story) -> None:
    story.call(CANCELLED, screen("cancelled"))
    first = story.history.hops[-1].call
    story.call(WHOLE_REPORT, screen("ticket", ticket="3333-4444"), begins=offer())
    story.history.rows.append(row(first, "33334444", at=story.now))
    story.send("Laporan 3333-4444 diterima", "confirmation", ticket="33334444")


@pytest.mark.parametrize(
    "change",
    [
        unknown_first_try,
        killed_worker,
        dead_web,
        refused_while_postgres_is_away,
        wishes_at_the_same_time,
        sent_again_after_it_was_cancelled,
        told_again_after_a_loss,
    ],
)
def test_known_fault_is_no_contradiction(change: Change) -> None:
    story = told_and_filed()
    change(story)
    assert promises(story) == []


def test_empty_history_contradicts_nothing() -> None:
    assert contradictions(History(), MENU) == []
