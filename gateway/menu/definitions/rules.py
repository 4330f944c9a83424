"""Kinds of incident, rules, stages, keywords and appeal templates of a pack: data besides its dialogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.menu.definitions.report_form import IN_DANGER
from gateway.text.quiet_hours import NO_QUIET_HOURS, QuietHours


@dataclass(frozen=True, slots=True)
class Category:
    """Kind of incident, and what the pack says about its reports. Its label is in the wordings."""

    name: str
    urgent: bool = False
    restricted_to: frozenset[str] = frozenset()  # roles of the accounts that alone may read them; empty for all
    recipients: tuple[str, ...] = ()  # to whom the desk forwards them, first the one in charge
    deadline_days: int = 0  # within which a report must reach its recipients, from its being known; 0 for none
    watch_group: str = ""  # kinds of one group are counted together by the early warning
    confirmation: str = "received"  # name of the SMS with the ticket
    reminder: str = "resume"  # name of the SMS after a drop

    def is_pressing(self, danger: str) -> bool:
        """Return True for an answer that speaks of danger, and in an urgent kind until that is answered."""
        return danger == IN_DANGER or (self.urgent and not danger)

    @property
    def is_restricted(self) -> bool:
        return bool(self.restricted_to)


@dataclass(frozen=True, slots=True)
class Stage:
    """Named period in local time (facts/domain.md 2). `end` is not part of it."""

    key: str
    begin: datetime  # without a zone: the pack has one
    end: datetime


@dataclass(frozen=True, slots=True)
class PackRules:
    resume_within: timedelta
    resume_needs: frozenset[str]  # answers that an unfinished dialogue needs to be resumed
    resume_sms: bool
    quiet_hours: QuietHours  # unsolicited SMS wait until they end
    ticket_tries_per_hour: int
    remember_language: timedelta
    strict_stages: frozenset[str]  # appeals keep to approved texts, and need two approvals
    refused_words: tuple[str, ...]  # in lower case; no appeal may contain one
    per_week: int  # frequency cap: appeals that a person gets in seven days at most


class Need(StrEnum):
    """Precondition of an appeal template."""

    NONE = "none"
    CLOSED_INCIDENT = "closed_incident"  # and verified
    FOUND_TRUE = "found_true"  # closed, as true or partly true
    FOUND_UNTRUE = "found_untrue"  # closed, as untrue


@dataclass(frozen=True, slots=True)
class AppealTemplate:
    """Text of appeals that the pack provides. Its words are in the wordings."""

    purpose: str
    needs: Need = Need.NONE
    approved: bool = False  # may be used in a strict stage
    urgent: bool = False  # two people approve it, and it waits for neither quiet hours nor the weekly limit
    quiet_hours: QuietHours | None = None  # its own, if not those of the rules
    per_week: int | None = None  # its own limit, if not that of the rules
    slots: Mapping[str, int] = field(default_factory=dict)  # filled by the author: name → most septets

    @property
    def own_hours(self) -> QuietHours | None:
        """Quiet hours of this kind of appeal. None for those of the rules."""
        return NO_QUIET_HOURS if self.urgent else self.quiet_hours


@dataclass(frozen=True, slots=True)
class WordPair:
    """Two lists of words that name a kind together, in either order: `uang` and `dibagi`."""

    category: str
    one: frozenset[str]
    other: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActorWords:
    """Words of a kind that is named by somebody who acts: one of `who` before one of `does`, or behind one of `by`.

    One of `who` behind one of `not_who` does not act (`rumah lurah`), nor does one with one of `apart` before the deed.
    """

    category: str
    who: frozenset[str]
    does: frozenset[str]
    by: frozenset[str] = frozenset()
    not_who: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NoReportWords:
    """Words and phrases of texts that name a kind and a place, and are no report."""

    questions: frozenset[str] = frozenset()  # begin the clause with the kind: `apa benar ada tawuran`
    beginnings: frozenset[str] = frozenset()  # begin the text: thanks
    before: frozenset[str] = frozenset()  # deny the kind behind them: `tidak ada tawuran`
    between: frozenset[str] = frozenset()  # are allowed between the two
    denials: frozenset[str] = frozenset()  # anywhere, unless negated: `tidak benar`, `aman`
    doubts: frozenset[str] = frozenset()  # anywhere: hearsay, jokes, what is past or only imagined
    elsewhere: frozenset[str] = frozenset()  # other cities, behind one of `at`


@dataclass(frozen=True, slots=True)
class Keywords:
    """Keywords of SMS commands and reports, all normalised (`text.words`)."""

    commands: Mapping[str, Mapping[str, frozenset[str]]]  # command → language → its keywords
    categories: Mapping[str, str]  # code, word or phrase → category
    codes: Mapping[str, str]  # category → its code
    common: frozenset[str]  # everyday words, never taken for a misspelt place
    automatic: tuple[str, ...]  # phrases of automatic replies
    not_words: frozenset[str] = frozenset()  # phrases with a word of a category that name none: `kereta api`
    things: frozenset[str] = frozenset()  # names that are also a plain word, places behind one of `at`
    at: frozenset[str] = frozenset()
    not_at: frozenset[str] = frozenset()  # behind one of these no name is certain: `dari`, `pohon`, `pak`
    counted: frozenset[str] = frozenset()  # behind a number they make it a quantity: `2 orang`
    numbers: Mapping[str, str] = field(default_factory=dict)  # word for a number → its digits
    code_words: frozenset[str] = frozenset()  # may precede a code or a ticket: `kode 3`
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # state → word or phrase → its option
    languages: Mapping[str, str] = field(default_factory=dict)  # further name of a language → its key
    filler: frozenset[str] = frozenset()  # polite and small words, which change nothing
    spaces: frozenset[str] = frozenset()  # what a leaflet writes for a space: `LAPOR<spasi>3`
    thanks: frozenset[str] = frozenset()  # words and phrases that need no answer
    yes: frozenset[str] = frozenset()  # words and phrases that confirm
    refusals: frozenset[str] = frozenset()  # words and phrases that opt out, besides the command
    beside_stop: frozenset[str] = frozenset()  # words that leave an opt-out plain: `stop sms ini`
    weak: frozenset[str] = frozenset()  # of `categories`, name one only where no other word does: a job
    beside_quiet: frozenset[str] = frozenset()  # words that leave an all-quiet report plain: `situasi aman terkendali`
    desk_answers: Mapping[str, frozenset[str]] = field(default_factory=dict)  # answer to a question of the desk → words
    negations: frozenset[str] = frozenset()  # before an opt-out they reverse it: `jangan stop`
    undecided: frozenset[str] = frozenset()  # fit several kinds, and name none: `serangan`
    asked: frozenset[str] = frozenset()  # of `categories`, name a kind only behind the command: `uang`
    endings: tuple[str, ...] = ()  # of a word, without meaning: `tawurannya`
    pairs: tuple[WordPair, ...] = ()
    actors: tuple[ActorWords, ...] = ()
    no_report: NoReportWords = NoReportWords()
    cries: frozenset[str] = frozenset()  # words and phrases that call for help

    @property
    def everyday(self) -> frozenset[str]:
        """Words that are never taken for a misspelt place: common and polite ones, numbers, and all other keywords."""
        commands = (words for languages in self.commands.values() for words in languages.values())
        beside = (words for pair in self.pairs for words in (pair.one, pair.other))
        acting = (words for actor in self.actors for words in (actor.who, actor.does))
        return self.common.union(
            self.categories, self.filler, self.numbers, self.undecided, *commands, *beside, *acting
        )
