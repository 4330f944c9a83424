"""Benchmark of the start of each verb: processor time until it knows its options, which is when its work begins."""

from __future__ import annotations

import os
import subprocess
from statistics import median

from gateway.cli import VERBS
from tests.bench.targets import Targets
from tests.helpers.program import COMMAND

MOST_START_S = 0.4
RUNS = 5
SERVERS = frozenset({"run", "web", "worker"})  # they start once, and import everything that a hop needs


def measure_verbs(targets: Targets) -> None:
    """Measure every verb, `waspada VERB --help`. The slowest one counts."""
    medians = {verb: median(_start_seconds(verb) for _ in range(RUNS)) for verb in VERBS}
    print("processor time of a start, s: " + ", ".join(f"{verb} {seconds:.2f}" for verb, seconds in medians.items()))
    slowest = max(seconds for verb, seconds in medians.items() if verb not in SERVERS)
    targets.at_most("start of the slowest verb", slowest, MOST_START_S, "s of processor time", digits=2)


def _start_seconds(verb: str) -> float:
    before = os.times()
    subprocess.run([*COMMAND, verb, "--help"], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system
