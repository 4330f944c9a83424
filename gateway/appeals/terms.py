"""Pure: terms of a kind of appeal by the pack in force: approvals, quiet hours, the weekly limit, priority."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.menu.model import Menu
from gateway.messages.message import CLASSES, URGENT_APPEAL_PRIORITY, MessageClass
from gateway.text.quiet_hours import QuietHours


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms on which an appeal goes out.

    An urgent one needs two approvals. Neither quiet hours nor the weekly limit hold it back. It counts for the limit of
    other appeals.
    """

    urgent: bool = False
    own_hours: QuietHours | None = None  # None for the quiet hours of the pack
    per_week: int | None = (
        None  # appeals of any kind in seven days, with which a person gets no more; None for no limit
    )

    @property
    def priority(self) -> int:
        return URGENT_APPEAL_PRIORITY if self.urgent else CLASSES[MessageClass.APPEAL].priority


def terms_of(template: str, menu: Menu) -> Terms:
    """Return the terms of a template. Without a known one they are those of texts of an author."""
    known = menu.templates.get(template)
    if known is None:
        return Terms(per_week=menu.rules.per_week)
    if known.urgent:
        return Terms(urgent=True, own_hours=known.own_hours)
    return Terms(own_hours=known.own_hours, per_week=known.per_week or menu.rules.per_week)
