"""Request of an inbound SMS: its meaning, and all that its reply depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.menu.model import MAX_PLACES_IN_SMS, Menu
from gateway.messages.message import MessageClass
from gateway.sms.inbound_queue import Disposition, InboundSms, SmsReply
from gateway.sms.understanding import Meaning
from gateway.text import ticket as tickets
from gateway.text.phone import Phone


@dataclass(frozen=True, slots=True)
class SmsRequest:
    """Meaning of an inbound SMS with its context: sender, language of the reply, menu, transaction.

    `text` is the prepared text.
    """

    inbound: InboundSms
    phone: Phone
    text: str
    meaning: Meaning
    language: str
    menu: Menu
    service_code: str
    unsent: str  # reason why this number gets no reply now; empty if it does
    connection: AsyncConnection  # of the transaction that records the result

    @property
    def argument(self) -> str:
        return self.meaning.command.argument

    def reply(self, disposition: Disposition, text: str, *, ticket: str | None = None, **shown: str) -> SmsReply:
        """Return the result with the SMS `text` of the pack as the reply. `shown` are values of its placeholders."""
        values = dict(shown)
        if ticket:
            values["ticket"] = tickets.with_dash(ticket)
        kind = MessageClass.STATUS if disposition is Disposition.STATUS else MessageClass.REPLY
        return SmsReply(disposition, self.pack_text(text, values), self.language, kind, ticket)

    def pack_text(self, text: str, values: Mapping[str, str]) -> str:
        return self.menu.sms_text(text, self.language, values, {"ussd": self.service_code})

    def labels_of(self, codes: tuple[str, ...]) -> str:
        """Return the names of places for a question, three at most."""
        return ", ".join(self.menu.full_label("area", code, self.menu.language) for code in codes[:MAX_PLACES_IN_SMS])


def session_id_of(sms_id: int) -> str:
    """Return the session id of a report or of details that came by SMS."""
    return f"sms:{sms_id}"
