"""Verbs `run`, `web` and `worker`: the processes of the gateway."""

from __future__ import annotations

import asyncio
import functools
import gc
import shlex
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import click
import uvloop

from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options
from gateway.web.hook_urls import authority
from gateway.web.server import serve
from gateway.wiring.carriers import read_settings
from gateway.wiring.container import open_services
from gateway.wiring.key_check import verify_key
from gateway.wiring.processes import health_app, run_worker, watch_stores, web_app
from gateway.wiring.standalone import run_standalone

_on_uvloop = functools.partial(run_async, loop_factory=uvloop.new_event_loop)


@click.command()
@gateway_options
@click.option("--port", type=int, help="The port to listen on [8080].")
@click.option("--pack", type=click.Path(path_type=Path), help="The folder of the menu pack [menus/pekalongan].")
@_on_uvloop
async def run(config: Path | None, data: Path | None, port: int | None, pack: Path | None) -> None:
    """Run the whole gateway on this machine, with a Redis and a PostgreSQL of its own."""
    settings = read_settings(config, data=data, port=port, pack=pack)
    async with run_standalone(settings, sys.stderr) as running:
        click.echo(running.greeting(_options_for(config, data)))
        await _run_until_stopped()
        click.echo("Stopping")


@click.command()
@gateway_options
@click.option("--port", type=int, help="The port to listen on [8080].")
@_on_uvloop
async def web(config: Path | None, data: Path | None, port: int | None) -> None:
    """Serve the carriers' webhooks, over your own Redis and PostgreSQL."""
    settings = read_settings(config, data=data, port=port)
    async with (
        open_services(settings, sys.stderr) as services,
        verify_key(services) as proof,
        watch_stores(services),
        serve(web_app(services), settings.host, settings.port),
    ):
        click.echo(f"Waspada serves webhooks on {authority(settings.host, settings.port)}")
        await _run_until_stopped(proof)


@click.command()
@gateway_options
@_on_uvloop
async def worker(config: Path | None, data: Path | None) -> None:
    """Send SMS and file pending reports, over your own Redis and PostgreSQL."""
    settings = read_settings(config, data=data)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(open_services(settings, sys.stderr))
        proof = await stack.enter_async_context(verify_key(services))
        await stack.enter_async_context(watch_stores(services))
        if settings.worker_port:
            app = health_app(services)
            await stack.enter_async_context(serve(app, settings.host, settings.worker_port))
        await stack.enter_async_context(run_worker(services))
        click.echo("Waspada sends")
        await _run_until_stopped(proof)


def _options_for(config: Path | None, data: Path | None) -> str:
    """Return the options with which another command finds this gateway, each after a blank."""
    given = {"config": config, "data": data}
    return "".join(f" --{name} {shlex.quote(str(path))}" for name, path in given.items() if path is not None)


async def _run_until_stopped(proof: asyncio.Future[None] | None = None) -> None:
    """Return at the first SIGINT or SIGTERM. Raises the exception of `proof` as soon as it fails.

    Objects of the start live as long as the process, so the garbage collector is told to skip them. Those of a hop are
    freed with it by reference counting, so that fewer collections miss nothing.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if proof is not None:
        proof.add_done_callback(lambda done: stop.set() if _failed(done) else None)
    await stop.wait()
    if proof is not None and proof.done():
        proof.result()


def _failed(done: asyncio.Future[None]) -> bool:
    return not done.cancelled() and done.exception() is not None
