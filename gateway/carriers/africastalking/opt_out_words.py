"""Pure: recognition of a status or reason of Africa's Talking that says that the subscriber wants no messages."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # `UserInDND` has three

# What is not so: `not in blacklist`, `no longer opted out`, `removed from the DND list`.
_DENIED = (
    r"(?:not|never|no longer|no|isnt|isn t|hasnt|hasn t|removed from|taken off)"
    r"(?: ?(?:been|yet|currently|in|on|a|an|any|the|user|subscriber|operator))*"
)
# A check that failed says nothing about the subscriber, nor does a list that is switched off.
_REVOKED = r"(?:no$|off|false|inactive|disabled|removed|not (?:active|enabled|set)|(?:check|lookup|service|server))"
_LISTED = re.compile(rf"(?P<denied>\b{_DENIED} ?)?black ?list(?:ed|ing)?+(?! {_REVOKED})")
_OPTED_OUT = re.compile(
    rf"(?P<denied>\b{_DENIED} ?)?(?:do ?not ?disturb|\bdnd\b|opt(?:ed)? ?out|un ?subscribed)(?! {_REVOKED})"
)
# A name, a text or an account may be on a black list too. Taken as an opt-out, it would end the appeals of everybody.
_OTHER = re.compile(
    r"\b(?:senders?|senderid|source|shortcode|account|ip|content|text|words?|keywords?|url|link|template)\b"
)
_PERSON = re.compile(r"\b(?:user|subscriber|recipient|msisdn|customer|destination)\b")


def is_opt_out(reason: str) -> bool:
    """Return True if the reason says that the subscriber is blacklisted, has opted out or is not to be disturbed.

    Only letters count, so its spelling does not matter: `UserInBlackList`, `user_in_blacklist` (facts/protocols.md B.3,
    B.6). A black list of senders or texts is none of the subscriber's.
    """
    text = " ".join(_WORD.findall(reason)).casefold()
    of_another = bool(_OTHER.search(text)) and not _PERSON.search(text)
    return _says(_OPTED_OUT, text) or (_says(_LISTED, text) and not of_another)


def _says(pattern: re.Pattern[str], text: str) -> bool:
    return any(not found["denied"] for found in pattern.finditer(text))
