"""Options of `waspada incidents`, and the filter that those of the list make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ParamSpec

import click

from gateway.cli.incidents.answer_option import answer_tested
from gateway.cli.incidents.places import areas_named
from gateway.incidents.filters import IncidentFilter
from gateway.menu.model import Menu
from gateway.text.diagnostics import unknown
from gateway.text.phone import mask_in
from gateway.text.times import NotATime, TypedSince, parse_since

P = ParamSpec("P")
_LONGEST_NAME = 64  # characters of an operator's name


@dataclass(frozen=True, slots=True)
class TypedFilter:
    """Filter of the list as it was typed."""

    open_only: bool
    danger_only: bool
    new_details_only: bool
    area: str
    kind: str
    since: TypedSince | None
    mine: bool
    actor: str
    by_update: bool
    answers: tuple[str, ...]

    def filter_with(self, menu: Menu, now: datetime) -> IncidentFilter:
        """Return the filter. Raises `click.BadParameter`."""
        return IncidentFilter(
            open_only=self.open_only,
            danger_only=self.danger_only,
            new_details_only=self.new_details_only,
            areas=areas_named(menu, self.area) if self.area else (),
            category=category_named(menu, self.kind) if self.kind else "",
            taken_by=self.actor if self.mine else "",
            since=self.since.at(menu.timezone, now) if self.since else None,
            by_update=self.by_update,
            answers=[answer_tested(menu, typed, now) for typed in self.answers],
        )


def category_named(menu: Menu, typed: str) -> str:
    """Return the kind of this key, name, SMS code or SMS word. Raises `click.BadParameter`."""
    word = typed.strip().casefold()
    labels = {
        menu.label("category", key, language).casefold(): key for language in menu.languages for key in menu.categories
    }
    known = {**menu.keywords.categories, **labels, **{key: key for key in menu.categories}}
    if word not in known:
        raise click.BadParameter(unknown("kind", typed, menu.categories), param_hint="--kind")
    return known[word]


def _parse_since(_: click.Context, __: click.Parameter, value: str | None) -> TypedSince | None:
    try:
        return parse_since(value) if value is not None else None
    except NotATime as error:
        raise click.BadParameter(str(error)) from None


def parse_actor(_: click.Context, __: click.Parameter, value: str | None) -> str:
    """Parse the name of an operator. A phone number in it is masked: it may stay for ever. Empty for None."""
    name = mask_in((value or "").strip())
    if value is not None and not (0 < len(name) <= _LONGEST_NAME and name.isprintable()):
        raise click.BadParameter(f"write a name of at most {_LONGEST_NAME} characters")
    return name


def _parse_reason(_: click.Context, __: click.Parameter, reason: str) -> str:
    if not reason.strip():
        raise click.BadParameter("it is empty; write a reason")
    return reason.strip()


actor_option = click.option(
    "--as", "actor", required=True, callback=parse_actor, help="Your name, for the audit trail."
)
from_option = click.option("--from", "taken_from", callback=parse_actor, help="The operator who has it now.")
reason_option = click.option("--reason", required=True, callback=_parse_reason, help="The reason, for the audit trail.")


def filter_options(command: Callable[P, Any]) -> Callable[P, Any]:
    """Add the options that filter the list, as one parameter `typed` of type `TypedFilter`."""

    def with_filter(*args: P.args, **kwargs: P.kwargs) -> Any:
        given = {name: kwargs.pop(name) for name in TypedFilter.__slots__}
        if given["mine"] and not given["actor"]:
            raise click.UsageError("--mine needs your name: --as NAME")
        return command(*args, typed=TypedFilter(**given), **kwargs)  # type: ignore[arg-type]

    with_filter.__name__, with_filter.__doc__ = command.__name__, command.__doc__
    options = (
        click.option("--open", "open_only", is_flag=True, help="Neither closed nor merged."),
        click.option("--danger", "danger_only", is_flag=True, help="Only where people are in danger."),
        click.option("--new-details", "new_details_only", is_flag=True, help="Only with details nobody has acted on."),
        click.option("--area", default="", metavar="NAME|CODE", help="A kelurahan, or all of a kecamatan."),
        click.option("--kind", default="", help="A kind: its key, name or SMS code."),
        click.option(
            "--answer",
            "answers",
            multiple=True,
            metavar="NAME=VALUE",
            help="An answer of the pack, as size=many or tps>=5. Repeatable.",
        ),
        click.option("--since", callback=_parse_since, help="Such as 2h, 3d, kemarin, 30/11/2026, or a time."),
        click.option("--mine", is_flag=True, help="Only those that you have taken."),
        click.option(
            "--as",
            "actor",
            callback=parse_actor,
            help="Your name, for --mine; or the account that reads restricted reports, which is authenticated.",
        ),
        click.option("--by-update", is_flag=True, help="The last changed first; --since counts by that time."),
    )
    wrapped: Callable[..., Any] = with_filter
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped
