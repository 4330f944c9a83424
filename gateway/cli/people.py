"""`people`: subscribers, officers and partners; lists of them read in, written out, and erased."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from pathlib import Path

import click

from gateway.audit import AuditTrail
from gateway.cli.authentication import system_user
from gateway.cli.context import locate_gateway, open_context
from gateway.cli.errors import run_async
from gateway.cli.options import gateway_options, json_option, list_options
from gateway.cli.output import open_output, print_row, print_rows
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.people.csv_export import COLUMNS, csv_rows
from gateway.people.csv_import import MAX_FILE_BYTES, ImportOptions, PeopleList, read_people
from gateway.people.directory import Directory, ImportCounts
from gateway.people.person import ROLE_MEANINGS, Role
from gateway.places.area_cell import AreaResolver
from gateway.privacy.erasure import Eraser
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.settings import Settings
from gateway.text.phone import NotAPhoneNumber, Phone, normalise
from gateway.vault.key_check import check_vault_key

_PACK = click.option("--pack", type=click.Path(path_type=Path), help="The folder of the menu pack [the one in use].")
_ROLE = click.Choice([role.value for role in Role])
_ASK = "-"


def _areas_of(menu: Menu) -> AreaResolver:
    return AreaResolver(menu.areas, menu.gazetteer)


@click.group(epilog="Roles: " + "; ".join(f"{role} ({meaning})" for role, meaning in ROLE_MEANINGS.items()) + ".")
def people() -> None:
    """The people whom the gateway may write to: subscribers, officers, partners."""


# Reading a list in ---------------------------------------------------------------------------------------------


@people.command("import")
@gateway_options
@_PACK
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Only say what would be done, and every row that is wrong.")
@click.option("--skip-bad", is_flag=True, help="Store the good rows although there are wrong ones.")
@click.option("--role", type=_ROLE, help="The role of rows that name none.")
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

    A second time the same changes nothing. Where any row is wrong, nothing is stored and the exit status is 1. The
    JSON names the wrong rows in `bad_rows`, by file and line, and repeats no number.
    """
    settings = locate_gateway(config, data, pack)
    menu = load(read_pack(settings.pack))
    listed = _read(file, menu, Role(role) if role else None)
    bad, bad_rows = len(listed.diagnostics), [asdict(diagnostic) for diagnostic in listed.diagnostics]
    for diagnostic in () if as_json else listed.diagnostics:
        click.echo(diagnostic, err=True)
    if bad and not (dry_run or skip_bad):
        if as_json:
            print_row({"dry_run": False, **asdict(ImportCounts()), "bad": bad, "bad_rows": bad_rows}, as_json)
        raise click.ClickException(f"{_counted(bad)}: nothing is stored. Mend them, or leave them out with --skip-bad.")
    async with open_context(settings) as stores:
        await check_vault_key(stores.database, stores.vault, stores.clock)
        imported = await Directory(stores.database, stores.vault, stores.clock).import_people(
            listed.entries, source=file.name, language=menu.language, dry_run=dry_run
        )
        counts = {**asdict(imported), "bad": bad}
        if not dry_run:
            await AuditTrail(stores.database, stores.clock).add(
                system_user(), "people.imported", {"file": file.name, **counts}
            )
    if as_json:
        print_row({"dry_run": dry_run, **counts, "bad_rows": bad_rows}, as_json)
    else:
        click.echo(_said(imported, bad, dry_run))
    if bad and not skip_bad:
        sys.exit(1)


def _read(file: Path, menu: Menu, role: Role | None) -> PeopleList:
    reading = ImportOptions(menu.region, menu.languages, menu.timezone, _areas_of(menu), Clock().now(), role)
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise click.ClickException(f"{file} is larger than {MAX_FILE_BYTES >> 20} MB: split it")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8: save it as 'CSV UTF-8'") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be read: {error.strerror}") from None
    return read_people(text, file.name, reading)


def _counted(bad: int) -> str:
    return "1 row is wrong" if bad == 1 else f"{bad} rows are wrong"


def _said(imported: ImportCounts, bad: int, dry_run: bool) -> str:
    said = [f"{imported.new} new, {imported.updated} updated, {imported.unchanged} unchanged"]
    if imported.declined:
        said.append(f"{imported.declined} not subscribed: they have said STOP since")
    if bad:
        said.append(f"{_counted(bad)}")
    return f"{'Dry run, nothing is stored: ' if dry_run else ''}{'; '.join(said)}."


