"""A finished dialogue becomes an incident: at once, or, where PostgreSQL is away, as soon as it is back."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from gateway.incidents import ticket
from gateway.incidents.book import Book, Filed, SessionOfAnotherPhone
from gateway.incidents.incident import Report
from gateway.menu.definition import Menu
from gateway.runtime.postgres import DatabaseAway
from gateway.runtime.redis import RedisAway
from gateway.text.wording import fill
from gateway.ussd.unfiled import Finished, UnfiledReports

log = structlog.get_logger()


class Filing:
    """Files finished dialogues in the book of incidents and keeps those that have to wait."""

    def __init__(self, menu: Menu, book: Book, unfiled: UnfiledReports, deadline: float) -> None:
        """`deadline` in seconds is the most that filing may take while a resident waits."""
        self._menu = menu
        self._book = book
        self._unfiled = unfiled
        self._deadline = deadline

    async def file(self, finished: Finished) -> tuple[str, Mapping[str, str]]:
        """The outcome that the menu goes on with (`filed`, `kept`, `failed`) and what was learnt: the ticket.

        `filed` means committed, `kept` means safe in Redis: no screen says more than is true (promise 1).
        """
        try:
            filed = await self._enter(finished, self._deadline)
        except DatabaseAway:
            return await self._keep(finished)
        except (SessionOfAnotherPhone, ValueError) as error:
            log.warning(
                "incident.refused",
                channel=finished.channel,
                session=finished.session,
                error=type(error).__name__,
            )
            return "failed", {}
        return "filed", {"ticket": ticket.show(filed.ticket)}

    async def file_kept(self) -> int:
        """File every kept report; the number of those filed. Stops quietly where a store is (still) away."""
        count = 0
        try:
            async for name, finished in self._unfiled.waiting():
                count += await self._file_late(name, finished)
        except (DatabaseAway, RedisAway):
            pass
        return count

    async def _file_late(self, name: bytes, finished: Finished | None) -> bool:
        """Whether a kept report is filed now; one that never can be is set aside."""
        if finished is None:
            return await self._set_aside(name, "Unreadable")
        try:
            filed = await self._enter(finished)
        except (SessionOfAnotherPhone, ValueError) as error:
            return await self._set_aside(name, type(error).__name__)
        await self._unfiled.done(name)
        log.info("incident.filed_late", channel=finished.channel, session=finished.session, ticket=filed.ticket)
        return True

    async def _set_aside(self, name: bytes, error: str) -> bool:
        log.error("incident.unfileable", entry=name.decode(errors="replace"), error=error)
        await self._unfiled.set_aside(name)
        return False

    async def _keep(self, finished: Finished) -> tuple[str, Mapping[str, str]]:
        try:
            await self._unfiled.keep(finished)
        except RedisAway:
            log.error("incident.not_kept", channel=finished.channel, session=finished.session)
            return "failed", {}
        log.warning("incident.kept", channel=finished.channel, session=finished.session)
        return "kept", {}

    async def _enter(self, finished: Finished, deadline: float | None = None) -> Filed:
        # A pack may have lost a language since it was kept.
        words = self._menu.wordings.get(finished.language) or self._menu.wordings[self._menu.language]

        def confirmation(number: str) -> str:
            values = self._menu.values({**finished.answers, "ticket": ticket.show(number)}, words.language, {})
            return fill(words.sms["received"], values)

        report = Report.from_answers(
            finished.answers,
            language=finished.language,
            channel=finished.channel,
            session=finished.session,
            received_at=finished.received_at,
        )
        return await self._book.file(report, finished.phone, confirmation, deadline=deadline)
