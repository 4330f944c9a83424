"""GSM-7, the 7-bit default alphabet of SMS and USSD (3GPP TS 23.038, facts/protocols.md E.1)."""

from __future__ import annotations

import re
import unicodedata

# In the order of their codes, 0x00 to 0x7F. 0x1B is the escape to the extension table and no character of its own.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"

EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
FOREIGN = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")


def composed(text: str) -> str:
    """Return `text` in NFC: `e` and a combining accent are not in the alphabet although `é` is."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)
