"""Pure: recognition of words in a consent cell that are no consent: a refusal, an empty mark, a promise."""

from __future__ import annotations

import re
import unicodedata

_ASSENTS = (
    "true|ya+|iya+|yes|yess|yep|yup|yo|ye|nggih|inggih|injih|ok|oke|okay|benar|betul|boleh|checked|check|cek|ceklis|centang"
    "|on|ada|sudah|sdh|done|valid|aktif|active|consent|persetujuan"
)
_REFUSALS = (
    "false|no+|nope|nay|salah|off|inactive|nonaktif|stop|berhenti|batal|unsubscribe|optout|keluar|emoh|wegah|moh"
)
_BLANKS = (
    "na|nan|nil|nihil|null|none|nothing|undefined|unknown|blank|empty|kosong|dikosongkan|kosongkan|lupa|hilang|dash|strip"
    "|tbc|todo|idem|sda|sama|dst|isi|diisi|test|tes|contoh|example|xx+"
)
_ASSENT, _REFUSAL, _BLANK = (re.compile(rf"(?:{words})+") for words in (_ASSENTS, _REFUSALS, _BLANKS))

# `tidak keberatan` agrees, and a wording may tell of the right to refuse or to leave.
_HARMLESS = re.compile(
    r"\b(?:tidak|tdk|tak|tanpa|no|not|never) (?:ada |any )?"
    r"(?:keberatan|paksaan|dipaksa|terpaksa|objections?|objected|objecting|forced|coerced)\b"
    r"|\b(?:berhak|dapat|bisa|boleh|may|can|hak|untuk|right to) (?:menolak|batal|refuse|decline)\b"
)
_DENIAL = re.compile(
    r"\b(?:tidak\w*|tdk\w*|tda?k|tak|tiada|belum\w*|blm\w*|blum|bukan|gak|ga|gk|g?engga?k?|ngga?k?|ndak|ndk|kagak|ogah|ora|mboten"
    r"|dereng|durung|jangan|menolak|ditolak|tolak|penolakan|keberatan|dicabut|dibatalkan|membatalkan|enggan"
    r"|not|never|cannot|refus(?:ed?|al|es)|declined?|declines|disagree[sd]?|disagreed|withdrawn|withdrew|revoked|denied|rejected"
    r"|opted out|unsubscribed|without consent|\w+n['\u2019]t"
    r"|no (?:consent|permission|agreement|agree|answer|reply|response|thanks|thank|date|yet|form|way|idea))\b"
    r"|^(?:stop|berhenti|batal)\b(?! (?:kapan|bila|jika|untuk))"
)
_PROMISE = re.compile(
    r"\b(?:besuk|besok\w*|lusa|nanti\w*|menyusul|disusulkan|sesuk|mengko|kapan kapan"
    r"|(?:minggu|pekan|bulan|bln|tahun|thn|hari|senin|selasa|rabu|kamis|jum ?at|sabtu|ahad) (?:depan|besok)"
    r"|yang akan datang|yad|tomorrow|later|soon|next (?:week|month|year|time|day)"
    r"|pending|menunggu|tunggu|ditunggu|waiting|rencana(?:nya)?|dijadwalkan|dalam proses|diproses|segera|tba|tbd"
    r"|mungkin|barangkali|ragu|maybe|perhaps|to be (?:signed|done|asked|confirmed|announced))\b"
    r"|^(?:akan|will|proses|calon)\b"
)


def find_fault(words: str, *, dated: bool) -> str:
    """Return the reason why these words are no consent, as a clause that follows *the consent*, or an empty text.

    `dated`: there is a date beside them, so they need not tell what was agreed to.
    """
    plain = " ".join(re.sub(r"[^\w'\u2019?]|_", " ", unicodedata.normalize("NFKC", words).casefold()).split())
    compact = re.sub(r"[^\w]", "", plain)
    is_spaced = max(map(len, plain.split()), default=0) == 1  # `T I D A K`
    said = compact if is_spaced else _HARMLESS.sub(" ", plain)
    if _REFUSAL.fullmatch(compact) or _DENIAL.search(said):
        return "says no, or not yet: leave the person out until there is one"
    if _PROMISE.search(said):
        return "is still to come: leave the person out until there is one"
    if plain.endswith("?"):
        return "is a question"
    if not dated and (len(set(compact)) < 2 or _BLANK.fullmatch(compact)):
        return "is an empty mark"
    if not dated and _ASSENT.fullmatch(compact):
        return "does not tell what was agreed to, or when"
    return ""
