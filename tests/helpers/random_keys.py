"""Keys that random residents press, on the real packs and two channels, and invariants of every screen."""

from __future__ import annotations

import re
from datetime import date
from itertools import count

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from gateway.carriers.carrier import Screen
from gateway.menu import engine
from gateway.menu.engine import Session
from gateway.menu.limits import DEFAULT, USSD_STRING, Keys, Limits
from gateway.menu.model import Menu, choices
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from gateway.text import gsm
from gateway.text import ticket as tickets
from tests.helpers.packs import PACKS
from tests.helpers.ussd import SERVICE

MENUS = {name: load(read_pack(PACKS / name)) for name in ("pekalongan", "kab-pekalongan", "tegal", "rob")}
GIVEN = {"ussd": SERVICE.service_code, "reports_today": "0", "stage": ""}
TODAY = date(2026, 11, 28)
CHANNELS = {
    "ordinary": DEFAULT,
    "other": Limits(USSD_STRING, keys=Keys(back="91", back_elsewhere="97", home="900", more="96")),
}
TICKET = tickets.with_dash(tickets.generate(lambda _: 12345))
NAMES = sorted({name for menu in MENUS.values() for name in menu.areas.places.values()})
MODEL_SETTINGS = settings(
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@st.composite
def _mistyped(draw: st.DrawFn) -> str:
    """Draw the name of a place, with a letter missing or two exchanged."""
    name = draw(st.sampled_from(NAMES)).lower()
    at = draw(st.integers(0, len(name) - 2))
    return draw(
        st.sampled_from([name, name[:at] + name[at + 1 :], name[:at] + name[at + 1] + name[at] + name[at + 2 :]])
    )


KEYS = st.one_of(
    st.sampled_from(["1", "1", "1", "2", "2", "3", "4", "5", "7", "9"]),
    st.sampled_from(["1", "2", "3", "8"]),
    st.sampled_from(["0", "00", "98", "99", "91", "900", "96", "97"]),
    st.sampled_from(["", " ", "10", "77", "#", "2811", "31/12", "7340-2817", "7340-2818", "tawuran di pasar"]),
    st.sampled_from(["*", "5*5 meter", "1*1", "**", "x" * 183, "é" * 301, "🚨", "ya\nbegitu"]),
    _mistyped(),
    st.text(max_size=12),
)
ANSWERS = st.lists(st.integers(0, 9), min_size=1, max_size=16)

_texts = count(1)


def likely(menu: Menu, limits: Limits, place: Session, number: int, ticket: str = TICKET) -> str:
    """Return a likely answer to this screen: mostly the first option, or a text that is unique."""
    state = menu.states[place.state]
    within = place.answers.get(state.within, "") if state.within else ""
    if state.kind.is_typed:
        said = {"text": f"tawuran {next(_texts)}.", "date": "2711", "ticket": ticket, "number": "4"}
        said["place_name"] = NAMES[number]
        return said[state.source]
    offered = list(choices(menu, state, within))
    return offered[max(number - 6, 0) % len(offered)] if offered else (limits.keys or menu.keys).back


def assert_fits(screen: str, limits: Limits, *, end: bool) -> None:
    """Assert that a network carries this screen: GSM-7 alone, and short enough."""
    assert gsm.encoding(screen) == "gsm7", screen
    assert gsm.septets(f"{'END' if end else 'CON'} {screen}") <= limits.septets, screen


def leads_on(menu: Menu, limits: Limits, place: Session) -> bool:
    """Return True if some key that the screen offers leads to another screen."""
    state, named = menu.states[place.state], limits.keys or menu.keys
    within = place.answers.get(state.within, "") if state.within else ""
    offered = [] if state.kind.is_typed else list(choices(menu, state, within))
    for keys in (*offered, named.back, named.back_elsewhere, named.home, named.more):
        step = engine.step(menu, place, keys, limits, given=GIVEN, today=TODAY)
        if step.effect or step.end or (step.session.state, step.session.page) != (place.state, place.page):
            return True
    return False


def ticket_on(screen: Screen) -> str:
    """Return the ticket that a screen shows for a report. It is empty on any other, also on help in its place."""
    found = re.search(r"\d{4}-\d{4}", screen.text) if (screen.label or "").startswith("ticket") else None
    return found[0] if found else ""


def sends(menu: Menu, place: Session) -> bool:
    """Return True if the first option here files the report."""
    options = menu.states[place.state].options.values()
    return any(menu.states[target].source == "file_report" for target in [*options][:1])
