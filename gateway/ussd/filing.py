"""Filing of a finished dialogue: an incident at once, or a pending report while PostgreSQL is unavailable."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from gateway.incidents.calling_off import SendingCall
from gateway.incidents.report import Report
from gateway.incidents.store import CalledOff, FiledReport, IncidentStore, SessionOfAnotherPhone
from gateway.menu.definitions.report_form import ReportForm
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.runtime.redis import RedisUnavailable
from gateway.text import ticket
from gateway.ussd.effect_request import EffectRequest
from gateway.ussd.menu_versions import MenuVersions
from gateway.ussd.pending_reports import PendingReports

log = structlog.get_logger()

BY_DUTY = "by_duty"
"""Name of a value of the outcome `filed` that no text shows: the report counts against no limit of the day."""


class Filing:
    def __init__(
        self,
        versions: MenuVersions,
        incidents: IncidentStore,
        pending: PendingReports,
        pending_answers: PendingReports,
        service_codes: Mapping[str, str],
        deadline: float,
    ) -> None:
        """Create the filing. `service_codes` has the code that is dialled on each channel.

        `pending_answers` are those that wait to complete a filed report.
        `deadline` in seconds bounds the filing while a resident waits.
        """
        self._versions = versions
        self._incidents = incidents
        self._pending = pending
        self._pending_answers = pending_answers
        self._service_codes = service_codes
        self._deadline = deadline

    async def file(self, request: EffectRequest, form: ReportForm | None = None) -> tuple[str, Mapping[str, str]]:
        """File a report while its resident waits. Idempotent for its channel and session.

        `form` is that of the menu which asked; without it, it is the current one. Returns the outcome that the menu
        continues with, and the values that its texts may show. `filed` means committed and comes with the ticket,
        `kept` means stored in Redis, and `failed` means neither (promise 1). `unknown` means that a store did not
        answer: it may be either, or neither. `called_off` means that it arrived after the resident had called it off,
        and nothing is stored.
        """
        try:
            form = form or self._versions.current.form
            filed = await self._file(request, form, SendingCall(request.call), self._deadline)
        except CalledOff:
            log.warning("incident.called_off", channel=request.channel, session=request.session)
            return "called_off", {}
        except DatabaseUnavailable as error:
            return await self._keep(request, error)
        except (SessionOfAnotherPhone, ValueError) as error:
            log.warning(
                "incident.refused",
                channel=request.channel,
                session=request.session,
                error=type(error).__name__,
            )
            return "failed", {}
        values = {"ticket": ticket.with_dash(filed.ticket)}
        return "filed", {**values, BY_DUTY: "yes"} if filed.by_duty else values

    async def find_filed(
        self, request: EffectRequest, form: ReportForm | None = None
    ) -> tuple[str, Mapping[str, str]] | None:
        """Return what `file` returned for this session, if its report is filed. Raises `DatabaseUnavailable`.

        With `form`, the report must say what the request says. It takes half the time of filing at most, so that
        something else can be done besides.
        """
        found = await self._incidents.find_filed(
            request.channel,
            request.session,
            request.phone,
            saying=Report.from_told(request, form, request.at) if form else None,
            deadline=self._deadline / 2,
        )
        return None if found is None else ("filed", {"ticket": ticket.with_dash(found)})

    async def find_kept(self, request: EffectRequest) -> tuple[str, Mapping[str, str]] | None:
        """Return what `file` returned for this session, if its report is pending. Raises `RedisUnavailable`."""
        return ("kept", {}) if await self._pending.contains(request) else None

    async def complete(self, request: EffectRequest) -> tuple[str, Mapping[str, str]]:
        """Complete a filed report with the answers of this request, while its resident waits. Idempotent.

        Returns `completed` with the ticket. `kept` means stored in Redis until PostgreSQL is available, and `failed`
        that there is no such open incident. Raises `RedisUnavailable` and `ValueError`.
        """
        try:
            found = await self._incidents.complete(
                request.channel,
                request.session,
                request.phone,
                request.answers,
                self._versions.current.form,
                replace=True,
                deadline=self._deadline,
            )
        except DatabaseUnavailable:
            await self.complete_later(request)
            return "kept", {}
        return ("completed", {"ticket": ticket.with_dash(found)}) if found else ("failed", {})

    async def complete_dropped(self, request: EffectRequest) -> bool:
        """Complete a filed report with what its dropped session has added. Raises `DatabaseUnavailable`."""
        found = await self._add_missing(request)
        log.info("incident.added_to", channel=request.channel, session=request.session, found=found is not None)
        return found is not None

    async def complete_later(self, request: EffectRequest) -> None:
        """Keep these answers until the worker completes their report. Raises `RedisUnavailable`."""
        await self._pending_answers.add(request, replace=True)

    async def complete_pending(self) -> int:
        """Complete reports with the answers that wait. Returns their number, and stops if a store is unavailable."""
        count = 0
        try:
            async for name, request in self._pending_answers.scan():
                if request is None:
                    await self._pending_answers.set_aside(name)
                    continue
                if await self._pending.contains(request):
                    continue  # the report itself waits
                try:
                    count += await self._add_missing(request) is not None
                except ValueError as error:
                    log.error("incident.not_completed", channel=request.channel, error=type(error).__name__)
                await self._pending_answers.remove(name)
        except (DatabaseUnavailable, RedisUnavailable):
            pass
        return count

    async def _add_missing(self, request: EffectRequest) -> str | None:
        """Add what the report lacks. It changes nothing else: what Redis has may be older than what was completed."""
        form = self._versions.current.form
        return await self._incidents.complete(request.channel, request.session, request.phone, request.answers, form)

    async def file_pending(self) -> int:
        """File every pending report. Returns the number filed, and stops without error if a store is unavailable."""
        count = 0
        try:
            async for name, request in self._pending.scan():
                try:
                    count += await self._file_late(name, request)
                except (DatabaseUnavailable, RedisUnavailable):
                    raise
                except Exception:  # a damaged entry must not block those behind it
                    log.exception("incident.not_filed_late", entry=name.decode(errors="replace"))
        except (DatabaseUnavailable, RedisUnavailable):
            pass
        return count

    async def _file_late(self, name: bytes, request: EffectRequest | None) -> bool:
        """File a pending report. Returns False if it can never be filed.

        It is then set aside, or removed if it was called off before it was kept.
        """
        if request is None:
            return await self._set_aside(name, "Unreadable")
        try:
            sent_in = SendingCall(request.call, kept_at=request.at)
            filed = await self._file(request, self._versions.current.form, sent_in, earlier=True)
        except CalledOff:
            await self._pending.remove(name)
            log.warning("incident.called_off", channel=request.channel, session=request.session)
            return False
        except (SessionOfAnotherPhone, ValueError) as error:
            return await self._set_aside(name, type(error).__name__)
        await self._pending.remove(name)
        log.info("incident.filed_late", channel=request.channel, session=request.session, ticket=filed.ticket)
        return True

    async def _set_aside(self, name: bytes, error: str) -> bool:
        log.error("incident.unfileable", entry=name.decode(errors="replace"), error=error)
        await self._pending.set_aside(name)
        return False

    async def _keep(self, request: EffectRequest, unfiled: DatabaseUnavailable) -> tuple[str, Mapping[str, str]]:
        try:
            await self._pending.add(request)
        except RedisUnavailable as error:
            outcome = "failed" if unfiled.refused and error.refused else "unknown"
            log.error("incident.not_kept", channel=request.channel, session=request.session, outcome=outcome)
            return outcome, {}
        log.warning("incident.kept", channel=request.channel, session=request.session)
        return "kept", {}

    async def _file(
        self,
        request: EffectRequest,
        form: ReportForm,
        sent_in: SendingCall,
        deadline: float | None = None,
        *,
        earlier: bool = False,
    ) -> FiledReport:
        """File a report. With `earlier`, the pack may have changed since its answers were checked."""

        def confirmation(number: str) -> str:
            answers = {**request.answers, "ticket": ticket.with_dash(number)}
            given = {"ussd": self._service_codes.get(request.channel, "")}
            return self._versions.current.confirmation(request.language, answers, given)

        report = Report.from_told(request, form, request.at, earlier=earlier)
        return await self._incidents.file(report, request.phone, confirmation, deadline=deadline, sent_in=sent_in)
