"""Workflow of appeals: draft, preview, submit, approve, schedule, pause, resume, cancel. Every act is audited.

An act is one transaction that locks the appeal's row, so that two people, or a person and the worker, follow one
another. Pausing and cancelling take effect with their commit: no worker claims a message of the appeal after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.appeals.appeal import (
    WRITE,
    Act,
    ActNotAllowed,
    Actor,
    Appeal,
    AppealDraft,
    AppealStatus,
    AutoPause,
    Price,
    check_act,
    check_approver,
    check_not_author,
    check_rights,
)
from gateway.appeals.approval import Approval, step_after_approval
from gateway.appeals.incident_link import check_incident, incident_area, incident_fault
from gateway.appeals.preview import Preview, count_audience
from gateway.appeals.results import ONE_SNAPSHOT, AppealOverview, read_results
from gateway.appeals.rules import (
    blocking_reason,
    check_draft,
    first_send_at,
    held_until,
    required_approvals,
    start_error,
    total_approvals_needed,
    warnings,
)
from gateway.appeals.store import (
    audience_query,
    cancel_appeal,
    draft_columns,
    find_appeal,
    freeze_audience,
    list_appeals,
    pause_appeal,
    unfreeze_audience,
    update_appeal,
)
from gateway.appeals.tables import appeal_approvals, appeals
from gateway.appeals.terms import terms_of
from gateway.appeals.texts import AppealValues, TextCost, effective_texts, render_texts, text_costs, to_gsm7
from gateway.appeals.weekly_cap import at_weekly_cap
from gateway.audit import INSERT_AUDIT, audit_row
from gateway.menu.model import Menu
from gateway.messages.holds import remove_hold
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in

_RESUME_NOW = "it has all the approvals that it needs: resume lets it go on"
"""Reason of a paused appeal that got the approval it was paused for."""


@dataclass(frozen=True, slots=True)
class AppealSettings:
    """Settings of appeals.

    `service_codes` are the codes to dial, by channel. `named_senders` are the channels whose sender is a name.
    """

    service_codes: Mapping[str, str]
    named_senders: frozenset[str] = frozenset()
    price: Price | None = None
    auto_pause: AutoPause = field(default_factory=AutoPause)
    max_queued: int = 20_000  # messages of one appeal in the queue at a time
    chunk_size: int = 5_000  # people expanded in one transaction

    def values_for(self, channel: str, public_number: int | None = None) -> AppealValues:
        """Return the values that fill the texts of an appeal on this channel."""
        return AppealValues(self.service_codes.get(channel, ""), channel not in self.named_senders, public_number)

    def values_by_channel(self) -> Mapping[str, AppealValues]:
        return {channel: self.values_for(channel) for channel in self.service_codes}


class AppealWorkflow:
    """Approval workflow of appeals. Every method is one transaction and may raise `DatabaseUnavailable`.

    Raises `ActNotAllowed` and `InvalidDraft` with the reason of a refusal, and `NoSuchAppeal`.
    """

    def __init__(self, database: Database, clock: Clock, menu: Callable[[], Menu], settings: AppealSettings) -> None:
        """`menu` returns the pack in force."""
        self._database = database
        self._clock = clock
        self._menu = menu
        self._settings = settings

    # Writing ---------------------------------------------------------------------------------------------------

    async def draft(self, actor: Actor, draft: AppealDraft) -> int:
        """Create an appeal. Returns its number. `text_costs` tells which characters were replaced."""
        now = self._clock.now()
        check_rights(actor, "draft", WRITE)
        draft = self._validated(draft)
        row = draft_columns(draft, self._menu()) | {
            "status": AppealStatus.DRAFT,
            "version": 1,
            "authors": [actor.name],
            "reason": "",
            "frozen": 0,
            "expanded": 0,
            "created_at": now,
            "updated_at": now,
        }
        async with self._database.begin() as connection:
            await check_incident(connection, draft, self._menu())
            appeal: int = (await connection.execute(insert(appeals).values(row).returning(appeals.c.id))).scalar_one()
            await connection.execute(INSERT_AUDIT, audit_row(now, actor.name, "appeal.drafted", f"appeal {appeal}", {}))
        return appeal

    async def edit(self, appeal: int, actor: Actor, change: Callable[[AppealDraft], AppealDraft]) -> None:
        """Replace the draft by what `change` returns for it, and take every approval back.

        The row is locked meanwhile: the second of two edits at once changes the result of the first. `change` does not
        get the stored texts of a template, which become those that the pack has now.
        """
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.EDIT, actor)
            # Stored texts of a template are dropped: the edited appeal gets those of the pack in force.
            before = replace(current.draft, texts={}) if current.draft.template else current.draft
            draft = self._validated(change(before), before)
            await check_incident(connection, draft, self._menu())
            authors = [*current.authors]
            if actor.name not in authors:
                authors.append(actor.name)
            values = draft_columns(draft, self._menu()) | {"authors": authors, "version": current.version + 1}
            await unfreeze_audience(connection, appeal)
            now = self._clock.now()
            await update_appeal(connection, appeal, actor.name, "edited", now, status=to, reason="", **values)

    async def submit(self, appeal: int, actor: Actor) -> None:
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.SUBMIT, actor)
            await self._check_ready(connection, current.draft)
            now = self._clock.now()
            await update_appeal(connection, appeal, actor.name, "submitted", now, status=to, reason="")

    # Approval --------------------------------------------------------------------------------------------------

    async def return_to_author(self, appeal: int, actor: Actor, reason: str) -> None:
        masked = mask_in(reason)
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.RETURN, actor)
            values = {"status": to, "reason": masked, "version": current.version + 1}
            await update_appeal(connection, appeal, actor.name, "returned", self._clock.now(), masked, **values)

    async def approve(self, appeal: int, actor: Actor, version: int | None = None) -> Approval:
        """Approve an appeal. The last approval that it needs freezes its audience.

        `version` is the one that `actor` has seen, without it the current one is approved. An appeal that is paused for
        lack of an approval stays paused, with its audience.
        """
        now = self._clock.now()
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.APPROVE, actor)
            begun, draft = current.status is AppealStatus.PAUSED, current.draft
            check_approver(actor, current.authors, current.approvers)
            if version not in (None, current.version):
                raise ActNotAllowed(f"this appeal is version {current.version} by now, not {version}: look at it again")
            await self._check_ready(connection, draft, begun=begun)
            # The stage may have become strict since the first approval, so the number is computed again.
            missing = required_approvals(draft, self._menu(), now) - len(current.approvers)
            if begun and missing <= 0:
                raise ActNotAllowed("this appeal has all the approvals that it needs")
            complete = missing <= 1  # this approval is not among the approvers yet
            row = {"appeal": appeal, "version": current.version, "approver": actor.name, "at": now}
            await connection.execute(insert(appeal_approvals), row)
            # The audience of a paused appeal was frozen by its first approval.
            if complete and not begun:
                query = audience_query(draft, self._menu())
                await freeze_audience(connection, appeal, query, now, self._settings.chunk_size)
            reason = self._reason_after_approval(current, complete) if begun else ""
            values = {"status": to if complete else current.status, "reason": reason}
            await update_appeal(connection, appeal, actor.name, "approved", now, **values)
            approved = await find_appeal(connection, appeal)
        return Approval(approved, step_after_approval(approved, complete, now))

    async def schedule(self, appeal: int, actor: Actor, starts_at: datetime) -> None:
        """Set the start of an approved appeal. Its authors may not, since the start is part of what others approved."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.SCHEDULE, actor)
            check_not_author(actor, Act.SCHEDULE, current.authors)
            if fault := start_error(starts_at, self._menu(), now):
                raise ActNotAllowed(fault)
            # At its new start the stage may be strict, and need more approvals.
            self._check_may_go_out(replace(current.draft, starts_at=starts_at), len(current.approvers))
            await update_appeal(connection, appeal, actor.name, "scheduled", now, status=to, starts_at=starts_at)

    # Running appeals -------------------------------------------------------------------------------------------

    async def pause(self, appeal: int, actor: Actor, reason: str) -> None:
        """Pause an appeal. From the commit on, no worker claims a message of it."""
        async with self._database.begin() as connection:
            await self._lock_for(connection, appeal, Act.PAUSE, actor)
            await pause_appeal(connection, appeal, actor.name, mask_in(reason), self._clock.now())

    async def resume(self, appeal: int, actor: Actor) -> None:
        """Resume a paused appeal. Earlier failures do not pause it again."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            current, to = await self._lock_for(connection, appeal, Act.RESUME, actor)
            # The pack may forbid it by now: better refused here with the reason than paused again by the worker.
            self._check_may_go_out(current.draft, len(current.approvers), begun=True)
            await remove_hold(connection, appeal)
            await update_appeal(connection, appeal, actor.name, "resumed", now, status=to, reason="", judged_from=now)

    async def cancel(self, appeal: int, actor: Actor, reason: str) -> None:
        """Cancel an appeal for good. From the commit on, no worker claims a message of it."""
        async with self._database.begin() as connection:
            await self._lock_for(connection, appeal, Act.CANCEL, actor)
            await cancel_appeal(connection, appeal, actor, mask_in(reason), self._clock.now())

    # Queries ---------------------------------------------------------------------------------------------------

    async def find(self, appeal: int) -> Appeal:
        async with self._database.begin() as connection:
            return await find_appeal(connection, appeal)

    async def list_appeals(self, limit: int = 1000, status: AppealStatus | None = None) -> Sequence[Appeal]:
        async with self._database.begin() as connection:
            return await list_appeals(connection, limit, status)

    async def overview(self, appeal: int) -> AppealOverview:
        """Load an appeal with its results, approvals needed and quiet hours."""
        menu, now = self._menu(), self._clock.now()
        async with self._database.begin() as connection:
            await connection.execute(ONE_SNAPSHOT)
            found = await find_appeal(connection, appeal)
            results = await read_results(connection, found, menu.timezone)
        return AppealOverview(found, results, total_approvals_needed(found, menu, now), held_until(found, menu, now))

    def held_until(self, appeal: Appeal) -> datetime | None:
        return held_until(appeal, self._menu(), self._clock.now())

    async def text_costs(self, appeal: int) -> Sequence[TextCost]:
        """Return the cost of each text to each person who gets it, with the characters that were replaced."""
        async with self._database.begin() as connection:
            found = await find_appeal(connection, appeal)
            area = await incident_area(connection, found.draft.ticket, self._menu())
        return text_costs(found.draft, self._menu(), self._settings.values_for(found.draft.channel), area)

    async def preview(self, draft: AppealDraft, appeal: int = 0) -> Preview:
        """Preview a draft as if it were approved now. `appeal` is its number, 0 for a new draft."""
        menu, now = self._menu(), self._clock.now()
        if not appeal:
            draft = self._validated(draft)
        begins_at = first_send_at(draft, menu, now)
        given, terms = self._settings.values_for(draft.channel), terms_of(draft.template, menu)
        no_channel = "" if given.service_code else f"there is no channel {draft.channel}"
        async with self._database.begin() as connection:
            area = await incident_area(connection, draft.ticket, menu)
            texts = render_texts(effective_texts(draft, menu), menu, given, area)
            # The cap is that at the first send, as for the expansion.
            capped = await at_weekly_cap(connection, terms.per_week, begins_at, appeal)
            counted = await count_audience(connection, audience_query(draft, menu), capped, texts, self._settings.price)
            obstacles = [no_channel, blocking_reason(draft, menu, now), await incident_fault(connection, draft, menu)]
            frozen = await _frozen_note(connection, appeal) if appeal else ""
        return Preview(
            people=counted.people,
            languages=counted.languages,
            suppressed=counted.suppressed,
            begins_at=begins_at,
            held_back=begins_at > max(draft.starts_at or now, now),
            approvals=required_approvals(draft, menu, now),
            texts=text_costs(draft, menu, given, area),
            urgent=terms.urgent,
            obstacles=tuple(filter(None, obstacles)),
            notes=tuple(filter(None, [frozen, *warnings(draft, menu)])),
            cost=counted.cost,
        )

    # -----------------------------------------------------------------------------------------------------------

    def _reason_after_approval(self, paused: Appeal, complete: bool) -> str:
        """Return the new reason of a paused appeal: the old one, unless it was the lack of this approval."""
        paused_at = paused.updated_at  # nothing else changes a paused appeal
        lack = blocking_reason(paused.draft, self._menu(), paused_at, len(paused.approvers), begun=True)
        return _RESUME_NOW if complete and paused.reason == lack else paused.reason

    def _validated(self, draft: AppealDraft, previous: AppealDraft | None = None) -> AppealDraft:
        """Return the draft as it goes out. Raise `InvalidDraft` if it has a fault. `previous` is the stored one."""
        draft = to_gsm7(draft)
        check_draft(draft, self._menu(), self._settings.values_by_channel(), self._clock.now(), previous)
        return draft

    async def _lock_for(
        self, connection: AsyncConnection, appeal: int, act: Act, actor: Actor
    ) -> tuple[Appeal, AppealStatus]:
        """Lock the row of an appeal and check `act`. Returns the appeal and the status that the act leads to."""
        current = await find_appeal(connection, appeal, locked=True)
        return current, check_act(act, current.status, actor)

    async def _check_ready(self, connection: AsyncConnection, draft: AppealDraft, *, begun: bool = False) -> None:
        if fault := await incident_fault(connection, draft, self._menu()):
            raise ActNotAllowed(fault)
        self._check_may_go_out(draft, begun=begun)

    def _check_may_go_out(self, draft: AppealDraft, approvals: int | None = None, *, begun: bool = False) -> None:
        if fault := blocking_reason(draft, self._menu(), self._clock.now(), approvals, begun=begun):
            raise ActNotAllowed(fault)


async def _frozen_note(connection: AsyncConnection, appeal: int) -> str:
    """Return the note on the preview of an approved appeal, empty if its audience is not frozen."""
    size = (await find_appeal(connection, appeal)).audience_size
    if not size:
        return ""
    return f"its audience of {size} people was frozen when it was approved; this preview counts those who match it now"
