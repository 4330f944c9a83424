"""Player of golden dialogues: a phone that follows a file and records its screens.

A file reads as the phone does. What the resident does:

    dial *384*3375#          a new dialling, a suffix with it if there is one; what was open before is dropped
    > 1                      an input; below it stand the screen and its size

Circumstances, each until another line changes it:

    pack kab-pekalongan      whose dialogue it is; that of pekalongan by default
    speaks jv                the language that this phone chose some other day
    today 2026-11-28
    reports today 5          how many reports this phone has filed today
    effect find_report none  how an effect ends, and what is learnt of it (`LEARNT`); well, by default

A line `~ file_report …` is no screen: it says what the gateway was asked to do, with which answers, and how that ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from gateway.carriers.carrier import Turn
from gateway.menu import engine
from gateway.menu.engine import Session, Step
from gateway.menu.limits import DEFAULT
from gateway.menu.model import Menu, State
from gateway.text import gsm, phone
from gateway.ussd.replay import StartInputs
from gateway.ussd.start import start

PACK = "pekalongan"
CALLER = phone.Phone("+6281230004567")
ENDINGS = {
    "file_report": "filed 7340-2817",
    "complete_report": "completed",
    "find_report": "found 7340-2817 checking 27/11 13:05",
    "add_details": "added",
    "erase_number": "erased",
    "subscribe": "done",
    "unsubscribe": "done",
    "delete_draft": "deleted",
}
LEARNT = {"filed": ("ticket",), "found": ("ticket", "status", "date")}
_ON_THE_WAY = ("language", "kecamatan")


def pack_of(recorded: str) -> str:
    """Return the pack of a recorded dialogue."""
    named = re.search(r"^pack (\S+)$", recorded, re.MULTILINE)
    return named[1] if named else PACK


@dataclass
class DialoguePhone:
    """Phone and its circumstances.

    `seen` are the states whose screens it has shown, and `moved` the navigation keys (`back`, `home`, `more`) that led
    on from a state.
    """

    menu: Menu
    language: str = ""
    today: date = date(2026, 11, 28)
    reports_today: str = "0"
    appeals: list[str] | None = None  # lines of the latest ones, None if unknown
    code: str = ""
    endings: dict[str, str] = field(default_factory=lambda: dict(ENDINGS))
    led: Step | None = None
    seen: set[str] = field(default_factory=set)
    moved: set[tuple[str, str]] = field(default_factory=set)

    def play(self, recorded: str) -> Iterator[str]:
        """Yield the lines of the file again, with the screens that the menu shows now."""
        for line in recorded.splitlines():
            if not line.startswith("    "):
                yield f"{line}\n"
                yield from self._done(line)

    @property
    def _given(self) -> dict[str, str]:
        stage = self.menu.stage_at(datetime.combine(self.today, time(12), self.menu.timezone))
        sent = "" if self.appeals is None else str(len(self.appeals))
        appeals = {"appeals_sent": sent, "appeals": "\n".join(self.appeals or ())}
        return {"ussd": self.code, "reports_today": self.reports_today, "stage": stage, **appeals}

    def _done(self, line: str) -> Iterator[str]:
        word, _, rest = line.partition(" ")
        match word:
            case "dial":
                yield from self._dial(rest)
            case ">":
                yield from self._typed(rest)
            case "speaks":
                self.language = rest
            case "today":
                self.today = date.fromisoformat(rest)
            case "reports":
                self.reports_today = rest.removeprefix("today ")
            case "appeals":
                self.appeals = [] if rest == "none" else rest.split(" | ") if rest else None
            case "effect":
                effect, _, ending = rest.partition(" ")
                self.endings[effect] = ending
            case "#" | "pack" | "":
                pass
            case _:
                raise ValueError(f"a dialogue does not know the line {line!r}")

    def _dial(self, dialled: str) -> Iterator[str]:
        self.code = "*".join(dialled.rstrip("#").split("*")[:3]) + "#"
        turn = Turn(session="1", phone=CALLER, service_code=dialled, network="", text="")
        known = StartInputs(DEFAULT, self._given, self.today, self.language)
        begun, _ = start(self.menu, turn, self.code, known, self._dropped(), not_stored=True)
        self.led = begun.step
        yield from self._shown()

    def _dropped(self) -> Session | None:
        if self.led is None:
            return None
        left = engine.trim_ended(self.menu, self.led.session) if self.led.end else self.led.session
        return left if engine.is_worth_resuming(self.menu, left) else None

    def _typed(self, keys: str) -> Iterator[str]:
        assert self.led, "nothing is dialled yet"
        before, shown = self.led.session, engine.shown_state(self.menu, self.led.session)
        self.led = engine.step(self.menu, before, keys, given=self._given, today=self.today)
        self._note_move(before, shown, keys)
        yield from self._shown()

    def _note_move(self, before: Session, shown: State, keys: str) -> None:
        assert self.led
        after, named = self.led.session, self.menu.keys
        is_back = keys == named.back_elsewhere or (keys == named.back and not shown.zero)
        if keys == named.home:
            self.moved.add((shown.name, "home"))
        elif is_back and engine.shown_state(self.menu, after) is not shown:
            self.moved.add((shown.name, "back"))
        elif keys == named.more and after.page > before.page:
            self.moved.add((shown.name, "more"))

    def _shown(self) -> Iterator[str]:
        assert self.led
        while self.led.effect:
            yield self._carried_out(self.led.effect, self.led.session)
        if self.led.session.chosen:
            self.language = self.led.session.language
        self.seen.add(engine.shown_state(self.menu, self.led.session).name)
        yield from (f"    {line}\n" for line in self.led.screen.splitlines())
        ending = ", the end" if self.led.end else ""
        yield f"    [{gsm.septets(self.led.screen)} septets{ending}]\n"

    def _carried_out(self, effect: str, place: Session) -> str:
        outcome, *values = self.endings[effect].split(" ", len(LEARNT.get(self.endings[effect].split(" ")[0], ())))
        learnt = dict(zip(LEARNT.get(outcome, ()), values, strict=True))
        known = engine.later_answers if effect == "complete_report" else engine.valid_answers
        answers = known(self.menu, place)
        shown = ", ".join(f"{name} {value or '-'}" for name, value in answers.items() if name not in _ON_THE_WAY)
        self.led = engine.resume(self.menu, place, outcome, learnt, given=self._given)
        return f"    ~ {effect} ({shown}): {outcome}\n" if shown else f"    ~ {effect}: {outcome}\n"
