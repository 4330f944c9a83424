"""What the desk does with appeals: draft, preview, approve, schedule, pause, resume, cancel. Each act is audited.

An act is one transaction that holds the appeal's row, so that two people, or a person and the worker, follow one
another. Pausing and cancelling take effect with their commit: no worker claims a message of the appeal after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
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
from gateway.appeals.preview import Preview, count_audience
from gateway.appeals.rules import blocking_reason, check_draft, first_send_at, required_approvals, start_error, warnings
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
from gateway.appeals.texts import TextCost, effective_texts, render_texts, text_costs, to_gsm7
from gateway.appeals.weekly_cap import at_weekly_cap
from gateway.audit import INSERT_AUDIT, audit_row
from gateway.incidents.incident import IncidentStatus, Veracity
from gateway.incidents.tables import incidents
from gateway.menu.model import Menu
from gateway.menu.rules import Need
from gateway.messages.holds import remove_hold
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in

_APPROVED_BY_NOW = "it has all the approvals that it needs: resume lets it go on"
_CHECKED = (Veracity.TRUE, Veracity.PARTLY, Veracity.UNTRUE)
_FOUND = " or ".join(_CHECKED)


@dataclass(frozen=True, slots=True)
class AppealSettings:
    """What the settings say of appeals. `channels` are the codes to dial, by channel."""

    service_codes: Mapping[str, str]
    price: Price | None = None
    auto_pause: AutoPause = field(default_factory=AutoPause)
    max_queued: int = 20_000  # messages of one appeal that wait in the queue at a time
    chunk_size: int = 5_000  # people who are expanded in one transaction


class AppealWorkflow:
    """Appeals as the desk handles them. Every method is one transaction and may raise `DatabaseAway`.

    `NotAllowed` and `WrongDraft` say why something is refused, `NoSuchAppeal` that it is not there.
    """

    def __init__(self, database: Database, clock: Clock, menu: Callable[[], Menu], settings: AppealSettings) -> None:
        """`menu` gives the pack that is in force."""
        self._database = database
        self._clock = clock
        self._menu = menu
        self._settings = settings

    # Writing ---------------------------------------------------------------------------------------------------

    async def draft(self, actor: Actor, draft: AppealDraft) -> int:
        """Begin an appeal; its number. `costs` says how its texts were changed. Raises `WrongDraft`, `NotAllowed`."""
        now = self._clock.now()
        check_rights(actor, "draft", WRITE)
        draft = self._checked(draft)
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
            appeal: int = (await connection.execute(insert(appeals).values(row).returning(appeals.c.id))).scalar_one()
            await connection.execute(INSERT_AUDIT, audit_row(now, actor.name, "appeal.drafted", f"appeal {appeal}", {}))
        return appeal

    async def edit(self, appeal: int, actor: Actor, changing: Callable[[AppealDraft], AppealDraft]) -> None:
        """Put what `changing` makes of it in the place of what was written. Every approval is taken back.

        Nobody else changes it meanwhile: of two edits at once the second is one of what the first has left. The texts
        of a template are not among what is written: they become those that the pack has now.
        """
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.EDIT, actor)
            wrote = replace(stands.draft, texts={}) if stands.draft.template else stands.draft
            draft = self._checked(changing(wrote), wrote)
            authors = [*stands.authors, *([] if actor.name in stands.authors else [actor.name])]
            values = draft_columns(draft, self._menu()) | {"authors": authors, "version": stands.version + 1}
            await unfreeze_audience(connection, appeal)
            await update_appeal(
                connection, appeal, actor.name, "edited", self._clock.now(), status=to, reason="", **values
            )

    async def submit(self, appeal: int, actor: Actor) -> None:
        """Ask for approval."""
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.SUBMIT, actor)
            await self._check_ready(connection, stands.draft)
            await update_appeal(connection, appeal, actor.name, "submitted", self._clock.now(), status=to, reason="")

    # Approving -------------------------------------------------------------------------------------------------

    async def return_to_author(self, appeal: int, actor: Actor, reason: str) -> None:
        """Do not approve it; the author may change it."""
        words = mask_in(reason)
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.RETURN, actor)
            values = {"status": to, "reason": words, "version": stands.version + 1}
            await update_appeal(connection, appeal, actor.name, "returned", self._clock.now(), words, **values)

    async def approve(self, appeal: int, actor: Actor, version: int | None = None) -> bool:
        """Approve it; whether that was the last approval that it needs, which freezes its audience.

        `version` is the one that `actor` has seen; without it, whatever stands there is approved. One that is paused
        for want of an approval stays so, with the audience that it has.
        """
        now = self._clock.now()
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.APPROVE, actor)
            begun, draft = stands.status is AppealStatus.PAUSED, stands.draft
            check_approver(actor, stands.authors, stands.approvers)
            if version not in (None, stands.version):
                raise ActNotAllowed(f"this appeal is version {stands.version} by now, not {version}: look at it again")
            await self._check_ready(connection, draft, begun=begun)
            missing = required_approvals(draft, self._menu(), now) - len(stands.approvers)
            if begun and missing <= 0:
                raise ActNotAllowed("this appeal has all the approvals that it needs")
            row = {"appeal": appeal, "version": stands.version, "approver": actor.name, "at": now}
            await connection.execute(insert(appeal_approvals), row)
            if missing <= 1 and not begun:
                await freeze_audience(
                    connection, appeal, audience_query(draft, self._menu()), now, self._settings.chunk_size
                )
            reason = self._still_paused(stands, missing <= 1) if begun else ""
            values = {"status": to if missing <= 1 else stands.status, "reason": reason}
            await update_appeal(connection, appeal, actor.name, "approved", now, **values)
        return missing <= 1

    async def schedule(self, appeal: int, actor: Actor, starts_at: datetime) -> None:
        """Set when an approved appeal begins. Its authors may not: the time is part of what others have approved."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.SCHEDULE, actor)
            check_not_author(actor, Act.SCHEDULE, stands.authors)
            if fault := start_error(starts_at, self._menu(), now):
                raise ActNotAllowed(fault)
            self._check_may_go(replace(stands.draft, starts_at=starts_at), len(stands.approvers))
            await update_appeal(connection, appeal, actor.name, "scheduled", now, status=to, starts_at=starts_at)

    # While it goes out -----------------------------------------------------------------------------------------

    async def pause(self, appeal: int, actor: Actor, reason: str) -> None:
        """Hold it. Nothing more of it is claimed from now on."""
        async with self._database.begin() as connection:
            await self._lock_for(connection, appeal, Act.PAUSE, actor)
            await pause_appeal(connection, appeal, actor.name, mask_in(reason), self._clock.now())

    async def resume(self, appeal: int, actor: Actor) -> None:
        """Let it go on, whatever has paused it. What failed until now pauses it no more."""
        now = self._clock.now()
        async with self._database.begin() as connection:
            stands, to = await self._lock_for(connection, appeal, Act.RESUME, actor)
            self._check_may_go(stands.draft, len(stands.approvers), begun=True)
            await remove_hold(connection, appeal)
            await update_appeal(connection, appeal, actor.name, "resumed", now, status=to, reason="", judged_from=now)

    async def cancel(self, appeal: int, actor: Actor, reason: str) -> None:
        """Call it off for good. What has left has left; nothing more does."""
        async with self._database.begin() as connection:
            await self._lock_for(connection, appeal, Act.CANCEL, actor)
            await cancel_appeal(connection, appeal, actor, mask_in(reason), self._clock.now())

    # Looking ---------------------------------------------------------------------------------------------------

    async def find(self, appeal: int) -> Appeal:
        """The appeal as it stands."""
        async with self._database.begin() as connection:
            return await find_appeal(connection, appeal)

    async def list_appeals(self, limit: int = 1000, status: AppealStatus | None = None) -> Sequence[Appeal]:
        """The newest appeals, the newest first."""
        async with self._database.begin() as connection:
            return await list_appeals(connection, limit, status)

    async def text_costs(self, appeal: int) -> Sequence[TextCost]:
        """What each of its texts costs who gets it, and what of the author's was replaced."""
        async with self._database.begin() as connection:
            draft = (await find_appeal(connection, appeal)).draft
            place = await incident_area(connection, draft.ticket)
        return text_costs(draft, self._menu(), self._settings.service_codes.get(draft.channel, ""), place)

    async def preview(self, draft: AppealDraft, appeal: int = 0) -> Preview:
        """What this would do if it were approved now; `appeal` is the one that it is of, if there is one."""
        menu, now = self._menu(), self._clock.now()
        if not appeal:
            draft = self._checked(draft)
        begins_at = first_send_at(draft, menu, now)
        code = self._settings.service_codes.get(draft.channel, "")
        away = "" if code else f"there is no channel {draft.channel}"
        async with self._database.begin() as connection:
            place = await incident_area(connection, draft.ticket)
            texts = render_texts(effective_texts(draft, menu), menu, code, place)
            tired = await at_weekly_cap(connection, begins_at, appeal)
            counted = await count_audience(connection, audience_query(draft, menu), tired, texts, self._settings.price)
            obstacles = [away, blocking_reason(draft, menu, now), await _incident_fault(connection, draft, menu)]
            frozen = await _frozen(connection, appeal) if appeal else ()
        return Preview(
            people=counted.people,
            languages=counted.languages,
            suppressed=counted.suppressed,
            begins_at=begins_at,
            held_back=begins_at > max(draft.starts_at or now, now),
            approvals=required_approvals(draft, menu, now),
            texts=text_costs(draft, menu, code, place),
            obstacles=tuple(filter(None, obstacles)),
            notes=(*frozen, *warnings(draft, menu)),
            cost=counted.cost,
        )

    # -----------------------------------------------------------------------------------------------------------

    def _still_paused(self, stands: Appeal, enough: bool) -> str:
        """Why a paused appeal is so after an approval: what has paused it, unless that was the want of this one."""
        paused_at = stands.updated_at  # nothing else changes it while it is paused
        wanted = blocking_reason(stands.draft, self._menu(), paused_at, len(stands.approvers), begun=True)
        return _APPROVED_BY_NOW if enough and stands.reason == wanted else stands.reason

    def _checked(self, draft: AppealDraft, stood: AppealDraft | None = None) -> AppealDraft:
        """The draft as it goes out, if nothing is wrong with it; `stood` is what stands there now."""
        draft = to_gsm7(draft)
        check_draft(draft, self._menu(), self._settings.service_codes, self._clock.now(), stood)
        return draft

    async def _lock_for(
        self, connection: AsyncConnection, appeal: int, act: Act, actor: Actor
    ) -> tuple[Appeal, AppealStatus]:
        stands = await find_appeal(connection, appeal, locked=True)
        return stands, check_act(act, stands.status, actor)

    async def _check_ready(self, connection: AsyncConnection, draft: AppealDraft, *, begun: bool = False) -> None:
        if fault := await _incident_fault(connection, draft, self._menu()):
            raise ActNotAllowed(fault)
        self._check_may_go(draft, begun=begun)

    def _check_may_go(self, draft: AppealDraft, approvals: int | None = None, *, begun: bool = False) -> None:
        if fault := blocking_reason(draft, self._menu(), self._clock.now(), approvals, begun=begun):
            raise ActNotAllowed(fault)


