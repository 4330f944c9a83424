"""Pure: SMS that asks a reporter for more about their report, in the words of the pack or of the desk."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.incidents.report import Report
from gateway.menu.model import Menu
from gateway.text import gsm
from gateway.text import ticket as tickets
from gateway.text.errors import UserError

NEED_INFO = "need_info"
"""Name of the question among the SMS of a pack. Packs that take no SMS have none."""


IS_TRUE, HOW_TO_ANSWER = "is_true", "how_to_answer"
"""Names of the texts of a question to people with a duty: a whole one, and what follows a question of the desk."""


class QuestionTooLong(UserError, ValueError):
    """Question that takes more than one SMS part. The message tells by how much."""


def has_question(menu: Menu) -> bool:
    return all(NEED_INFO in words.sms for words in menu.wordings.values())


def has_duty_question(menu: Menu) -> bool:
    return all({IS_TRUE, HOW_TO_ANSWER} <= words.sms.keys() for words in menu.wordings.values())


def question_text(ticket: str, report: Report, menu: Menu, service_codes: Mapping[str, str], own: str = "") -> str:
    """Word the question about the report of `ticket` (8 digits), in the language of its reporter.

    The desk's `own` question goes out in GSM-7 where that reads the same, and is followed by the SMS command that
    answers it. Raises `QuestionTooLong`.
    """
    shown = tickets.with_dash(ticket)
    if own:
        return _own_question(own, shown, _answer_keyword(menu, report.language))
    answers = {"category": report.category, "area": report.area, "ticket": shown}
    return menu.sms_text(NEED_INFO, report.language, answers, {"ussd": service_codes.get(report.channel, "")})


def _own_question(own: str, ticket: str, keyword: str) -> str:
    command = f"{keyword} {ticket}".strip()
    text = f"{_one_line(own)} ({command})"
    if (count := len(gsm.parts(text))) > 1:
        raise QuestionTooLong(
            f"this question takes {count} SMS parts with the command that answers it, ({command}); shorten it to one"
        )
    return text


def duty_question_text(ticket: str, report: Report, language: str, menu: Menu, own: str = "") -> str:
    """Word the question whether the report of `ticket` (8 digits) is true, for somebody whose duty it is to report.

    The desk's `own` question is followed by how to answer it. Raises `QuestionTooLong`.
    """
    shown = tickets.with_dash(ticket)
    if not own:
        answers = {"category": report.category, "area": report.area, "ticket": shown}
        return menu.sms_text(IS_TRUE, language, answers)
    text = f"{_one_line(own)} ({shown}) {menu.sms_text(HOW_TO_ANSWER, language, {})}"
    if (count := len(gsm.parts(text))) > 1:
        raise QuestionTooLong(f"this question takes {count} SMS parts with how to answer it; shorten it to one")
    return text


def _one_line(own: str) -> str:
    return " ".join(gsm.transliterate(own).text.split())


def _answer_keyword(menu: Menu, language: str) -> str:
    """Return the keyword that adds details, the first by alphabet. Empty if the pack takes no SMS."""
    by_language = menu.keywords.commands.get("add_info", {})
    words = by_language.get(language) or by_language.get(menu.language) or frozenset()
    return min(words, default="").upper()
