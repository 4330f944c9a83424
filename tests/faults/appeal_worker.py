"""A worker of appeals in a process of its own, to be killed: `python -m tests.faults.appeal_worker URL API_URL NAME`.

It expands and sends as the gateway's worker does, and gives up a lost claim after a second instead of five minutes.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from pathlib import Path

import aiohttp

from gateway.appeals.appeal import Brake
from gateway.appeals.campaign import Terms
from gateway.appeals.running import Runner
from gateway.carriers.africastalking import AfricasTalking
from gateway.menu.definition import Menu
from gateway.menu.loading import load
from gateway.messages.channels import Channels
from gateway.messages.outbox import Outbox
from gateway.messages.sending import Pace, Sender
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.packs import read_pack
from gateway.runtime.postgres import Database
from tests.faults.worker_program import KEY

TERMS = Terms({"at": "*384*3375#"}, brake=Brake(share=1.0), ahead=400, chunk=150)
PACE = Pace(
    batch=50,
    recipients=25,
    calls=4,
    rounds=1,
    idle=timedelta(milliseconds=20),
    lost_after=timedelta(seconds=1),
    sweep=timedelta(milliseconds=100),
)


def sleepless() -> Menu:
    """Pekalongan's pack without quiet hours: a test runs at any time of the day."""
    files = read_pack(Path("menus/pekalongan"))
    return load({**files, "rules.yaml": 'quiet_hours: {from: "00:00", to: "00:00"}\nresume: {sms: true}\n'})


async def main(database_url: str, api_url: str, name: str) -> None:
    database, clock, menu = Database(database_url), Clock(), sleepless()
    runner = Runner(database, clock, lambda: menu, TERMS)
    async with aiohttp.ClientSession() as http:
        carrier = AfricasTalking("at", "sandbox", "key", http, api_url=api_url)
        outbox = Outbox(database, Vault(KEY), clock)
        sender = Sender(outbox, Channels(database, clock), {"at": carrier}, clock, name, PACE)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sender.stop)
        sending = asyncio.create_task(sender.run())
        while not sending.done():
            if not await runner.look():
                await asyncio.sleep(0.02)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
