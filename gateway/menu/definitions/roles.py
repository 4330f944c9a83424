"""Roles of people in the directory: two that mean something to the program, and those that a pack declares.

People with a duty have one that reports without a limit, or by an hour of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time

SUBSCRIBER = "subscriber"
OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class PersonRole:
    """Role in which a person receives messages, or reports with a duty.

    `labels` are its names by language. `alerted` people get the alerts of their area. Without an area, a grant of a
    role that `needs_areas` would reach nobody.
    """

    key: str
    meaning: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    reports_without_limit: bool = False
    alerted: bool = False
    needs_areas: bool = False
    daily_report_by: time | None = None  # local time by which a report of the day is due

    @property
    def has_duty(self) -> bool:
        """Return True if its people report by duty, and under their name."""
        return self.reports_without_limit or self.daily_report_by is not None

    @property
    def may_be_asked(self) -> bool:
        """Return True if the desk may ask its people whether a report is true."""
        return self.has_duty or self.alerted

    def label(self, language: str) -> str:
        return self.labels.get(language) or self.key


Roles = Mapping[str, PersonRole]
"""Roles of a pack by their keys, the built-in ones first."""

BUILT_IN: Roles = {
    SUBSCRIBER: PersonRole(SUBSCRIBER, "a resident who has agreed to get appeals for an area", needs_areas=True),
    OFFICER: PersonRole(OFFICER, "gets the alerts of an area and answers them", alerted=True, needs_areas=True),
}

_WITHOUT_A_FILE: Mapping[str, str] = {
    "camat": "head of a kecamatan",
    "lurah": "head of a kelurahan or desa",
    "tokoh_masyarakat": "somebody whom the people of an area listen to",
    "tokoh_agama": "a religious leader",
    "fkub": "a member of the forum for religious harmony",
    "pemuda": "a youth leader",
    "ormas": "a community organisation",
    "sekolah": "a school",
    "asn": "a civil servant, for reminders of neutrality",
    "partner": "another office that the desk works with",
}

DEFAULT_ROLES: Roles = {**BUILT_IN, **{key: PersonRole(key, meaning) for key, meaning in _WITHOUT_A_FILE.items()}}
"""Roles of a pack without a roles.yaml."""


def duty_roles(roles: Roles) -> tuple[str, ...]:
    """Return the keys of the roles whose people report by duty, in their order."""
    return tuple(role.key for role in roles.values() if role.has_duty)


def label_of(roles: Roles, key: str, language: str) -> str:
    """Return the name of a role, or its key if this pack has no such role."""
    return roles[key].label(language) if key in roles else key


def in_role_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of roles in the order of lists: the built-in ones first, then by alphabet."""
    first = tuple(BUILT_IN)
    return tuple(sorted(keys, key=lambda key: (first.index(key) if key in first else len(first), key)))
