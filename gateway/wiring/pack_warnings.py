"""Warnings about a valid pack: what is true in the files, and may no longer be true for residents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway.menu.checks.danger_way import danger_faults
from gateway.menu.checks.pack_files import PACK, STAGES, line_of, text_diagnostic
from gateway.menu.checks.quoted import asks_for_reply
from gateway.menu.model import RETENTION_DAYS, SMS_NUMBER, Menu
from gateway.settings import Settings
from gateway.text.diagnostics import Diagnostic
from gateway.text.service_number import is_number


def warnings_of(menu: Menu, settings: Settings, now: datetime) -> list[Diagnostic]:
    """Return the warnings about a pack with these settings at this time."""
    found = [*_stage_warnings(menu, now), *_retention_warnings(menu, settings), *_sender_warnings(menu, settings)]
    return sorted({*found, *danger_faults(menu)})


def _stage_warnings(menu: Menu, now: datetime) -> Iterator[Diagnostic]:
    if menu.all_stages_are_past(now):
        line = line_of(menu.lines.get(STAGES, {}), (str(len(menu.stages) - 1),))
        ended = f"{menu.stages[-1].key} ended on {menu.stages[-1].end - timedelta(minutes=1):%Y-%m-%d}"
        yield Diagnostic(STAGES, line, f"all stages are past ({ended}), so no day is strict; write the next ones")


def _retention_warnings(menu: Menu, settings: Settings) -> Iterator[Diagnostic]:
    told = menu.constants.get(RETENTION_DAYS)
    if told is not None and told != str(settings.retention_days):
        line = line_of(menu.lines.get(PACK, {}), ("constants", RETENTION_DAYS))
        message = f"texts promise {told} days, the setting retention_days is {settings.retention_days}; make them agree"
        yield Diagnostic(PACK, line, f"constants.{RETENTION_DAYS}: {message}")


def _sender_warnings(menu: Menu, settings: Settings) -> Iterator[Diagnostic]:
    """Yield the SMS that ask for a reply, where a channel sends under a name: a phone cannot reply to one."""
    named = sorted(
        name for name, channel in settings.channels.items() if channel.sender and not is_number(channel.sender)
    )
    if not named:
        return
    for words in menu.wordings.values():
        for path in asks_for_reply(menu, words):
            message = f"nobody can reply to the sender of channel {', '.join(named)}, which is a name"
            yield text_diagnostic(words, path, f"{message}; write {{{SMS_NUMBER}}} or {{ussd}} here")
