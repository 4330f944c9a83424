"""Readiness of a process: a probe for each store, and the reasons why one cannot be used."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

log = structlog.get_logger()

Probe = Callable[[float], Awaitable[None]]
"""Function that returns when the store takes writes, and raises if it does not within so many seconds."""
PROBE_SECONDS = 1.0
UNREACHABLE = "It cannot be reached: is it running, and is its address right?"


class NotReady(Exception):
    """Error: a store cannot be used. The text is public: it names no host, no user and no secret."""

    def __init__(self, reason: str, *, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable or reason == UNREACHABLE
        """True if it is not known what is there, if anything."""


class Readiness:
    """Probes of the stores. At most one of each runs at a time, however many callers wait for it."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes
        self._running: asyncio.Task[dict[str, NotReady]] | None = None
        self._known: dict[str, str] = {}

    async def faults(self, seconds: float = PROBE_SECONDS) -> dict[str, NotReady]:
        """Return the fault of each store that takes no writes within so many seconds. A change is logged."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._probe_all(seconds))
        return await asyncio.shield(self._running)

    async def _probe_all(self, seconds: float) -> dict[str, NotReady]:
        answers = await asyncio.gather(*(_fault(probe, seconds) for probe in self._probes.values()))
        faults = {name: fault for name, fault in zip(self._probes, answers, strict=True) if fault}
        self._log_changes({name: str(fault) for name, fault in faults.items()})
        return faults

    def _log_changes(self, reasons: dict[str, str]) -> None:
        for name in self._probes:
            before, now = self._known.get(name), reasons.get(name)
            if now and now != before:
                log.warning("store.unusable", store=name, reason=now)
            elif before and not now:
                log.info("store.usable", store=name)
        self._known = reasons


async def _fault(probe: Probe, seconds: float) -> NotReady | None:
    try:
        await probe(seconds)
    except NotReady as fault:
        return fault
    except TimeoutError:
        return NotReady(f"It has not answered within {seconds:g} s.", unreachable=True)
    except Exception:
        # Its text may name hosts and users, and the page is open to all.
        log.exception("store.probe_failed")
        return NotReady("It cannot be used: see the log.")
    return None
