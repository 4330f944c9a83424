from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of days, both included, that the pack gives a name (facts/domain.md 2)."""

    key: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PackRules:
    """What the pack settles in numbers."""

    resume_within: timedelta
    resume_needs: frozenset[str]  # the answers that make an unfinished dialogue worth going on with
    resume_sms: bool
    quiet_from: time  # local; no SMS goes out unasked from then until `quiet_to`
    quiet_to: time
    ticket_tries_per_hour: int
    remember_language: timedelta
    strict_stages: frozenset[str]  # in which appeals keep to the approved texts, and need two approvals
    refused_words: tuple[str, ...]  # that no appeal may say, folded to lower case


class Need(StrEnum):
    """What must be there before the text of an appeal may be used."""

    NONE = "none"
    CLOSED_INCIDENT = "closed_incident"  # one that was looked into


@dataclass(frozen=True, slots=True)
class AppealTemplate:
    """A text of appeals that the pack brings; its words stand in the wordings."""

    purpose: str
    needs: Need
    approved: bool  # so that it may be used in a strict stage


@dataclass(frozen=True, slots=True)
class Keywords:
    """What an SMS may begin with, and what its words mean; all of it folded to lower case."""

    commands: Mapping[str, Mapping[str, frozenset[str]]]  # command → language → its keywords
    categories: Mapping[str, str]  # a code or a word → the kind of incident
    codes: Mapping[str, str]  # the kind of incident → its code
    common: frozenset[str]  # words of every day, which are no misspelt places
    automatic: tuple[str, ...]  # what machines write
