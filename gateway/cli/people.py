"""`people`: import, list, export and erase subscribers, officers and partners."""

from __future__ import annotations

import csv
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from gateway.audit import AuditTrail
from gateway.carriers.numbers import read_number
from gateway.cli.authentication import system_user
from gateway.cli.context import open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options, output_option
from gateway.cli.output import open_output, print_json, print_rows
from gateway.cli.packs import area_name, load_readable_pack
from gateway.menu.definitions.roles import PersonRole
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.people.csv_export import COLUMNS, csv_rows
from gateway.people.csv_import import MAX_FILE_BYTES, ImportOptions, PeopleList, read_people
from gateway.people.directory import Directory, ImportCounts
from gateway.people.loading import PersonSummary
from gateway.people.person import EVERYWHERE
from gateway.places.area_cell import AreaResolver
from gateway.privacy.erasure import Eraser
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.settings import Settings
from gateway.text.diagnostics import quoted, unknown
from gateway.text.json_values import to_json
from gateway.text.phone import NotAPhoneNumber, Phone
from gateway.text.times import format_local
from gateway.vault.key_check import check_vault_key
from gateway.wiring.running_instance import locate_gateway

_PACK = click.option("--pack", type=click.Path(path_type=Path), help="The folder of the menu pack [the one in use].")
_ASK = "-"
_BOM = "\ufeff"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # beginnings of .xlsx, .ods and .xls


def _area_resolver(menu: Menu) -> AreaResolver:
    return AreaResolver(menu.areas, menu.gazetteer)


@click.group(epilog="The roles are those of the pack: waspada people roles.")
def people() -> None:
    """People whom the gateway may write to: subscribers, officers, partners."""


def _known_role(written: str, roles: Collection[str]) -> str:
    if written not in roles:
        raise click.BadParameter(unknown("role", written, roles), param_hint="--role")
    return written


async def _held_role(written: str | None, directory: Directory, settings: Settings) -> str | None:
    """Return the role to look for: one of the pack, or one that people have kept from an earlier edition."""
    if written is None:
        return None
    roles = load_readable_pack(settings.pack).roles
    if written not in roles and written in await directory.held_roles():
        return written
    return _known_role(written, roles)


# Roles -----------------------------------------------------------------------------------------------------------


@people.command("roles")
@gateway_options
@json_option
@run_async
async def people_roles(config: Path | None, data: Path | None, as_json: bool) -> None:
    """List the roles of the pack: their names, meanings and duties."""
    menu = load_readable_pack(locate_gateway(config, data).pack)
    rows = [_role_row(role, menu) for role in menu.roles.values()]
    print_rows(rows, list(rows[0]), as_json, "")


def _role_row(role: PersonRole, menu: Menu) -> dict[str, Any]:
    due = role.daily_report_by
    return {
        "role": role.key,
        "label": role.label(menu.language),
        "reports_without_limit": role.reports_without_limit,
        "daily_report_by": f"{due:%H:%M}" if due else "",
        "alerted": role.alerted,
        "needs_areas": role.needs_areas,
        "meaning": role.meaning,
    }


# Import ----------------------------------------------------------------------------------------------------------


@people.command("import")
@gateway_options
@_PACK
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Only show the changes and every wrong row, and store nothing.")
@click.option("--skip-bad", is_flag=True, help="Store the good rows and leave out the wrong ones.")
@click.option("--role", help="The role of rows without one.")
@json_option
@run_async
async def people_import(
    config: Path | None,
    data: Path | None,
    pack: Path | None,
    file: Path,
    dry_run: bool,
    skip_bad: bool,
    role: str | None,
    as_json: bool,
) -> None:
    """Add and correct people from FILE, a CSV with the columns phone, name, role, areas, language and consent.

    FILE may be -, for standard input.

    The headings may be Indonesian: Nama;No HP;Peran;Kelurahan;Persetujuan;Bahasa, as in deploy/people-example.csv.

    A second time the same changes nothing. If any row is wrong, nothing is stored and the exit status is 1. The
    JSON names the wrong rows in `bad_rows`, by file and line, and repeats no number.
    """
    settings = locate_gateway(config, data, pack)
    menu = load(read_pack(settings.pack))
    listed = _read_list(file, menu, _known_role(role, menu.roles) if role else None)
    bad = len(listed.diagnostics)
    refused = bad > 0 and not (dry_run or skip_bad)
    if not as_json:
        for diagnostic in listed.diagnostics:
            click.echo(diagnostic, err=True)
    counts = (
        ImportCounts() if refused else await _import(settings, listed, _name_of(file), menu.language, dry_run=dry_run)
    )
    if as_json:
        print_json({"dry_run": dry_run, **asdict(counts), "bad": bad, "bad_rows": listed.diagnostics})
    elif not refused:
        click.echo(_import_summary(counts, bad, dry_run))
    if refused:
        raise click.ClickException(
            f"{_bad_rows(bad)}: nothing is stored. Mend them, or leave them out with --skip-bad."
        )
    if bad and not skip_bad:
        sys.exit(1)


