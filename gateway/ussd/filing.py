"""A finished dialogue becomes an incident: at once, or, where PostgreSQL is away, as soon as it is back."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from gateway.incidents.incident import Report
from gateway.incidents.store import FiledReport, IncidentStore, SessionOfAnotherPhone
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.text import ticket
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.pending_reports import PendingReports

log = structlog.get_logger()


class Filing:
    """Files finished dialogues in the book of incidents and keeps those that have to wait."""

    def __init__(
        self,
        versions: MenuVersions,
        book: IncidentStore,
        unfiled: PendingReports,
        service_codes: Mapping[str, str],
        deadline: float,
    ) -> None:
        """`service_codes` are what is dialled on each channel; `deadline` in seconds is the most that filing may take
        while a resident waits.
        """
        self._versions = versions
        self._book = book
        self._unfiled = unfiled
        self._service_codes = service_codes
        self._deadline = deadline

    async def file(self, statement: EffectRequest) -> tuple[str, Mapping[str, str]]:
        """The outcome that the menu goes on with (`filed`, `kept`, `failed`) and what was learnt: the ticket.

        `filed` means committed, `kept` means safe in Redis: no screen says more than is true (promise 1).
        """
        try:
            filed = await self._enter(statement, self._deadline)
        except DatabaseUnavailable:
            return await self._keep(statement)
        except (SessionOfAnotherPhone, ValueError) as error:
            log.warning(
                "incident.refused",
                channel=statement.channel,
                session=statement.session,
                error=type(error).__name__,
            )
            return "failed", {}
        return "filed", {"ticket": ticket.with_dash(filed.ticket)}

    async def file_pending(self) -> int:
        """File every kept report; the number of those filed. Stops quietly where a store is (still) away."""
        count = 0
        try:
            async for name, statement in self._unfiled.scan():
                try:
                    count += await self._file_late(name, statement)
                except (DatabaseUnavailable, RedisUnavailable):
                    raise
                except Exception:  # one that is wrong must not hide those behind it
                    log.exception("incident.not_filed_late", entry=name.decode(errors="replace"))
        except (DatabaseUnavailable, RedisUnavailable):
            pass
        return count

    async def _file_late(self, name: bytes, statement: EffectRequest | None) -> bool:
        """Whether a kept report is filed now; one that never can be is set aside."""
        if statement is None:
            return await self._set_aside(name, "Unreadable")
        try:
            filed = await self._enter(statement)
        except (SessionOfAnotherPhone, ValueError) as error:
            return await self._set_aside(name, type(error).__name__)
        await self._unfiled.remove(name)
        log.info("incident.filed_late", channel=statement.channel, session=statement.session, ticket=filed.ticket)
        return True

    async def _set_aside(self, name: bytes, error: str) -> bool:
        log.error("incident.unfileable", entry=name.decode(errors="replace"), error=error)
        await self._unfiled.set_aside(name)
        return False

    async def _keep(self, statement: EffectRequest) -> tuple[str, Mapping[str, str]]:
        try:
            await self._unfiled.add(statement)
        except RedisUnavailable:
            log.error("incident.not_kept", channel=statement.channel, session=statement.session)
            return "failed", {}
        log.warning("incident.kept", channel=statement.channel, session=statement.session)
        return "kept", {}

    async def _enter(self, statement: EffectRequest, deadline: float | None = None) -> FiledReport:
        def confirmation(number: str) -> str:
            answers = {**statement.answers, "ticket": ticket.with_dash(number)}
            given = {"ussd": self._service_codes.get(statement.channel, "")}
            return self._versions.current.sms_text("received", statement.language, answers, given)

        report = Report.from_answers(
            statement.answers,
            language=statement.language,
            channel=statement.channel,
            session=statement.session,
            received_at=statement.at,
        )
        return await self._book.file(report, statement.phone, confirmation, deadline=deadline)
