"""Pure: rules of an appeal: validate a draft, compute its first send, and find the rule of the pack that blocks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import MINYEAR, datetime, timedelta

from gateway.appeals.appeal import UNFINISHED, Appeal, AppealDraft, AppealStatus, approvals_needed
from gateway.appeals.audience import InvalidAudience, parse_audience
from gateway.appeals.terms import terms_of
from gateway.appeals.texts import AppealValues, effective_texts, render_texts, template_texts
from gateway.menu.definitions.rules import Need
from gateway.menu.model import APPEAL_PLACEHOLDERS, Menu
from gateway.messages.message import CLASSES, MessageClass
from gateway.text import gsm
from gateway.text.banned_words import find_banned_words
from gateway.text.diagnostics import one_of, unknown
from gateway.text.errors import UserError
from gateway.text.phone import mask_in
from gateway.text.times import format_local
from gateway.text.wording import placeholders

MOST_PARTS = CLASSES[MessageClass.APPEAL].max_parts
_LONGEST_PURPOSE = 200
_NAMED_SENDER = "the sender of this channel is a name, to which nobody can reply STOP"
_START_GRACE = timedelta(minutes=5)  # a start may be this far in the past: typing it took a while
_LATEST_START = timedelta(days=366)  # from now: a later one is a slip, and at the end of time no clock can show it


class InvalidDraft(UserError, ValueError):
    """Draft with faults. Its text and `diagnostics` tell all of them."""

    def __init__(self, diagnostics: Sequence[str]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(diagnostics))


# Validation of a draft -----------------------------------------------------------------------------------------


def check_draft(
    draft: AppealDraft,
    menu: Menu,
    channels: Mapping[str, AppealValues],
    now: datetime,
    previous: AppealDraft | None = None,
) -> None:
    """Raise `InvalidDraft` with all faults of a draft. `channels` are the values that fill its texts, by channel.

    A start in the past is a fault, unless `previous` has the same one.
    """
    diagnostics = list(_faults(draft, menu, channels))
    is_new_start = previous is None or draft.starts_at != previous.starts_at
    if is_new_start and (fault := start_error(draft.starts_at, menu, now)):
        diagnostics.append(fault)
    if diagnostics:
        raise InvalidDraft(diagnostics)


def start_error(starts_at: datetime | None, menu: Menu, now: datetime) -> str:
    """Return the reason that an appeal cannot start at that time, or an empty text."""
    if starts_at is None:
        return ""
    if starts_at.tzinfo is None:
        return "the time needs a time zone"
    if starts_at > now + _LATEST_START:
        return f"the start {starts_at:%Y-%m-%d} is more than a year ahead; choose an earlier time"
    if starts_at >= now - _START_GRACE:
        return ""
    # A time at the beginning of the calendar may not exist by the clocks of another zone.
    shown = format_local(starts_at, menu.timezone) if starts_at.year > MINYEAR else f"{starts_at:%Y-%m-%d}"
    return f"the start {shown} is in the past; choose a later time, or none to start on approval"


def _faults(draft: AppealDraft, menu: Menu, channels: Mapping[str, AppealValues]) -> Iterator[str]:
    given = channels.get(draft.channel, AppealValues(""))
    if not 0 < len(draft.purpose.strip()) <= _LONGEST_PURPOSE:
        yield f"an appeal needs a purpose of at most {_LONGEST_PURPOSE} characters"
    if draft.channel not in channels:
        yield unknown("channel", draft.channel, sorted(channels))
    try:
        parse_audience(draft.audience, menu.areas, menu.languages, menu.roles)
    except InvalidAudience as error:
        yield str(error)
    if bool(draft.template) == bool(draft.texts):
        yield "an appeal has either a template of the pack or texts of its own"
    elif draft.template:
        yield from _template_faults(draft, menu)
        yield from slot_faults(draft, menu)
        if not given.takes_replies:
            yield from _reply_faults(draft, menu)
    if draft.slots and not draft.template:
        yield "only a template of the pack has slots: write the values into the texts"
    for language, text in draft.texts.items():
        yield from _text_faults(language, text, menu, given)
    yield from _refused_words(draft, menu)


def _refused_words(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """Yield a fault for each refused word in the texts and the purpose.

    They are searched as they go out, in GSM-7, so that a look-alike letter hides no word.
    """
    for where, text in {"purpose": draft.purpose, **effective_texts(draft, menu)}.items():
        for word in find_banned_words(gsm.transliterate(text).text, menu.rules.refused_words, menu.keywords.numbers):
            yield f"{where}: {word} is one of the refused words"


def _template_faults(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    template = menu.templates.get(draft.template)
    if template is None:
        yield unknown("template", draft.template, menu.templates)
    elif template.needs is not Need.NONE and not draft.ticket:
        yield f"{draft.template} speaks of an incident: name its ticket"


def slot_faults(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """Yield a fault for each slot of the template without a fitting value, and for each value without a slot."""
    template = menu.templates.get(draft.template)
    if template is None:
        return
    for name in sorted(draft.slots.keys() - template.slots.keys()):
        if template.slots:
            yield unknown("slot", name, template.slots)
        else:
            yield f"{draft.template} has no slots: leave out {name}"
    for name, most in template.slots.items():
        value = draft.slots.get(name, "")
        if not value:
            yield f'{draft.template} needs {name}: fill it with {name}="…", at most {most} characters'
        elif fault := _value_fault(value, most):
            yield f"{name}: {fault}"


def _value_fault(value: str, most: int) -> str:
    """Return the reason that a slot cannot have this value, or an empty text."""
    if {*"{}\n\r"} & {*value}:
        return "it is one line without braces"
    try:
        length = gsm.septets(value)
    except gsm.NotGsm7 as error:
        return str(error)
    return f"it has {length} characters, at most {most} fit" if length > most else ""


def _reply_faults(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """Yield a fault for each text of a template that asks for a reply. The sender of the channel is a name."""
    for language, text in template_texts(draft.template, menu, draft.slots).items():
        if "stop" not in placeholders(text) and find_banned_words(text, _stop_words(menu)):
            yield f"{language}: {_NAMED_SENDER}; the pack's text must have {{stop}} instead"


def _text_faults(language: str, text: str, menu: Menu, given: AppealValues) -> Iterator[str]:
    if language not in menu.languages:
        yield unknown("language", language, menu.languages)
        return
    try:
        unknown_names = sorted(placeholders(text) - set(APPEAL_PLACEHOLDERS))
    except ValueError as error:
        yield f"{language}: {error}"
        return
    if unknown_names:
        yield f"{language}: unknown placeholder {{{unknown_names[0]}}}; {one_of(APPEAL_PLACEHOLDERS)}"
    elif not text.strip():
        yield f"{language}: this text is empty"
    elif (parts := max(one.parts for one in render_texts({language: text}, menu, given))) > MOST_PARTS:
        yield f"{language}: this text takes {parts} parts; an appeal has at most {MOST_PARTS}"
    elif "stop" in placeholders(text):
        if not menu.wordings[language].opt_out:
            yield f"{language}: the pack has no words for {{stop}} (opt_out)"
    elif not given.takes_replies:
        if "ussd" not in placeholders(text) or find_banned_words(text, _stop_words(menu)):
            yield f"{language}: {_NAMED_SENDER}; say how to leave with {{stop}} or {{ussd}}"
    elif (stop_words := _stop_words(menu)) and not find_banned_words(text, stop_words):
        yield f"{language}: this text must say how to leave, with {{stop}} or one of {', '.join(stop_words)}"


def _stop_words(menu: Menu) -> list[str]:
    """Return the SMS commands that opt out, in all languages. Empty if the pack takes no SMS."""
    by_language = menu.keywords.commands.get("unsubscribe", {}).values()
    return sorted({word.upper() for words in by_language for word in words})


# Go-live rules -------------------------------------------------------------------------------------------------


def first_send_at(draft: AppealDraft, menu: Menu, now: datetime) -> datetime:
    """Return the time of the first send: the start, or the end of the quiet hours that it falls into."""
    starts_at = max(draft.starts_at or now, now)
    return menu.appeal_quiet_until(draft.template, starts_at) or starts_at


def required_approvals(draft: AppealDraft, menu: Menu, now: datetime) -> int:
    """Return the number of people who must approve, by the stage that the appeal goes out in, and its urgency."""
    urgent = terms_of(draft.template, menu).urgent
    return approvals_needed(strict=menu.is_strict(first_send_at(draft, menu, now)), urgent=urgent)


def total_approvals_needed(appeal: Appeal, menu: Menu, now: datetime) -> int | None:
    """Return the number of approvals that an appeal needs in all. None once it is done or cancelled."""
    if appeal.status not in UNFINISHED:
        return None
    return required_approvals(appeal.draft, menu, now)


def held_until(appeal: Appeal, menu: Menu, now: datetime) -> datetime | None:
    """Return the end of the quiet hours that hold back a running appeal, None if it is not held back."""
    return menu.appeal_quiet_until(appeal.draft.template, now) if appeal.status is AppealStatus.RUNNING else None


def blocking_reason(
    draft: AppealDraft, menu: Menu, now: datetime, approvals: int | None = None, *, begun: bool = False
) -> str:
    """Return the reason that the pack in force forbids the appeal to go out, or an empty text.

    `approvals` is None while they are still to come. For an appeal that has `begun` the text also tells what to do.
    """
    # The worker stores these texts as the reason of a pause, and the workflow compares them with the stored one.
    if refused := "; ".join(_refused_words(draft, menu)):
        return f"{refused}: it can only be cancelled" if begun else refused
    at = first_send_at(draft, menu, now)
    stage = menu.stage_at(at) if menu.is_strict(at) else ""
    if stage and (_differs_from_template(draft, menu) or not _is_approved_template(draft, menu)):
        since = f", and {draft.template} has been changed since" if _is_approved_template(draft, menu) else ""
        fault = f"in {stage} only approved texts of the pack go out{since}"
        return f"{fault}: until {stage} is over it can only be cancelled" if begun else fault
    needed = approvals_needed(strict=bool(stage), urgent=terms_of(draft.template, menu).urgent)
    if approvals is not None and approvals < needed:
        fault = (
            f"in {stage} an appeal needs {needed} approvals" if stage else f"an urgent appeal needs {needed} approvals"
        )
        return f"{fault}: another person must approve it before it is resumed" if begun else fault
    return ""


def _is_approved_template(draft: AppealDraft, menu: Menu) -> bool:
    template = menu.templates.get(draft.template)
    return template is not None and template.approved


def _differs_from_template(draft: AppealDraft, menu: Menu) -> bool:
    """Return True if the stored texts are not, or no longer, those of the pack's template."""
    return bool(draft.texts) and draft.texts != template_texts(draft.template, menu, draft.slots)


def warnings(draft: AppealDraft, menu: Menu) -> Iterator[str]:
    """Yield warnings about the texts of a valid draft: languages without a text, and numbers to be masked."""
    texts = effective_texts(draft, menu)
    for language in menu.languages:
        if language not in texts:
            instead = f"get the text in {menu.language}" if menu.language in texts else "get nothing"
            yield f"there is no text in {language}: people whose language is {language} {instead}"
    for language, text in draft.texts.items() if not draft.template else ():
        if "number" not in placeholders(text):
            yield f"{language}: this text has no {{number}}, by which people can check with CEK that it is ours"
    for language, text in texts.items():
        if mask_in(text) != text:
            yield f"{language}: a number in this text looks like a phone number; the public page of appeals masks it"
