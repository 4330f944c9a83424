"""Pure: headings of a list of people as offices write them, in Indonesian or English, and words of its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.menu.definitions.roles import OFFICER, SUBSCRIBER, Roles

COLUMNS = ("phone", "name", "role", "areas", "language", "consent")

_OTHER_WORDS = {
    "phone": (
        "nomor, nomer, hp, no hp, nomor hp, nomer hp, handphone, no handphone, nomor handphone, hape, ponsel,"
        " no ponsel, nomor ponsel, telepon, telp, tlp, telpon, telephone, no telepon, no telp, no tlp, nomor telepon,"
        " nomor telp, wa, no wa, nomor wa, whatsapp, no whatsapp, nomor whatsapp, hp wa, no hp wa, nomor hp wa, mobile,"
        " mobile number, mobile phone, phone number, phone no, msisdn, kontak, no kontak, nomor kontak"
    ),
    "name": "nama, nama lengkap, nama warga, nama petugas, full name",
    "role": "peran, jabatan, tugas, roles, sebagai",
    "areas": "area, wilayah, daerah, kelurahan, desa, kelurahan desa, desa kelurahan, kel, kecamatan, lokasi, region",
    "language": "bahasa, basa, lang",
    "consent": (
        "persetujuan, tanggal persetujuan, tgl persetujuan, tanggal setuju, tgl setuju, setuju, dasar,"
        " dasar persetujuan, bukti persetujuan, consent date, date of consent, agreed"
    ),
    "": "no, no urut, nomor urut, number, row",  # a count of the rows
}
SYNONYMS: Mapping[str, str] = {
    word.strip(): column for column, words in _OTHER_WORDS.items() for word in words.split(",")
}
"""Column of each heading, in lower case. Empty: a column that is skipped."""

_ROLE_SYNONYMS: Mapping[str, str] = {
    "warga": SUBSCRIBER,
    "pelanggan": SUBSCRIBER,
    "penerima": SUBSCRIBER,
    "penerima_himbauan": SUBSCRIBER,
    "petugas": OFFICER,
    "mitra": "partner",
    "pns": "asn",
}


def role_names(roles: Roles) -> Mapping[str, str]:
    """Return the role of each name that a cell may have: its key, a label of it, or a usual other word.

    Keys have precedence over labels, and both over other words.
    """
    others = {name: key for name, key in _ROLE_SYNONYMS.items() if key in roles}
    labels = {role_name(label): role.key for role in roles.values() for label in role.labels.values()}
    return {**others, **labels, **{key: key for key in roles}}


def role_name(written: str) -> str:
    """Return the name of a role in the form of a key."""
    return "_".join(written.casefold().split())


def column_of(heading: str) -> str:
    """Return the column that a heading means, and any other heading in lower case. Empty for one to skip."""
    key = "_".join(heading.casefold().split())
    return key if key in COLUMNS else SYNONYMS.get(_plain(heading), key)


def _plain(heading: str) -> str:
    """Return the words of a heading, without brackets and what is between the words."""
    without_brackets = re.sub(r"\([^)]*\)", " ", heading.casefold())
    return " ".join(re.findall(r"[^\W_]+", without_brackets))
