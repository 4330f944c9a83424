"""Command of the history checker: `python -m tests.faults.history --seed 7 [--seeds 20] [--seconds 15]`.

Prints what contradicts what, and how to repeat it. A seed repeats the faults and the keys, not the threads' timing.
The exit status is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from tests.faults.history.run import Plan, run_seed

_SHOWN = 12


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.history", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed [1]")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other [1]")
    parser.add_argument("--seconds", type=float, default=15, help="of residents and troubles, each [15]")
    parser.add_argument("--residents", type=int, default=16, help="phones [16]")
    parser.add_argument("--calm", action="store_true", help="make no troubles")
    options = parser.parse_args()
    plan = (Plan.calm if options.calm else Plan)(options.seconds, options.residents)
    again = f"--seconds {options.seconds:g} --residents {options.residents}" + (" --calm" if options.calm else "")
    unclean = [
        seed
        for seed in range(options.seed, options.seed + options.seeds)
        if not _run(seed, plan, f"--seed {seed} {again}")
    ]
    if unclean:
        sys.exit(f"not clean: seeds {', '.join(map(str, unclean))}")


def _run(seed: int, plan: Plan, again: str) -> bool:
    """Run one seed. Returns True if it is clean. `again` are the options that repeat it."""
    began = time.monotonic()
    outcome = asyncio.run(run_seed(seed, plan))
    print(f"seed {seed}: {outcome.summary} ({time.monotonic() - began:.0f} s)", flush=True)
    for one in outcome.found[:_SHOWN]:
        print(one, flush=True)
    if outcome.found:
        print(f"{len(outcome.found)} found. Again: python -m tests.faults.history {again}", flush=True)
    return not outcome.found


if __name__ == "__main__":
    main()
