"""Parser of a consent: its date, in either order, and the words beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway.people.consent import WrongConsent, parse_consent

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FIRST_OF_MARCH = datetime(2026, 3, 1, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    ("written", "agreed_at", "words"),
    [
        ("2026-03-01", FIRST_OF_MARCH, ""),
        ("1.3.2026, formulir RW 3", FIRST_OF_MARCH, "formulir RW 3"),
        ("01/03/2026T09:15", FIRST_OF_MARCH, ""),
        ("formulir 2026-03-01", FIRST_OF_MARCH, "formulir 2026-03-01"),
        ("2026-03-01 formulir 2026-02-28", FIRST_OF_MARCH, "formulir 2026-02-28"),
        ("2026-03-01 ya", FIRST_OF_MARCH, "ya"),
        ("2026-03-01 -", FIRST_OF_MARCH, ""),
        ("formulir RW 3", None, "formulir RW 3"),
        ("2 orang saksi", None, "2 orang saksi"),
        ("3 desa", None, "3 desa"),
        ("16:00 rapat", None, "16:00 rapat"),
        ("surat tugas 12", None, "surat tugas 12"),
        ("", None, ""),
    ],
)
def test_parse_consent_splits_date_and_words(written: str, agreed_at: datetime | None, words: str) -> None:
    assert parse_consent(written, JAKARTA, NOW) == (agreed_at, words)


@pytest.mark.parametrize(
    "written",
    [
        *("1 Maret 2026", "01 maret 2026", "1-Maret-2026", "1/Mar/2026", "1.Mar.2026", "1Mar2026", "1 MARET 2026"),
        *("1-Mar-26", "01-Mar-26", "1 Mar 26", "1 Maret '26", "1 March 2026", "1st March 2026", "1st of March 2026"),
        *("March 1, 2026", "Mar 1 2026", "Mar. 1st, 2026", "2026 Maret 1", "2026-Mar-01", "1 Mrt 2026"),
        *("46082", "46082.5", "46082,25", "20260301", "01032026"),
        *("2026/03/01", "2026.03.01", "2026/3/1", "2026 03 01", "1/3/2026", "01.03.2026", "1 / 3 / 2026", "1 3 2026"),
        *("2026-03-01 00:00:00", "2026-03-01T09:15:00+07:00", "2026-03-01T02:15:00Z", "1/3/2026 0:00", "1/3/2026 9.15"),
        *("1 Maret 2026 pukul 09.15 WIB", "1 Maret 2026, jam 9:15", "2026-03-01 9:15 AM"),
        *("Minggu, 1 Maret 2026", "hari Minggu 1 Maret 2026", "Sunday, March 1, 2026", "Sun 1 Mar 2026"),
        *("tgl 1 Maret 2026", "tanggal 1/3/2026", "Tgl. 01-03-2026", "per 1 Maret 2026", "pada tanggal 1 Maret 2026"),
        *("\uff11 Maret \uff12\uff10\uff12\uff16", "1\u00a0Maret\u00a02026", "1\u20133\u20132026", "\u200e2026-03-01"),
    ],
)
def test_parse_consent_reads_a_date_as_people_and_spreadsheets_write_it(written: str) -> None:
    assert parse_consent(written, JAKARTA, NOW) == (FIRST_OF_MARCH, "")


@pytest.mark.parametrize(
    "written",
    [
        *("formulir tgl 1 Maret 2026", "formulir RW 3 tgl. 01/03/2026", "formulir tgl1/3/2026", "form March 1, 2026"),
        *(
            "setuju lisan 1-Mar-26",
            "formulir (1/3/2026)",
            "RW 3 1.3.2026",
            "formulir tgl 20260301",
            "ttd tanggal 1 3 2026",
        ),
        *("formulir 2026-03-01 pukul 09.15", "formulir 1/3/2026, dicatat 2026-03-01", "Jl. 17 Agustus, 1 Maret 2026"),
    ],
)
def test_parse_consent_finds_a_date_within_the_words_and_keeps_them(written: str) -> None:
    assert parse_consent(written, JAKARTA, NOW) == (FIRST_OF_MARCH, written)


@pytest.mark.parametrize(
    "written",
    [
        *("formulir RW 3/5", "RT 03/RW 05", "RW 3/5 Medono", "setuju 5/3 di balai", "3 dari 5 warga", "lembar 2/12"),
        *("surat 470/12/III/2026", "surat no 12/2026", "nomor 5/2026", "formulir no. 7", "pemilu 2024", "rapat 9.15"),
        *("rapat pukul 09.15.30", "jam 19.30", "Jl. 17 Agustus 5", "formulir ke-2", "lewat 0812-30-00-4567"),
        *("iuran 10.000.000", "balai Desa 3", "Mei dan April hadir", "telepon 0285 421 987"),
    ],
)
def test_parse_consent_leaves_numbers_that_are_no_dates_as_words(written: str) -> None:
    assert parse_consent(written, JAKARTA, NOW) == (None, written)


@pytest.mark.parametrize(
    ("month", "names"),
    [
        (1, "Januari January Jan"),
        (2, "Februari Pebruari February Feb Peb"),
        (3, "Maret March Mar"),
        (4, "April Apr"),
        (5, "Mei May"),
        (6, "Juni June Jun"),
        (7, "Juli July Jul"),
        (8, "Agustus August Agu Agt Ags Aug"),
        (9, "September Sept Sep"),
        (10, "Oktober October Okt Oct"),
        (11, "November Nopember Nov Nop"),
        (12, "Desember December Des Dec"),
    ],
)
def test_parse_consent_knows_the_months_in_indonesian_and_english(month: int, names: str) -> None:
    for name in names.split():
        for written in (f"2 {name} 2025", f"02-{name}-25", f"{name} 2, 2025", f"2 {name.upper()}. 2025 lisan"):
            agreed_at, _ = parse_consent(written, JAKARTA, NOW)
            assert agreed_at == datetime(2025, month, 2, tzinfo=JAKARTA), written


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("1-Mar-27", "still to come"),
        ("1 Desember 2026", "still to come"),
        ("46400", "still to come"),
        ("2026-03", "not whole"),
        ("03/2026", "not whole"),
        ("Maret 2026", "not whole"),
        ("Mar-26", "not whole"),
        ("1 Maret", "not whole"),
        ("1/3", "not whole"),
        ("2026 rapat", "not whole"),
        ("26/3/1", "not whole"),
        ("2026-03-012", "not whole"),
        ("2026", "a number and no date"),
        ("260301", "a number and no date"),
        ("6,28E+12", "a number and no date"),
        ("081230004567", "a number and no date"),
        ("#VALUE!", "an error of the spreadsheet"),
        ("#NILAI!", "an error of the spreadsheet"),
        ("#N/A", "an error of the spreadsheet"),
        ("#REF!", "an error of the spreadsheet"),
        ("########", "an error of the spreadsheet"),
        ("1-3-26", "a year of two digits"),
        ("01.03.26 formulir", "a year of two digits"),
        ("20260230", "a day that does not exist"),
        ("31 April 2026", "a day that does not exist"),
        ("3/13/2026", "a day that does not exist"),
        ("36000", "a year that cannot be meant"),
        ("30/2/2026", "a day that does not exist"),
        ("24/11/2026", "still to come"),
        ("1/3/26", "a year of two digits"),
        ("1999-12-31", "a year that cannot be meant"),
        ("formulir RW 3 tgl 31/02/2026", "a day that does not exist"),
        ("formulir 30.2.2026", "a day that does not exist"),
        ("setuju 31 April 2026", "a day that does not exist"),
        ("2026-03-01 formulir 31/2/2026", "a day that does not exist"),
        ("setuju tgl 1/3/26", "a year of two digits"),
        ("formulir 01-03-26 RW 3", "a year of two digits"),
        ("formulir 1 Desember 2027", "still to come"),
        ("lihat 2027-01-01", "still to come"),
        ("formulir 24/11/2026", "still to come"),
        ("formulir 1-Mar-27", "still to come"),
        ("2026-03-01 sampai 31/12/2027", "still to come"),
        ("formulir 12/2026", "not whole"),
        ("formulir 2026-03", "not whole"),
        ("formulir Maret 2026", "not whole"),
        ("formulir Mar-26", "not whole"),
        ("formulir 1 Maret", "not whole"),
        ("formulir tgl 12", "not whole"),
        ("rapat 1-3 Maret 2026", "not whole"),
        ("formulir 2026-03-01, dicatat 2026-03-05", "names two days"),
        ("lahir 1/1/1980", "a year that cannot be meant"),
        ("tidak", "says no, or not yet.* Write its date, as in 2026-03-01, or in words"),
        ("2026-03-01 tidak setuju", "says no"),
        ("besok", "still to come: leave the person out"),
        ("kosong", "an empty mark"),
        ("TRUE", "does not tell what was agreed to"),
    ],
)
def test_parse_consent_refuses_an_impossible_date(written: str, message: str) -> None:
    with pytest.raises(WrongConsent, match=message):
        parse_consent(written, JAKARTA, NOW)
