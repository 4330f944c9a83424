"""Cost of one `engine.step` on the real pack, along a whole report."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from gateway.menu import engine
from gateway.menu.pack.loader import load
from gateway.runtime.pack_folder import read_pack
from tests.bench.servers import KEYS

WALKS = 300


def microseconds_per_step() -> float:
    """Return the median over the steps of many walks."""
    menu = load(read_pack(Path("menus/pekalongan")))
    given, today = {"ussd": "*384*3375#"}, date(2026, 11, 28)
    times = []
    for _ in range(WALKS):
        session = engine.begin(menu, given=given).session
        for keys in KEYS:
            started = perf_counter()
            step = engine.step(menu, session, keys, given=given, today=today)
            times.append(perf_counter() - started)
            session = step.session
    return median(times) * 1e6
