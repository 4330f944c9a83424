"""Keywords, codes and kinds that texts ask residents to send, and the number to send them to."""

from __future__ import annotations

import pytest

from gateway.menu.checks.quoted import asks_for_reply
from gateway.menu.model import Menu
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, diagnostics_after, edit_pack, line_at

KINDS = "PNS, UANG, TAWURAN, ANCAMAN, HOAKS, BALIHO, KAMPANYE, TPS, LAIN"
EXAMPLE = "LAPOR TAWURAN KLEGO DEPAN"
FAULTS = [
    (
        ID,
        "mis. LAPOR TAWURAN KLEGO DEPAN",
        "mis. LAPOR 12 KLEGO DEPAN",
        "sms.help: LAPOR 12: 12 names no kind of incident",
    ),
    (
        ID,
        "mis. LAPOR TAWURAN KLEGO DEPAN",
        "mis. LAPOR GEMPA KLEGO DEPAN",
        "sms.help: LAPOR GEMPA: GEMPA names no kind",
    ),
    (
        ID,
        KINDS,
        KINDS.replace("HOAKS", "HOKS"),
        "sms.no_report: HOKS names no kind of incident; write one of the words",
    ),
    (ID, KINDS, KINDS.replace(", TPS", ""), "sms.no_report: the list has no word for tps; say it"),
    (
        ID,
        f"Jenis: {KINDS}",
        "Kode 1 PNS 2 uang 3 hoaks 4 ancaman 5 hoaks 9 lain",
        "sms.no_report: 3 hoaks: code 3 means gesekan in keywords.yaml",
    ),
    (
        ID,
        f"Jenis: {KINDS}",
        "Kode 1 PNS 2 uang 3 tawuran 4 ancaman 5 hoaks 9 lain",
        "sms.no_report: the list has no code for apk, larang, tps; say it",
    ),
    (ID, f"Jenis: {KINDS}", "Kode 1 PNS 2 uang 10 rob", "sms.no_report: 10 rob: code 10 means nothing"),
    (EN, "SMS STATUS {ticket}", "SMS CEK {ticket}", "sms.received: CEK is a keyword of status in another language"),
    (
        JV,
        "Mandheg: wangsuli STOP.",
        "Mandheg kemawon.",
        "sms.sub_ok: the text of id asks for STOP, this",
    ),
    (
        ID,
        "Berhenti: {ussd}, pilih Imbauan, Berhenti.",
        "Berhenti: {ussd} atau SMS STOP.",
        "screens.joined.heading: it asks for an SMS (STOP) and does not say to which number; write {sms}",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "message"), FAULTS)
def test_text_that_would_not_be_understood_is_refused_at_its_line(
    files: Files, file: str, old: str, new: str, message: str
) -> None:
    pack = edit_pack(files, file, old, new)

    found = diagnostics_after(pack, file, new, new)

    assert [one for one in found if one.startswith(f"{line_at(pack, file, new)}: {message}")], found


def test_screen_that_names_the_number_may_ask_for_an_sms(files: Files) -> None:
    pack = files
    for file, words in (
        (ID, "Berhenti: {ussd}, pilih Imbauan, Berhenti."),
        (JV, "Mandheg: {ussd}, pilih Imbauan, Mandheg."),
        (EN, "To leave: {ussd}, choose Notices, Unsubscribe."),
    ):
        pack = edit_pack(pack, file, words, "{ussd}: SMS STOP, {sms}")

    assert all_diagnostics(pack) == []


def test_pack_without_a_number_is_told_to_add_it(files: Files) -> None:
    pack = edit_pack(files, "pack.yaml", "  sms:", "  number:")
    pack = {file: text.replace("{sms}", "{number}") for file, text in pack.items()}

    found = diagnostics_after(pack, ID, "pilih Imbauan, Berhenti.", "SMS STOP.")

    assert any("write {sms}, and add sms to the constants of pack.yaml" in one for one in found)


def test_fault_of_the_keywords_is_no_fault_of_the_texts(files: Files) -> None:
    found = diagnostics_after(files, "keywords.yaml", "unsubscribe: {id: [STOP", "unsubscribe: {id: [ST!OP")

    assert [one.partition(":")[0] for one in found] == ["keywords.yaml"]


def test_sms_that_can_only_be_answered_are_named(menu: Menu) -> None:
    found = {path[1] for path in asks_for_reply(menu, menu.wordings["id"]) if path[0] == "sms"}

    assert {"sub_ok", "unsub_ok", "status"} <= found
    assert not {"received", "locked", "unknown"} & found


def test_digits_that_answer_a_question_are_no_codes(files: Files) -> None:
    assert "Balas 1 ya, 2 tidak, 3 belum tahu." in files[ID]
    assert all_diagnostics(files) == []
