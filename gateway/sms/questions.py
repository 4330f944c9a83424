"""Replies to a report of which something is missing, and to a text without a command: each asks for what would help."""

from __future__ import annotations

from gateway.sms.command_parser import has_keyword
from gateway.sms.inbound_queue import Disposition, SmsReply
from gateway.sms.refusals import mentions_stop
from gateway.sms.report_halves import PartialReport
from gateway.sms.request import SmsRequest
from gateway.sms.short_texts import lone_number
from gateway.text.words import words


def incomplete_report(request: SmsRequest, report: PartialReport) -> SmsReply:
    """Reply to an incomplete report: name the parts that were understood, and ask for the others."""
    answers = {"category": report.category} if report.category else {}
    if report.proposed:
        return request.reply(Disposition.UNSORTED, "is_place", area=report.proposed, **answers)
    if report.category and report.places:
        return request.reply(Disposition.UNSORTED, "which_place", places=request.labels_of(report.places), **answers)
    if report.category:
        return request.reply(Disposition.UNSORTED, "no_place", **answers)
    if report.area:
        return request.reply(Disposition.UNSORTED, "no_category", area=report.area)
    is_about_stop = mentions_stop(list(words(request.text)), request.menu.keywords)
    return request.reply(Disposition.REPORT_NOT_UNDERSTOOD, "no_stop" if is_about_stop else "no_report")


def reply_without_command(request: SmsRequest) -> SmsReply:
    """Reply to a text without a command. What it says of a report is understood, but a command must send it."""
    report, keywords = request.meaning.report, request.menu.keywords
    found = list(words(request.text))
    if request.meaning.tells_something and report.is_complete:
        return request.reply(Disposition.UNSORTED, "is_report", category=report.category, area=report.area)
    if mentions_stop(found[:1], keywords):
        return request.reply(Disposition.UNSORTED, "no_stop")
    if request.meaning.tells_something:
        return incomplete_report(request, report)
    if mentions_stop(found, keywords):
        return request.reply(Disposition.UNSORTED, "no_stop")
    is_trying = bool(lone_number(request.text, keywords)) or has_keyword(found, keywords)
    return request.reply(Disposition.UNSORTED if is_trying else Disposition.OTHER, "unknown")
