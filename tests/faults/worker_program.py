"""A worker in a process of its own, to be killed: `python -m tests.faults.worker_program DATABASE_URL API_URL NAME`.

It speaks to API_URL as Africa's Talking, and gives up a lost claim after half a second instead of five minutes.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta

import aiohttp

from gateway.carriers.africastalking import AfricasTalking
from gateway.messages.outbox import Outbox
from gateway.messages.sending import Pace, Sender
from gateway.people.vault import Vault
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database

KEY = bytes(range(32))
LOST_AFTER = timedelta(milliseconds=500)
PACE = Pace(
    idle=timedelta(milliseconds=20),
    lost_after=LOST_AFTER,
    resend_after=timedelta(0),
    sweep=timedelta(milliseconds=100),
)


async def main(database_url: str, api_url: str, name: str) -> None:
    database = Database(database_url)
    clock = Clock()
    async with aiohttp.ClientSession() as http:
        carrier = AfricasTalking("at", "sandbox", "key", http, api_url=api_url)
        sender = Sender(Outbox(database, Vault(KEY), clock), {"at": carrier}, clock, name, PACE)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sender.stop)
        await sender.run()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
