"""Pure: meaning of an SMS, with the earlier ones of its phone that were not settled.

What comes first has precedence: a command, thanks, the argument that an earlier command lacked, a ticket, the missing
half of a report. A digit for a dropped report or from an officer is taken before all of these (`handler`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.menu.model import Menu
from gateway.sms.command_parser import Command, areas_only, parse_command
from gateway.sms.refusals import mentions_stop
from gateway.sms.report_halves import NO_REPORT, PartialReport, read_all, read_next
from gateway.sms.short_texts import has_meaning, is_cry, is_echo, is_thanks, is_ticket, is_yes
from gateway.sms.tickets_in_text import find_ticket, has_ticket_like_number
from gateway.sms.typed_text import prepare
from gateway.text.words import words

THANKS = Command("thanks")
ECHO = Command("echo")  # an SMS of ours that came back


@dataclass(frozen=True, slots=True)
class Meaning:
    """Command of an SMS, and the report that it is part of.

    `alone` is what the SMS says of a report by itself, `before` what earlier ones said.
    """

    command: Command
    report: PartialReport = NO_REPORT
    alone: PartialReport = NO_REPORT
    before: PartialReport = NO_REPORT

    @property
    def is_recognised(self) -> bool:
        """Return True for a report that nobody asked to file: its words alone say that it is one."""
        return self.command.name == "report" and not self.report.is_command

    @property
    def is_answer(self) -> bool:
        """Return True if the SMS continues a report, and is none by itself."""
        return not (self.before.is_empty or self.alone.is_complete)

    @property
    def tells_something(self) -> bool:
        """Return True if the SMS by itself names the category or the place of a report."""
        return not self.alone.is_empty


def understand(text: str, earlier: Sequence[str], menu: Menu) -> Meaning:
    """Return the meaning of a prepared `text`. `earlier` are the unsettled texts before it, the oldest first."""
    if is_echo(text, menu):
        return Meaning(ECHO)
    command = parse_command(text, menu)
    if not command.name:
        if is_thanks(text, menu.keywords) and not _proposes_place(earlier, menu):
            return Meaning(THANKS)
        command = _continued(text, earlier, menu)
        if not command.name and is_ticket(text, menu.keywords):
            command = Command("status", "", text)
    if command.name not in ("", "help", "report"):
        return Meaning(command)
    before = read_all(earlier, menu)
    report = read_next(text, before, menu)
    if not command.name and is_yes(text, menu.keywords) and before.is_complete:
        report = replace(before, is_command=True)
    meaning = Meaning(command, report, read_next(text, NO_REPORT, menu), before)
    is_about_stop = mentions_stop(list(words(text)), menu.keywords) and not meaning.tells_something
    is_cry_that_completes = (
        command.name == "help" and report.is_complete and has_meaning(command.argument, menu.keywords)
    )
    if report.is_command and (is_cry_that_completes or not (command.name or is_about_stop)):
        return replace(meaning, command=Command("report", _language_asked_in(earlier, menu), text))
    if _is_recognised(meaning):
        return replace(meaning, command=Command("report", command.language, text))
    if not command.name and is_cry(text, menu.keywords):
        return replace(meaning, command=Command("help", "", text))
    return meaning


def _is_recognised(meaning: Meaning) -> bool:
    """Return True if the SMS makes a report complete that nobody asked to file, and that is without doubt."""
    report = meaning.report
    is_unasked = meaning.command.name in ("", "help") and not report.is_command
    return is_unasked and meaning.tells_something and report.is_complete and not report.is_doubtful


def _proposes_place(earlier: Sequence[str], menu: Menu) -> bool:
    """Return True if a place waits to be confirmed: `ya, terima kasih` does it, and `ok` is asked again."""
    before = read_all(earlier, menu)
    return bool(before.proposed)


def _continued(text: str, earlier: Sequence[str], menu: Menu) -> Command:
    """Return the newest earlier command with the argument that it lacked: `INFO`, then `7340-2817 lari`."""
    if not earlier:
        return Command()
    last = parse_command(prepare(earlier[-1], menu.keywords), menu)
    both = f"{last.argument} {text}".strip()
    if last.name == "subscribe":
        argument = next((one for one in (text, both) if areas_only(one, menu).codes), "")
        return replace(last, argument=argument) if argument else Command()
    if last.name not in ("status", "add_info", "erase"):
        return Command()
    if last.name == "erase" and find_ticket(last.argument)[0]:
        return Command()  # it was asked back for other words than the ticket
    if has_ticket_like_number(text):  # `INFO pelaku lari`, then the ticket: the details are kept
        return replace(last, argument=both if last.name == "add_info" else text)
    if last.name == "add_info" and find_ticket(last.argument)[0]:
        return replace(last, argument=both)
    return Command()


def _language_asked_in(earlier: Sequence[str], menu: Menu) -> str:
    """Return the language of the newest report command in these texts. Empty where several languages share it."""
    commands = (parse_command(prepare(one, menu.keywords), menu) for one in reversed(earlier))
    return next((command.language for command in commands if command.name == "report"), "")
