"""Schemas of rules.yaml, stages.yaml and appeals.yaml: every key that they may have, and the form of its value."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, StringConstraints, model_validator

from gateway.menu.definitions.rules import Need
from gateway.menu.kinds.fields import Name
from gateway.menu.model import APPEAL_PLACEHOLDERS
from gateway.menu.pack.schema import Count, Phrase, StrictModel
from gateway.text.quiet_hours import QuietHours


def _time_of_day(written: object) -> object:
    """Refuse every form but `HH:MM`: with a zone, a time could be compared with no local time."""
    if isinstance(written, str) and not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", written):
        raise ValueError('must be a time of day from "00:00" to "23:59", without a zone: the pack has one')
    return written


def _moment(written: object) -> object:
    """Refuse every form but a day and a minute: others, such as the seconds of 1970, are hardly meant."""
    if isinstance(written, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?", written):
        raise ValueError("must be a day such as 2024-11-27, or a time of a day such as 2024-11-27T07:00")
    return datetime.fromisoformat(written) if isinstance(written, str) else written


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]


def _end(written: object) -> object:
    """Return the end that is written as a whole last day, or as a time of one."""
    moment = _moment(written)
    return moment + timedelta(days=1) if isinstance(moment, datetime) and "T" not in str(written) else moment


class StageShape(StrictModel):
    """Stage in stages.yaml. A whole day `last` is included. `last` becomes the end, which is not part of it."""

    key: Name
    first: Annotated[datetime, BeforeValidator(_moment)]
    last: Annotated[datetime, BeforeValidator(_end)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last <= self.first:
            raise ValueError("last is before first")
        return self


class StagesShape(RootModel[list[StageShape]]):
    """Schema of stages.yaml, in the order of time."""


class ResumeShape(StrictModel):
    """Rules for dropped dialogues."""

    hours: int = Field(default=24, ge=1, le=72)
    needs: list[str] = Field(default=["category"], min_length=1)
    sms: bool = False


class QuietShape(StrictModel):
    """Quiet hours without unsolicited SMS, in local time."""

    first: TimeOfDay = Field(default=time(20), alias="from")
    last: TimeOfDay = Field(default=time(7), alias="to")

    @property
    def hours(self) -> QuietHours:
        return QuietHours(self.first, self.last)


def _hours(written: object) -> object:
    """Return quiet hours as a mapping. The word `none` is a period without length."""
    if isinstance(written, str):
        if written != "none":
            raise ValueError('must be from and to, such as {from: "20:00", to: "07:00"}, or none')
        return {"from": "00:00", "to": "00:00"}
    return written


QuietHoursShape = Annotated[QuietShape, BeforeValidator(_hours)]
PerWeek = Annotated[int, Field(ge=1, le=50)]


class RulesShape(StrictModel):
    """Schema of rules.yaml."""

    resume: ResumeShape = ResumeShape()
    quiet_hours: QuietHoursShape = QuietShape()
    per_week: PerWeek = 3
    strict_stages: list[Name] = Field(default_factory=list)
    refused_words: list[Phrase] = Field(default_factory=list)
    ticket_tries_per_hour: Count = 5
    language_days: Count = 180


def _slot_name(name: str) -> str:
    """Refuse a name that the gateway fills in."""
    if name in APPEAL_PLACEHOLDERS:
        raise ValueError(f"{name} is filled in by the gateway; choose another name")
    return name


SlotName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$"), AfterValidator(_slot_name)]


class SlotShape(StrictModel):
    """Slot of a template, which the author fills."""

    most: Annotated[int, Field(ge=1, le=100)]


class TemplateShape(StrictModel):
    """Template in appeals.yaml."""

    purpose: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    needs: Need = Need.NONE
    approved: bool = False
    urgent: bool = False
    quiet_hours: QuietHoursShape | None = None
    per_week: PerWeek | None = None
    slots: dict[SlotName, SlotShape] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _urgent_has_no_limits(self) -> Self:
        if self.urgent:
            for key in ("quiet_hours", "per_week"):
                if getattr(self, key) is not None:
                    raise ValueError(f"an urgent appeal is never held back: remove {key}, or urgent")
        return self


class AppealsShape(RootModel[dict[Name, TemplateShape]]):
    """Schema of appeals.yaml."""
