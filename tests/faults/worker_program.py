"""A worker in a process of its own, to be killed: `python -m tests.faults.worker_program DATABASE_URL API_URL NAME`.

It speaks to API_URL as Africa's Talking. With `dawdles` as a fourth word it never makes a call. As in the product a
sweep gives up a claim after five minutes: a test makes the claims of a killed worker older (`expire_claims`).
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from datetime import timedelta

import aiohttp

from gateway.carriers.africastalking.carrier import AfricasTalking
from gateway.carriers.carrier import Outcome
from gateway.messages.channel_state import Channels
from gateway.messages.outbox import Outbox
from gateway.messages.sending.sender import Sender, SenderOptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault

KEY = bytes(range(32))
OPTIONS = SenderOptions(
    idle_poll=timedelta(milliseconds=20),
    requeue_unknown_after=timedelta(0),
    sweep_interval=timedelta(milliseconds=100),
)


class Dawdler(AfricasTalking):
    """Carrier whose calls never begin: the claims stay unsent."""

    async def send(self, text: str, recipients: Sequence[Phone]) -> dict[Phone, Outcome]:
        await asyncio.sleep(3600)
        return {}


async def main(database_url: str, api_url: str, name: str, manner: str = "") -> None:
    database = Database(database_url)
    clock = Clock()
    async with aiohttp.ClientSession() as http:
        kind = Dawdler if manner == "dawdles" else AfricasTalking
        carrier = kind("at", "sandbox", "key", http, api_url=api_url)
        sender = Sender(
            Outbox(database, Vault(KEY), clock), Channels(database, clock), {"at": carrier}, clock, name, OPTIONS
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sender.stop)
        await sender.run()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
