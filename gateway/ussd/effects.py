"""Effects of a dialogue: file a report, look up a ticket, add details, erase a number, subscribe.

Each effect ends as one of the outcomes that `menu.pack.schema.EFFECTS` lists for it. Effects are idempotent: a repeated
callback, whose first answer was lost, changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import structlog

from gateway.incidents.drafts import DraftStore
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


EffectResult = tuple[str, Mapping[str, str]]  # the outcome that the menu continues with, and values for its texts
FAILED: EffectResult = ("failed", NO_VALUES)


class Effects:
    def __init__(
        self,
        filing: Filing,
        reporter: Reporter,
        drafts: DraftStore,
        subscriptions: Subscriptions,
        opt_outs: OptOuts,
        attempts: TicketAttempts,
        deadline: float,
    ) -> None:
        """Create the effects. `deadline` in seconds bounds the transaction of each."""
        self._filing = filing
        self._reporter = reporter
        self._drafts = drafts
        self._subscriptions = subscriptions
        self._opt_outs = opt_outs
        self._attempts = attempts
        self._deadline = deadline
        self._methods: Mapping[str, Callable[[Menu, EffectRequest], Awaitable[EffectResult]]] = {
            "file_report": self._file_report,
            "complete_report": self._complete_report,
            "find_report": self._find_report,
            "add_details": self._add_details,
            "erase_number": self._erase_number,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
            "delete_draft": self._delete_draft,
        }

    async def carry_out(self, effect: str, menu: Menu, request: EffectRequest) -> EffectResult:
        """Carry out an effect. The outcome `failed` means that nothing was changed, `unknown` that something may be."""
        try:
            return await self._methods[effect](menu, request)
        except (DatabaseUnavailable, RedisUnavailable, ValueError) as error:
            log.warning(
                "effect.failed",
                effect=effect,
                channel=request.channel,
                session=request.session,
                error=type(error).__name__,
            )
            return FAILED

    async def find_filed(self, request: EffectRequest) -> EffectResult | None:
        """Return the ticket of the report that was filed in this session. Returns None without one.

        Returns None also if PostgreSQL is unavailable.
        """
        try:
            return await self._filing.find_filed(request)
        except DatabaseUnavailable:
            return None

    async def complete_later(self, request: EffectRequest) -> None:
        """Have a filed report completed by the worker. Raises `RedisUnavailable`."""
        await self._filing.complete_later(request)

    async def repeat(self, effect: str, menu: Menu, request: EffectRequest) -> EffectResult:
        """Return the outcome of an effect that was carried out before. Nothing is carried out now.

        The outcome `another` means that this call has filed a report, and that it says something else.
        """
        if effect != "file_report":
            return FAILED
        try:
            if found := await self._filing.find_filed(request, menu.form):
                return found
            return ("another", NO_VALUES) if await self._filing.find_filed(request) else FAILED
        except DatabaseUnavailable:
            return "unknown", NO_VALUES

    async def _file_report(self, menu: Menu, request: EffectRequest) -> EffectResult:
        return await self._filing.file(request, menu.form)

    async def _complete_report(self, _: Menu, request: EffectRequest) -> EffectResult:
        return await self._filing.complete(request)

    async def _find_report(self, menu: Menu, request: EffectRequest) -> EffectResult:
        if await self._attempts.count_wrong(request.phone) >= menu.rules.ticket_tries_per_hour:
            return "locked", NO_VALUES
        found = await self._reporter.find_status(_ticket(request), request.phone, deadline=self._deadline)
        if found is None:
            attempt = f"{request.channel}:{request.session}:{request.callback}"
            await self._attempts.add_wrong(request.phone, attempt)
            return "none", NO_VALUES
        shown = {"status": found.status.value, "date": menu.format_time(found.updated_at)}
        # The category is an answer from here on, so that the log writes no more than of the dialogue that filed it.
        return "found", shown | ({"category": found.category} if menu.is_restricted(found.category) else {})

    async def _add_details(self, _: Menu, request: EffectRequest) -> EffectResult:
        added = await self._reporter.add_details(
            _ticket(request),
            request.phone,
            request.answers.get("details", ""),
            channel=request.channel,
            session=request.session,
            deadline=self._deadline,
        )
        return ("added", NO_VALUES) if added else FAILED

    async def _erase_number(self, _: Menu, request: EffectRequest) -> EffectResult:
        # No number found means erased earlier, perhaps by this very callback. That is no failure.
        await self._reporter.erase_number(_ticket(request), request.phone, deadline=self._deadline)
        return "erased", NO_VALUES

    async def _subscribe(self, menu: Menu, request: EffectRequest) -> EffectResult:
        subscribed = await self._subscriptions.subscribe(
            request.phone,
            request.answers["area"],
            language=request.language,
            channel=request.channel,
            wording=menu.version,
            at=request.at,
            deadline=self._deadline,
        )
        return ("done", NO_VALUES) if subscribed else FAILED

    async def _unsubscribe(self, _: Menu, request: EffectRequest) -> EffectResult:
        in_force = await self._opt_outs.add(request.phone, request.channel, at=request.at, deadline=self._deadline)
        return ("done", NO_VALUES) if in_force else FAILED

    async def _delete_draft(self, _: Menu, request: EffectRequest) -> EffectResult:
        """Erase the draft, unless its report was sent, although the screen that said so was lost.

        The earlier calls are marked first, so that a Send of them is either found now or files nothing later.
        """
        try:
            calls = request.earlier_calls
            await self._drafts.delete(request.phone, calls=calls, deadline=self._deadline / 2)
            filed = await self._filing.find_filed(request) or await self._filing.find_kept(request)
        except (DatabaseUnavailable, RedisUnavailable):
            if request.resumed:
                raise
            return "deleted", NO_VALUES  # nothing of this dialogue was sent, and nothing is kept
        return filed or ("deleted", NO_VALUES)


def _ticket(request: EffectRequest) -> str:
    return tickets.parse(request.answers.get("ticket", "")) or ""
