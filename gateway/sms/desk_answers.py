"""Answers of people with a duty to a question of the desk: `1`, `ya`, `2 tidak ada apa-apa`, `belum tahu`."""

from __future__ import annotations

from gateway.incidents.desk_questions import Answer, DeskQuestions
from gateway.menu.model import Menu
from gateway.sms.command_parser import parse_command
from gateway.sms.inbound_queue import ClaimedSms, Disposition, SmsReply
from gateway.sms.report_text import read_places
from gateway.sms.typed_text import phrase_size
from gateway.text import ticket as tickets
from gateway.text.words import words
from gateway.ussd.dropped_sessions import FILE_DRAFT_REPLY

_DIGITS = {FILE_DRAFT_REPLY: Answer.YES, "2": Answer.NO, "3": Answer.UNKNOWN}


class DeskAnswers:
    """Reader of answers, which records each with its question. May raise `DatabaseUnavailable`."""

    def __init__(self, questions: DeskQuestions) -> None:
        self._questions = questions

    async def record(self, claimed: ClaimedSms, text: str, menu: Menu) -> SmsReply | None:
        """Record the SMS with the newest open question to its sender. Returns None if it answers none.

        A `1` that may file an unfinished report does so, if that was left after the question.
        """
        answer = read_answer(text, menu) if claimed.sms.phone else None
        if answer is None or claimed.sms.phone is None:
            return None
        is_digit = any(map(str.isdecimal, text))
        asked = await self._questions.answer(
            claimed.connection, claimed.sms.phone, answer, claimed.sms.text, unless_draft=is_digit
        )
        if asked is None:
            return None
        shown = {"ticket": tickets.with_dash(asked.ticket)}
        reply = menu.sms_text("answer_noted", asked.language, shown)
        return SmsReply(Disposition.ANSWER, reply, asked.language, ticket=asked.ticket)


def read_answer(text: str, menu: Menu) -> Answer | None:
    """Return the answer that a prepared text begins with. None if it has a command, or may be a report by a code."""
    found, keywords = list(words(text)), menu.keywords
    at = 0
    while at < len(found):
        sizes = {answer: phrase_size(found, at, keywords.desk_answers.get(answer.value, ())) for answer in Answer}
        longest = max(sizes, key=lambda answer: sizes[answer])
        digits = keywords.numbers.get(found[at][0], found[at][0]).lstrip("0")
        if sizes[longest]:
            return None if parse_command(text, menu).name else longest
        if digits in _DIGITS:
            return None if _is_code(found[at + 1 :], menu) or parse_command(text, menu).name else _DIGITS[digits]
        if found[at][0] not in keywords.code_words | keywords.filler:
            return None
        at += 1
    return None


def _is_code(behind: list[tuple[str, int]], menu: Menu) -> bool:
    """Return True if a number before these words is a code, a quantity or part of another number."""
    if not behind:
        return False
    word = behind[0][0]
    return word.isdecimal() or word in menu.keywords.counted or read_places(behind, menu).size > 0
