"""What a dialogue makes the gateway do: file a report, see how one stands, add to it, erase a number, subscribe.

Each effect ends as one of the outcomes that `menu.shapes.EFFECTS` lists for it. Each may be asked for twice and is done
once: a callback that is repeated because nobody remembers the first one changes nothing more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from gateway.incidents.drafts import DraftStore
from gateway.incidents.incident import REQUIRED_ANSWERS
from gateway.incidents.reporter import Reporter
from gateway.incidents.ticket_attempts import TicketAttempts
from gateway.menu.model import Menu
from gateway.menu.session import NO_VALUES
from gateway.messages.suppression import OptOuts
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.text import ticket as tickets
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.filing import Filing

log = structlog.get_logger()


REQUIRED_BY_EFFECT: Mapping[str, frozenset[str]] = {
    "file_report": REQUIRED_ANSWERS,
    "find_report": frozenset({"ticket"}),
    "add_details": frozenset({"ticket", "details"}),
    "erase_number": frozenset({"ticket"}),
    "subscribe": frozenset({"area"}),
    "unsubscribe": frozenset(),
    "delete_draft": frozenset(),
}
"""The answers without which an effect cannot be carried out."""

EffectResult = tuple[str, Mapping[str, str]]  # the outcome that the menu goes on with, and what was learnt
FAILED: EffectResult = ("failed", NO_VALUES)


class Effects:
    """Carries out what the menu asks for, while a resident waits."""

    def __init__(
        self,
        filing: Filing,
        reporter: Reporter,
        drafts: DraftStore,
        subscriptions: Subscriptions,
        opt_outs: OptOuts,
        tries: TicketAttempts,
        deadline: float,
    ) -> None:
        """`deadline` in seconds is the most that PostgreSQL may take for one effect."""
        self._filing = filing
        self._reporter = reporter
        self._drafts = drafts
        self._subscriptions = subscriptions
        self._opt_outs = opt_outs
        self._tries = tries
        self._deadline = deadline
        self._known: Mapping[str, Callable[[Menu, EffectRequest], Awaitable[EffectResult]]] = {
            "file_report": self._file_report,
            "find_report": self._find_report,
            "add_details": self._add_details,
            "erase_number": self._erase_number,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "delete_draft": self._delete_draft,
        }

    async def carry_out(self, effect: str, menu: Menu, statement: EffectRequest) -> EffectResult:
        """Do it, and say how it ended. `failed` means that nothing was changed."""
        try:
            outcome, learnt = await self._known[effect](menu, statement)
        except (DatabaseUnavailable, RedisUnavailable, ValueError) as error:
            log.warning(
                "effect.failed",
                effect=effect,
                channel=statement.channel,
                session=statement.session,
                error=type(error).__name__,
            )
            return FAILED
        return outcome, learnt

    async def _file_report(self, _: Menu, statement: EffectRequest) -> EffectResult:
        return await self._filing.file(statement)

    async def _find_report(self, menu: Menu, statement: EffectRequest) -> EffectResult:
        if await self._tries.count_wrong(statement.phone) >= menu.rules.ticket_tries_per_hour:
            return "locked", NO_VALUES
        found = await self._reporter.find_status(_ticket(statement), statement.phone, deadline=self._deadline)
        if found is None:
            await self._tries.add_wrong(
                statement.phone, f"{statement.channel}:{statement.session}:{statement.callback}"
            )
            return "none", NO_VALUES
        return "found", {"status": found.status.value, "date": menu.format_time(found.updated_at)}

    async def _add_details(self, _: Menu, statement: EffectRequest) -> EffectResult:
        added = await self._reporter.add_details(
            _ticket(statement),
            statement.phone,
            statement.answers.get("details", ""),
            channel=statement.channel,
            session=statement.session,
            deadline=self._deadline,
        )
        return ("added", NO_VALUES) if added else FAILED

    async def _erase_number(self, _: Menu, statement: EffectRequest) -> EffectResult:
        # Where it is not there, it was erased before, by this very callback perhaps: true in any case, and no failure.
        await self._reporter.erase_number(_ticket(statement), statement.phone, deadline=self._deadline)
        return "erased", NO_VALUES

    async def _subscribe(self, menu: Menu, statement: EffectRequest) -> EffectResult:
        await self._subscriptions.subscribe(
            statement.phone,
            statement.answers["area"],
            language=statement.language,
            channel=statement.channel,
            wording=menu.version,
            deadline=self._deadline,
        )
        return "done", NO_VALUES

    async def _unsubscribe(self, _: Menu, statement: EffectRequest) -> EffectResult:
        await self._opt_outs.add(statement.phone, statement.channel, deadline=self._deadline)
        return "done", NO_VALUES

    async def _delete_draft(self, _: Menu, statement: EffectRequest) -> EffectResult:
        await self._drafts.delete(statement.phone, deadline=self._deadline)
        return "deleted", NO_VALUES


def _ticket(statement: EffectRequest) -> str:
    return tickets.parse(statement.answers.get("ticket", "")) or ""
