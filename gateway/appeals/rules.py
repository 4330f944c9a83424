"""Pure: rules of an appeal. Validate a draft, say when it first sends, and which rule of the pack blocks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from gateway.appeals.appeal import AppealDraft, approvals_needed
from gateway.appeals.audience import InvalidAudience, parse_audience
from gateway.appeals.texts import effective_texts, render_texts, template_texts
from gateway.menu.model import APPEAL_PLACEHOLDERS, Menu
from gateway.menu.rules import Need
from gateway.messages.message import CLASSES, MessageClass
from gateway.text import gsm
from gateway.text.banned_words import find_banned_words
from gateway.text.phone import mask_in
from gateway.text.wording import placeholders

MOST_PARTS = CLASSES[MessageClass.APPEAL].max_parts
_LONGEST_PURPOSE = 200
_LATE = timedelta(minutes=5)  # so long a start may be past: somebody has typed it


class InvalidDraft(ValueError):
    """All that is wrong with what an author has written."""

    def __init__(self, diagnostics: Sequence[str]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(diagnostics))


def check_draft(
    draft: AppealDraft, menu: Menu, channels: Mapping[str, str], now: datetime, stood: AppealDraft | None = None
) -> None:
    """Raise `WrongDraft` with all that is wrong; `channels` are the codes to dial, by channel.

    A start may be past only where it is that of what `stood` there before.
    """
    diagnostics = list(_faults(draft, menu, channels))
    if stood is None or draft.starts_at != stood.starts_at:
        diagnostics += filter(None, [start_error(draft.starts_at, menu, now)])
    if diagnostics:
        raise InvalidDraft(diagnostics)


def start_error(starts_at: datetime | None, menu: Menu, now: datetime) -> str:
    """Why a start cannot be set to that time; empty if it can."""
    if starts_at is None:
        return ""
    if starts_at.tzinfo is None:
        return "the time needs a time zone"
    if starts_at >= now - _LATE:
        return ""
    named = f"{starts_at.astimezone(menu.timezone):%Y-%m-%d %H:%M %Z}"
    return f"{named} is past; it begins later, or as soon as it is approved"


def _faults(draft: AppealDraft, menu: Menu, channels: Mapping[str, str]) -> Iterator[str]:
    if not 0 < len(draft.purpose.strip()) <= _LONGEST_PURPOSE:
        yield f"an appeal needs a purpose of at most {_LONGEST_PURPOSE} characters"
    if draft.channel not in channels:
        yield f"no channel is called {draft.channel}; known are {', '.join(sorted(channels))}"
    try:
        parse_audience(draft.audience, menu.areas, menu.languages)
    except InvalidAudience as error:
        yield str(error)
    if bool(draft.template) == bool(draft.texts):
        yield "an appeal has either a template of the pack or texts of its own"
    elif draft.template:
        yield from _template_faults(draft, menu)
    for language, text in draft.texts.items():
        yield from _text_faults(language, text, menu, channels.get(draft.channel, ""))
    yield from _refused_words(draft, menu)


def _refused_words(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """What it says, in its texts or its purpose, that no appeal may say; read as `spelt` would write it."""
    for where, text in {"purpose": draft.purpose, **effective_texts(draft, menu)}.items():
        for word in find_banned_words(gsm.transliterate(text).text, menu.rules.refused_words):
            yield f"{where}: {word} is one of the refused words"


def _template_faults(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    template = menu.templates.get(draft.template)
    if template is None:
        yield f"no template is called {draft.template}; known are {', '.join(menu.templates) or 'none'}"
    elif template.needs is Need.CLOSED_INCIDENT and not draft.ticket:
        yield f"{draft.template} speaks of an incident: name its ticket"


def _text_faults(language: str, text: str, menu: Menu, ussd: str) -> Iterator[str]:
    if language not in menu.languages:
        yield f"no language is called {language}; known are {', '.join(menu.languages)}"
        return
    try:
        unknown = sorted(placeholders(text) - set(APPEAL_PLACEHOLDERS))
    except ValueError as error:
        yield f"{language}: {error}"
        return
    if unknown:
        yield f"{language}: {{{unknown[0]}}} stands for nothing; known are {', '.join(APPEAL_PLACEHOLDERS)}"
    elif not text.strip():
        yield f"{language}: this text is empty"
    elif (most := max(one.parts for one in render_texts({language: text}, menu, ussd))) > MOST_PARTS:
        yield f"{language}: this text takes {most} parts; an appeal has at most {MOST_PARTS}"
    elif (leaving := _leaving(menu)) and not find_banned_words(text, leaving):
        yield f"{language}: this text must say how to leave, with one of {', '.join(leaving)}"


def _leaving(menu: Menu) -> list[str]:
    """The words by which somebody leaves, in any of the languages; none where the pack takes no SMS."""
    words = menu.keywords.commands.get("unsubscribe", {}).values()
    return sorted({word.upper() for spoken in words for word in spoken})


def first_send_at(draft: AppealDraft, menu: Menu, now: datetime) -> datetime:
    """When the first of it would leave, if it were let go now."""
    begins = max(draft.starts_at or now, now)
    return menu.quiet_until(begins) or begins


def required_approvals(draft: AppealDraft, menu: Menu, now: datetime) -> int:
    """How many people must approve it, by the stage in which it goes out."""
    return approvals_needed(menu.is_strict(first_send_at(draft, menu, now)))


def blocking_reason(
    draft: AppealDraft, menu: Menu, now: datetime, approvals: int | None = None, *, begun: bool = False
) -> str:
    """Why it may not go out by the pack that is in force; empty if it may.

    `approvals` is None while they are still to come. Of one that has `begun` it says as well what can be done.
    """
    if words := "; ".join(_refused_words(draft, menu)):
        return f"{words}: it can only be cancelled" if begun else words
    at = first_send_at(draft, menu, now)
    if not menu.is_strict(at):
        return ""
    stage = menu.stage_on(at.astimezone(menu.timezone).date())
    if _is_changed(draft, menu) or not _is_approved(draft, menu):
        since = f", and {draft.template} has been changed since" if _is_approved(draft, menu) else ""
        fault = f"in {stage} only approved texts of the pack go out{since}"
        return f"{fault}: until {stage} is over it can only be cancelled" if begun else fault
    if approvals is not None and approvals < approvals_needed(strict=True):
        fault = f"in {stage} an appeal needs {approvals_needed(strict=True)} approvals"
        return f"{fault}: another person must approve it before it is resumed" if begun else fault
    return ""


def _is_approved(draft: AppealDraft, menu: Menu) -> bool:
    template = menu.templates.get(draft.template)
    return template is not None and template.approved


def _is_changed(draft: AppealDraft, menu: Menu) -> bool:
    """Whether its texts are no more those that the pack has."""
    return bool(draft.texts) and draft.texts != template_texts(draft.template, menu)


def warnings(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """What is worth knowing of its texts, though nothing is wrong with it: who is written to in another language."""
    texts = effective_texts(draft, menu)
    for language in menu.languages:
        if language not in texts:
            instead = f"get the text in {menu.language}" if menu.language in texts else "get nothing"
            yield f"there is no text in {language}: those whose language that is {instead}"
    for language, text in texts.items():
        if mask_in(text) != text:
            yield f"{language}: what looks like a phone number stands masked on the public page of the appeals"
