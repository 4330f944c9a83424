"""Rules, stages, keywords and appeal templates of a pack: data besides its dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Stage:
    """Named period of days, both included (facts/domain.md 2)."""

    key: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class PackRules:
    resume_within: timedelta
    resume_needs: frozenset[str]  # answers that an unfinished dialogue needs to be resumed
    resume_sms: bool
    quiet_from: time  # local time; unsolicited SMS wait from then until `quiet_to`
    quiet_to: time
    ticket_tries_per_hour: int
    remember_language: timedelta
    strict_stages: frozenset[str]  # appeals keep to approved texts, and need two approvals
    refused_words: tuple[str, ...]  # in lower case; no appeal may contain one


class Need(StrEnum):
    """Precondition of an appeal template."""

    NONE = "none"
    CLOSED_INCIDENT = "closed_incident"  # and verified


@dataclass(frozen=True, slots=True)
class AppealTemplate:
    """Text of appeals that the pack provides. Its words are in the wordings."""

    purpose: str
    needs: Need
    approved: bool  # may be used in a strict stage


@dataclass(frozen=True, slots=True)
class Keywords:
    """Keywords of SMS commands and reports, all in lower case."""

    commands: Mapping[str, Mapping[str, frozenset[str]]]  # command → language → its keywords
    categories: Mapping[str, str]  # code or word → category
    codes: Mapping[str, str]  # category → its code
    common: frozenset[str]  # everyday words, never taken for a misspelt place
    automatic: tuple[str, ...]  # phrases of automatic replies
    counted: frozenset[str] = frozenset()  # behind a number they make it a quantity: `2 orang`

    @property
    def everyday(self) -> frozenset[str]:
        """Words that are never taken for a misspelt place: common ones, and those that name a command or a category."""
        commands = (words for languages in self.commands.values() for words in languages.values())
        return self.common.union(self.categories, *commands)
