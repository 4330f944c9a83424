"""Benchmarks of `make bench`: whole journeys over HTTP on the gateway's web process and on a bare handler, in turns.

Both servers are pinned to one core, the residents to another. The result is the processor time of the server per hop,
as a ratio within the same run: the one figure that is stable on a noisy machine. The gateway runs with everything on:
masking, logs and their tail, metrics, encryption, filing of the report.

Before that, one worker drains queues of SMS (`tests.bench.sending`), an audience of a million people is previewed,
frozen and expanded (`tests.bench.appeals`), confirmations go out while an appeal does (`tests.bench.confirmations`),
its delivery reports are stored (`tests.bench.reports`), and each verb of the command starts (`tests.bench.verbs`).
Each figure with a target is printed with it. The exit status is 1 if one was missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

import uvloop
from redis.asyncio import Redis

from gateway.runtime.embedded import EmbeddedStores
from gateway.runtime.schema import upgrade
from tests.bench.appeals import measure_appeals
from tests.bench.confirmations import measure_confirmations
from tests.bench.engine_step import microseconds_per_step
from tests.bench.reports import measure_reports
from tests.bench.residents import PHONES, Tally, walk
from tests.bench.sending import measure_sending
from tests.bench.servers import KEYS, Server, bare_handler, gateway_web
from tests.bench.targets import Targets
from tests.bench.verbs import measure_verbs

MOST_STEP_US, MOST_WEB_MB, MOST_SESSION_BYTES, MOST_RATIO = 40, 150, 600, 1.0
_Measured = dict[str, list[tuple[float, Tally]]]


async def main() -> None:
    options, targets = _options(), Targets()
    if options.only in (None, "sending"):
        await measure_sending(targets)
    if options.only in (None, "appeals"):
        await measure_appeals(targets)
        await measure_confirmations(targets)
    if options.only in (None, "reports"):
        await measure_reports(targets)
    if options.only in (None, "verbs"):
        measure_verbs(targets)
    if options.only in (None, "ussd"):
        await _measure_ussd(options, targets)
    if targets.missed:
        sys.exit(1)


async def _measure_ussd(options: argparse.Namespace, targets: Targets) -> None:
    """Measure hops. The last printed line, which is the last one of the bench, is the ratio."""
    targets.at_most("engine.step on the real pack, median", microseconds_per_step(), MOST_STEP_US, "µs", digits=1)
    server_core, client_core = _cores()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stores = await EmbeddedStores.start(folder / "data")
        stack.push_async_callback(stores.stop)
        await upgrade(stores.database_url)
        servers = [
            await stack.enter_async_context(start(stores, folder, server_core)) for start in (bare_handler, gateway_web)
        ]
        os.sched_setaffinity(0, {client_core})
        measured = await _measure(servers, options)
        sizes = await _stored_sessions(servers[-1], stores, options)
        _show(servers, measured)
        targets.at_most("memory of the web process", servers[-1].memory_mb(), MOST_WEB_MB, "MB")
    targets.at_most("the largest stored session", max(sizes), MOST_SESSION_BYTES, "bytes")
    ratios = _ratios(servers, measured)
    print(f"ratios of neighbouring rounds: {', '.join(f'{ratio:.2f}' for ratio in ratios)}; their median counts")
    targets.at_most("processor time per hop", median(ratios), MOST_RATIO, "of the bare handler's", digits=2)
    print(f"ratio to the bare handler: {median(ratios):.2f}")


async def _measure(servers: list[Server], options: argparse.Namespace) -> _Measured:
    """Return CPU seconds and tally of each round, by server. A first round of each is a warm-up and is dropped."""
    measured: _Measured = {server.name: [] for server in servers}
    for number in range(options.rounds + 1):
        for server in servers if number % 2 else reversed(servers):
            before = server.cpu_seconds()
            tally = await walk(
                server.port, server.path, KEYS, options.residents, options.journeys, number, server.verify
            )
            if number:
                measured[server.name].append((server.cpu_seconds() - before, tally))
    return measured


async def _stored_sessions(gateway: Server, stores: EmbeddedStores, options: argparse.Namespace) -> list[int]:
    """Return the bytes of each dialogue in Redis at its largest: just before the report is sent."""
    async with Redis.from_url(stores.redis_url) as redis:
        await redis.flushdb()
        seed = options.rounds + 1
        await walk(gateway.port, gateway.path, KEYS[:-1], options.residents, options.journeys, seed, gateway.verify)
        keys = {key async for key in redis.scan_iter("waspada:ussd:*", count=1000)}
        return [await redis.memory_usage(key) or 0 for key in keys]


def _show(servers: list[Server], measured: _Measured) -> None:
    print(f"{'server':<10} {'CPU s/1000 hops':>16} {'hops/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'MB':>6}")
    for server in servers:
        rounds = measured[server.name]
        cost = median(cpu / tally.hops * 1000 for cpu, tally in rounds)
        rate = median(tally.hops / tally.seconds for _, tally in rounds)
        times = [median(tally.percentile(share) for _, tally in rounds) for share in (0.5, 0.95, 0.99)]
        print(
            f"{server.name:<10} {cost:>16.3f} {rate:>8.0f} "
            f"{times[0]:>8.1f} {times[1]:>8.1f} {times[2]:>8.1f} {server.memory_mb():>6.0f}"
        )


def _ratios(servers: list[Server], measured: _Measured) -> list[float]:
    """Return the sorted ratios of processor time per hop, gateway to bare handler, of neighbouring rounds."""
    bare, gateway = servers
    pairs = zip(measured[gateway.name], measured[bare.name], strict=True)
    return sorted((ours[0] / ours[1].hops) / (theirs[0] / theirs[1].hops) for ours, theirs in pairs)


def _cores() -> tuple[int, int]:
    """Return a core for the servers under test, and another for the residents."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("The bench needs two cores: one for the server, one for its residents.")
    return cores[0], cores[1]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--only", choices=["ussd", "sending", "appeals", "reports", "verbs"], help="one part alone; by default all"
    )
    parser.add_argument("--residents", type=int, default=64, help="at the same time [64]")
    parser.add_argument("--journeys", type=int, default=10, help="of each resident in a round [10]")
    parser.add_argument("--rounds", type=int, default=9, help="of each server, in turns [9]")
    options = parser.parse_args()
    if options.residents * options.journeys * (options.rounds + 2) > PHONES:
        parser.error(f"there are {PHONES} phones, one for each journey")
    return options


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
