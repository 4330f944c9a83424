"""Check the roles of people in a pack: every one has its names, and none hides a built-in one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.menu.checks.pack_files import ROLES
from gateway.menu.definitions.roles import BUILT_IN
from gateway.menu.pack.role_schema import ANY_LANGUAGE, RoleShape, RolesShape
from gateway.menu.pack.yaml_reader import PackReader
from gateway.text.diagnostics import unknown

_LONGEST_LABEL = 40


def check_roles(reader: PackReader, roles: RolesShape, languages: Mapping[str, str]) -> None:
    """Check for roles without a label, for labels of other languages, and for names with two meanings."""
    meanings: dict[str, str] = {key: key for key in (*BUILT_IN, *roles.root)}
    for key, role in roles.root.items():
        if key in BUILT_IN:
            reader.add(ROLES, (key,), f"{key}: this role is built in; leave it out, or give yours another key")
            continue
        if reader.is_known(ROLES, (key, "label")):  # it may be there, but faulty
            for message in _label_faults(role, languages):
                reader.add(ROLES, (key, "label"), f"{key}: {message}")
        for label in dict.fromkeys(role.label.values()):
            earlier = meanings.setdefault("_".join(label.casefold().split()), key)
            if label and earlier != key:
                reader.add(ROLES, (key, "label"), f"{key}: the label {label} means the role {earlier} already")


def has_duty(roles: RolesShape | None) -> bool:
    """Return True if people of some role report by duty."""
    return roles is not None and any(
        role.reports_without_limit or role.daily_report_by is not None for role in roles.root.values()
    )


def _label_faults(role: RoleShape, languages: Mapping[str, str]) -> Iterator[str]:
    if not any(map(str.strip, role.label.values())):
        each = ", ".join(f"{language}: ..." for language in languages)
        yield f"it has no label; write one name for all languages, label: ..., or one for each, label: {{{each}}}"
    elif ANY_LANGUAGE not in role.label:
        first = next(iter(languages))  # its label is that of a language without one
        if not role.label.get(first, "").strip():
            yield f"label.{first} is missing"
        yield from (f"label: {unknown('language', one, languages)}" for one in role.label if one not in languages)
    if any(len(label) > _LONGEST_LABEL for label in role.label.values()):
        yield f"a label has at most {_LONGEST_LABEL} characters"