def _read_list(file: Path, menu: Menu, role: str | None) -> PeopleList:
    areas = _area_resolver(menu)
    options = ImportOptions(menu.region, menu.languages, menu.timezone, areas, menu.roles, Clock().now(), role)
    try:
        with click.open_file(str(file), "rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    name = _name_of(file) if str(file) == _ASK else str(file)
    if len(content) > MAX_FILE_BYTES:
        raise click.ClickException(f"{name} is larger than {MAX_FILE_BYTES >> 20} MB: split it")
    if content.startswith(_WORKBOOKS):
        raise click.ClickException(f"{name} is a workbook: save it as 'CSV UTF-8'")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{name} is not UTF-8: save it as 'CSV UTF-8'") from None
    return read_people(text, _name_of(file), options)


def _name_of(file: Path) -> str:
    return "standard input" if str(file) == _ASK else file.name


async def _import(settings: Settings, listed: PeopleList, source: str, language: str, *, dry_run: bool) -> ImportCounts:
    """Import the good rows of a list, or count what that would change, and record it in the audit trail."""
    async with open_context(settings) as context:
        await check_vault_key(context.database, context.vault, context.clock)
        counts = await Directory(context.database, context.vault, context.clock).import_people(
            listed.entries, source=source, language=language, dry_run=dry_run
        )
        if not dry_run:
            detail = {"file": source, **asdict(counts), "bad": len(listed.diagnostics)}
            await AuditTrail(context.database, context.clock).add(system_user(), "people.imported", detail)
    return counts


def _bad_rows(bad: int) -> str:
    return "1 row is wrong" if bad == 1 else f"{bad} rows are wrong"


def _import_summary(counts: ImportCounts, bad: int, dry_run: bool) -> str:
    clauses = [f"{counts.new} new, {counts.updated} updated, {counts.unchanged} unchanged"]
    if counts.declined:
        clauses.append(f"{counts.declined} not subscribed: they have said STOP since")
    if bad:
        clauses.append(_bad_rows(bad))
    return f"{'Dry run, nothing is stored: ' if dry_run else ''}{'; '.join(clauses)}."


# List and export -------------------------------------------------------------------------------------------------


@people.command("list")
@gateway_options
@list_options
@click.option("--role", help="Only those with this role.")
@click.option("--area", help="Only those of this area, a code or a name, and of the areas in it.")
@run_async
async def people_list(
    config: Path | None, data: Path | None, as_json: bool, limit: int, role: str | None, area: str | None
) -> None:
    """List people, the last added first. Numbers are masked."""
    settings = locate_gateway(config, data)
    codes = _overlapping_codes(area, settings) if area is not None else ()
    async with open_context(settings) as context:
        directory = Directory(context.database, context.vault, context.clock)
        held = await _held_role(role, directory, settings)
        found = await directory.list_people(limit, held, codes)
    if as_json:
        print_json(found)
        return
    menu = load_readable_pack(settings.pack)
    rows = [_row(person, menu) for person in found]
    columns = ["phone", "name", "roles", "areas", "language", "source", "added_at"]
    print_rows(rows, columns, as_json, if_empty="There is nobody.")


def _row(person: PersonSummary, menu: Menu) -> dict[str, Any]:
    """Return the cells of a person in a table, with names of areas and local time."""
    names = (area_name(menu, code) for code in person.areas)
    return {
        **to_json(person),
        "roles": ", ".join(person.roles),
        "areas": ", ".join(names),
        "added_at": format_local(person.added_at, menu.timezone),
    }


def _overlapping_codes(area: str, settings: Settings) -> tuple[str, ...]:
    resolver = _area_resolver(load(read_pack(settings.pack)))
    cell = resolver.resolve(area)
    if len(cell.codes) > 1:
        raise click.BadParameter(f"{quoted(area)} is several areas; expected one", param_hint="--area")
    if not cell.codes:
        raise click.BadParameter(f"{unknown('area', area)}; {cell.advice}", param_hint="--area")
    return (*resolver.overlapping_codes(cell.codes[0]), EVERYWHERE)


@people.command("export")
@gateway_options
@output_option()
@click.option("--reason", required=True, help="Why the numbers are needed, for the audit trail.")
@click.option("--role", help="Only those with this role.")
@click.option(
    "--separator",
    type=click.Choice([",", ";"]),
    default=",",
    show_default=True,
    help="Between the cells: ; for a spreadsheet in Indonesian.",
)
@run_async
async def people_export(
    config: Path | None, data: Path | None, output: Path | None, reason: str, role: str | None, separator: str
) -> None:
    """Export all people with their whole numbers as CSV, in the form that `people import` reads.

    A number has an apostrophe before it, so that a spreadsheet leaves it as it is, and a file begins with a BOM. Only
    its owner can read the file. The audit trail has the author and the reason before the first number is read.
    """
    if not reason.strip():
        raise click.BadParameter("say why the numbers are needed", param_hint="--reason")
    settings = locate_gateway(config, data)
    menu = load(read_pack(settings.pack))
    written = 0
    with open_output(output) as file:
        async with open_context(settings) as context:
            directory = Directory(context.database, context.vault, context.clock)
            wanted = await _held_role(role, directory, settings)
            detail = {"reason": reason.strip(), "role": role or "all"}
            await AuditTrail(context.database, context.clock).add(system_user(), "people.exported", detail)
            if output:  # without it Excel does not take the file for UTF-8
                file.write(_BOM)
            writer = csv.writer(file, delimiter=separator, lineterminator="\n")
            writer.writerow(COLUMNS)
            async for person in directory.export(wanted):
                writer.writerows(csv_rows(person, menu.timezone, wanted))
                written += 1
    click.echo(f"{written} people written{f' to {output}' if output else ''}.", err=True)


# Erasure ---------------------------------------------------------------------------------------------------------


@people.command("erase")
@gateway_options
@click.argument("phone")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@run_async
async def people_erase(config: Path | None, data: Path | None, phone: str, yes: bool, as_json: bool) -> None:
    """Erase a number everywhere: from people, subscriptions, reports, drafts and messages.

    The reports stay, without it. With - for PHONE the number is asked for, and is in no history of commands.
    """
    settings = locate_gateway(config, data)
    written = click.prompt("Number", err=True) if phone == _ASK else phone
    number = _parse_phone(written, load(read_pack(settings.pack)).region)
    if not yes:
        click.confirm(f"Erase {number} everywhere? It cannot be undone.", abort=True, err=True)
    async with open_context(settings) as context:
        await check_vault_key(context.database, context.vault, context.clock)
        erased = await Eraser(context.database, context.vault, context.clock).erase(number, system_user())
    if as_json:
        print_json({"phone": number, **asdict(erased)})
        return
    if not erased.found_any:
        click.echo(f"Nothing is known of {number}.")
        return
    counts = {name: count for name, count in asdict(erased).items() if name != "received"}
    counts["inbound SMS"] = erased.received
    click.echo(f"{number} is erased from: {', '.join(f'{name} {count}' for name, count in counts.items() if count)}.")


def _parse_phone(written: str, region: str) -> Phone:
    try:
        return read_number(written.strip(), region)
    except NotAPhoneNumber as error:
        raise click.BadParameter(str(error), param_hint="PHONE") from None