async def incident_area(connection: AsyncConnection, ticket: str) -> str:
    """The area of the incident that an appeal speaks of; empty if it speaks of none."""
    if not ticket:
        return ""
    found = select(incidents.c.area).where(incidents.c.ticket == ticket)
    return (await connection.execute(found)).scalar() or ""


async def _frozen(connection: AsyncConnection, appeal: int) -> Sequence[str]:
    """What to know of the preview of an appeal that was approved."""
    stands = await find_appeal(connection, appeal)
    if not stands.audience_size:
        return ()
    size = stands.audience_size
    return (f"its audience is frozen since it was approved: {size} people; this counts who would be in it now",)


async def _incident_fault(connection: AsyncConnection, draft: AppealDraft, menu: Menu) -> str:
    """Why the text may not be used of its incident; empty if it may."""
    template = menu.templates.get(draft.template)
    if draft.template and template is None:
        return f"the pack has no template {draft.template} any more"
    if template is None or template.needs is not Need.CLOSED_INCIDENT:
        return ""
    found = select(incidents.c.status, incidents.c.veracity).where(incidents.c.ticket == draft.ticket)
    row: Any = (await connection.execute(found)).first()
    if row is None:
        return "there is no incident with the ticket that this appeal names"
    if row.status != IncidentStatus.CLOSED:
        return f"{draft.template} says that officers have checked: close its incident first, as {_FOUND}"
    if row.veracity not in _CHECKED:
        return (
            f"{draft.template} says what officers have found, and of its incident that is {row.veracity}, not {_FOUND}"
        )
    return ""
