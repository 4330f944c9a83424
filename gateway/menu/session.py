"""Position of a dialogue in a menu, and the result of one step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from gateway.menu.limits import Limits

GivenValues = Mapping[str, str]
"""Values that the caller knows: facts that conditions test, and placeholders of texts (the service code)."""

NO_VALUES: GivenValues = {}

HOME = "home"
RESUME = "resume"
"""Values of `Session.began` that are no shortcut."""

HELP = "help"
"""Value of `Session.error` while the help screen covers the question. The question is answered there too."""


class Input(NamedTuple):
    """Input of a resident, with the facts that decide its meaning: bounds of the channel, given values, local date."""

    keys: str
    number: str  # the keys as the number of an option, if they are one
    limits: Limits
    given: GivenValues
    today: date | None


class Session(NamedTuple):
    """Position in a menu, as a plain value that can be stored, compared and shown again.

    A tuple, since every hop makes several. `navigation` and `ussd/sessions` take it apart by position, which is twice
    as fast as `_replace`: `tests/menu/test_session.py` fails if a field is added in the middle.
    """

    state: str
    language: str
    page: int = 0
    answers: Mapping[str, str] = NO_VALUES
    trail: tuple[str, ...] = ()  # the states that led here, the first one first
    error: str = ""  # key of the error line above the screen, or `HELP`
    passing: bool = False  # skipping questions that are answered already
    hops: int = 0
    wrong: int = 0  # wrong inputs in a row
    chosen: bool = False  # the resident has chosen the language
    began: str = ""  # where this dialogue began: "" at the first screen, `home…`, a shortcut's digits, `resume…`
    resumed: bool = False  # this dialogue was dropped and then continued
    called_off: bool = False  # the resident has called it off, and not continued it since
    barrier: int = 0  # states of the trail when the report was filed: nothing leads back behind it. 0: not filed
    filings: int = 0  # reports that this dialogue has filed


class Step(NamedTuple):
    """Result of a step. With an `effect` there is no screen yet: carry it out, then call `engine.resume`."""

    session: Session
    screen: str = ""
    end: bool = False
    effect: str = ""