# Looking and writing out ---------------------------------------------------------------------------------------


@people.command("list")
@gateway_options
@list_options
@click.option("--role", type=_ROLE, help="Only those with this role.")
@click.option("--area", help="Only those of this area, as code or name, with what lies in it.")
@run_async
async def people_list(
    config: Path | None, data: Path | None, as_json: bool, limit: int, role: str | None, area: str | None
) -> None:
    """List people, the last added first. Numbers are masked."""
    settings = locate_gateway(config, data)
    codes = _codes(area, settings) if area is not None else ()
    async with open_context(settings) as stores:
        listed = await Directory(stores.database, stores.vault, stores.clock).list_people(
            limit, Role(role) if role else None, codes
        )
    columns = ["phone", "name", "roles", "areas", "language", "source", "added_at"]
    if as_json:
        print_rows(listed, columns, as_json, "")
        return
    lines = [{**person, **{name: ", ".join(person[name]) for name in ("roles", "areas")}} for person in listed]
    print_rows(lines, columns, as_json, "There is nobody.")


def _codes(area: str, settings: Settings) -> tuple[str, ...]:
    areas = _areas_of(load(read_pack(settings.pack)))
    read = areas.resolve(area)
    if len(read.codes) != 1:
        meant = f"; meant may be {', '.join(read.suggestions)}" if read.suggestions else ""
        raise click.BadParameter(f"there is no area {area!r}{meant}", param_hint="--area")
    return areas.overlapping_codes(read.codes[0])


@people.command("export")
@gateway_options
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write [stdout].")
@click.option("--reason", required=True, help="Why the numbers are needed; it stands in the audit trail.")
@click.option("--role", type=_ROLE, help="Only those with this role.")
@run_async
async def people_export(
    config: Path | None, data: Path | None, output: Path | None, reason: str, role: str | None
) -> None:
    """Write all people with their whole numbers as CSV, as `people import` reads it.

    Only its owner can read the file. Who wrote it and why stands in the audit trail before the first number is read.
    """
    if not reason.strip():
        raise click.BadParameter("say why the numbers are needed", param_hint="--reason")
    settings = locate_gateway(config, data)
    menu = load(read_pack(settings.pack))
    wanted = Role(role) if role else None
    written = 0
    with open_output(output) as file:
        async with open_context(settings) as stores:
            detail = {"reason": reason.strip(), "role": role or "all"}
            await AuditTrail(stores.database, stores.clock).add(system_user(), "people.exported", detail)
            sheet = csv.writer(file, lineterminator="\n")
            sheet.writerow(COLUMNS)
            async for person in Directory(stores.database, stores.vault, stores.clock).export(wanted):
                sheet.writerows(csv_rows(person, menu.timezone, wanted))
                written += 1
    click.echo(f"{written} people written{f' to {output}' if output else ''}.", err=True)


# Erasing -------------------------------------------------------------------------------------------------------


@people.command("erase")
@gateway_options
@click.argument("phone")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@run_async
async def people_erase(config: Path | None, data: Path | None, phone: str, yes: bool, as_json: bool) -> None:
    """Take a number out of everything: people, subscriptions, reports, drafts and messages.

    The reports stay, and are nobody's. With - for PHONE the number is asked for, and stands in no history of commands.
    """
    settings = locate_gateway(config, data)
    number = _number(
        click.prompt("Number", err=True) if phone == _ASK else phone, load(read_pack(settings.pack)).region
    )
    if not yes:
        click.confirm(f"Erase {number} everywhere? It cannot be undone.", abort=True, err=True)
    async with open_context(settings) as stores:
        await check_vault_key(stores.database, stores.vault, stores.clock)
        erased = await Eraser(stores.database, stores.vault, stores.clock).erase(number, system_user())
    if as_json:
        print_row({"phone": str(number), **asdict(erased)}, as_json)
        return
    if not erased.found_any:
        click.echo(f"Nothing is known of {number}.")
        return
    counts = {**asdict(erased), "messages received": erased.received}
    counts.pop("received")
    click.echo(f"{number} is erased from: {', '.join(f'{name} {count}' for name, count in counts.items() if count)}.")


def _number(written: str, region: str) -> Phone:
    try:
        return Phone(normalise(written, region))
    except NotAPhoneNumber as wrong:
        raise click.BadParameter(str(wrong), param_hint="PHONE") from None
