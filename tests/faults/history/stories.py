"""Histories written by hand: a phone that dials a real menu, and the rows and SMS that belong to it."""

from __future__ import annotations

from itertools import count

from gateway.text.wording import fill
from tests.faults.history.records import History, Hop, Inbound, Message, Outbound, Row
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import TO_CONFIRM, WHOLE_REPORT, expected_screen

PHONE, SECOND = NUMBER.e164, OTHER.e164
TICKET = "73402817"
APPEAL = "Tetap rukun. Henti: STOP"
CONFIRMATION = "Bakesbangpol: laporan 7340-2817 diterima sebagai informasi awal"
CANCELLED = (*TO_CONFIRM, "3", "1")
_STEP_S = 0.5


class Story:
    """History in the making. Every step takes half a second."""

    def __init__(self) -> None:
        self.history = History()
        self.now = 1000.0
        self._calls = count(1)

    def hop(self, call: str, inputs: tuple[str, ...], body: str, phone: str = PHONE, *, shown: bool = True) -> None:
        """Add a callback that was answered with this body."""
        self.now += _STEP_S
        typed = inputs[-1] if inputs else None
        self.history.hops.append(
            Hop(call, phone, "*".join(inputs), typed, self.now, self.now, self.now + 0.1, 200, body, "web0", shown)
        )

    def call(self, inputs: tuple[str, ...], last: str = "", phone: str = PHONE, begins: str = "") -> str:
        """Add a call in which these are typed, up to the screen `last`, or broken off without one. Returns its name.

        One that `begins` with a screen goes on with what was told before: `inputs` are those of the whole telling.
        """
        name = f"ATUid_{next(self._calls)}"
        start = 0
        if begins:
            self.hop(name, (), f"CON {begins}", phone)
            start = len(TO_CONFIRM)
        for number in range(start, len(inputs)):
            typed = ("1",) if begins and number == start else inputs[:number]
            self.hop(name, typed, f"CON {expected_screen(*inputs[:number])}", phone)
        self.hop(name, inputs, f"END {last}" if last else f"CON {expected_screen(*inputs)}", phone)
        return name

    def sms(self, text: str, phone: str = PHONE, hook: str = "sms") -> None:
        """Add an SMS of a resident that was taken."""
        self.now += _STEP_S
        number = len(self.history.inbound)
        self.history.inbound.append(Inbound(f"sms-{number}", phone, text, self.now, self.now + 0.1, 200, "web0", hook))

    def send(self, text: str, kind: str, phone: str = PHONE, ticket: str = "", answer: str = "whole") -> None:
        """Add a message that was queued and has left."""
        self.now += _STEP_S
        self.history.messages.append(Message(kind, phone, text, "accepted", ticket))
        self.history.outbound.append(Outbound(phone, text, self.now, answer))


def screen(state: str, **values: str) -> str:
    """Return a screen of the pack without options."""
    return fill(MENU.wordings["id"].heading(state), {"ussd": "*384*3375#", **values})


def offer() -> str:
    """Return the screen that offers to go on with the report of `TO_CONFIRM`."""
    texts = MENU.wordings["id"].screens["unfinished"]
    heading = fill(texts["heading"], {"cat": "Bentrok/tawuran", "kel": "Podosugih"})
    return f"{heading}\n1.{texts['continue']}\n2.{texts['again']}\n3.{texts['delete']}"


def row(session: str, ticket: str = TICKET, phone: str = PHONE, at: float = 0.0) -> Row:
    """Return the row of `WHOLE_REPORT`."""
    return Row(
        *(ticket, phone, session, at, "gesekan", "33.75.01.1003", "now", None, "no", "many", "self"),
        *("tawuran di pasar", True, "id"),
    )


def told_and_filed() -> Story:
    """Return a story without a contradiction: one of everything that a run has."""
    story = Story()
    session = story.call(WHOLE_REPORT, screen("ticket", ticket="7340-2817"))
    story.history.rows.append(row(session, at=story.now))
    story.send(CONFIRMATION, "confirmation", ticket=TICKET)
    story.sms("REG PODOSUGIH", SECOND)
    story.sms("STOP")
    story.history.subscribed.add(SECOND)
    story.send(APPEAL, "appeal", SECOND)
    story.sms("LAPOR 3 KLEGO tawuran xq1", SECOND)
    story.history.rows.append(
        Row("11112222", SECOND, "sms:4", story.now, "gesekan", "33.75.02.1008", "", description="tawuran xq1")
    )
    story.send("Laporan 1111-2222 diterima", "confirmation", SECOND, ticket="11112222")
    story.call(CANCELLED, screen("cancelled"), SECOND)
    return story
