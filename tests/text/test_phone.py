"""Phone numbers in E.164, and masked in every text (facts/protocols.md F.2, F.3)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.text.phone import NotAPhoneNumber, Phone, can_receive_sms, mask, mask_in, normalise

NUMBERS = st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True)
SUBSCRIBERS = st.from_regex(r"8[1-35-9][0-9]{7,10}", fullmatch=True)


@pytest.mark.parametrize(
    "raw",
    [
        "081234567890",
        "6281234567890",
        "+62 0812 3456 7890",
        "+62 812-3456-7890",
        "(0812) 3456.7890",
        "0812 3456 7890\n",
        "81234567890",
        "0062 812 3456 7890",
        "006281234567890",
        "+62 (0)812 3456 7890",
        "0812\u20113456\u20117890",  # hyphens that do not break
        "\u202a+62 812-3456-7890\u202c",  # as a messenger copies it
        "\ufeff0812\u00a03456\u00a07890",
        "\uff0b\uff16\uff12\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff10",
    ],
)
def test_normalise_reads_every_spelling_of_a_number(raw: str) -> None:
    assert normalise(raw, "ID") == "+6281234567890"


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("8123456789", "ID", "+628123456789"),
        ("62812345678", "ID", "+62812345678"),  # phonenumbers alone says +6262812345678, a landline
        ("\u202a62812345678\u202c", "ID", "+62812345678"),
        ("\u0666\u0662\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "ID", "+62812345678"),
        ("6281230004567", "ID", "+6281230004567"),
        ("00254711000101", "ID", "+254711000101"),
        ("+254711000101", "ID", "+254711000101"),
        ("0711000101", "KE", "+254711000101"),
        ("254711000101", "KE", "+254711000101"),
        ("\u0660\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669\u0660", "ID", "+6281234567890"),
        ("088412345678", "ID", "+6288412345678"),  # unassigned: a check of shape, not of existence
        # Longer than `phonenumbers` knows, or of an unknown range.
        ("+628591915704512", "ID", "+628591915704512"),
        ("08591915704512", "ID", "+628591915704512"),
        ("628591915704512", "ID", "+628591915704512"),
        ("8591915704512", "ID", "+628591915704512"),
        ("0859-1915-7045-12", "ID", "+628591915704512"),
        ("+628123000456789", "KE", "+628123000456789"),
        ("+6284012345678", "ID", "+6284012345678"),
        ("084012345678", "ID", "+6284012345678"),
        ("+447700900123", "ID", "+447700900123"),
        ("0812\ufe0f3456\ufe0f7890", "ID", "+6281234567890"),  # digits that were emoji
    ],
)
def test_normalise(raw: str, region: str, number: str) -> None:
    assert normalise(raw, region) == number


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            " ",
            "*123#",
            "3375",
            "halo",
            "+0812345678",
            "08123",
            "0812345678901234",
            "+",
            "081x",
            "00",
            "0000",
            "000812",
        ),
        *("08123000", "+62812345", "+628123456", "999999999", "1234567890", "254711000123", "+99912345678"),
        *("085919157045123", "+6285919157045123", "3375011234560001", "20260301"),  # too long, NIK, a date
        *("hp 081234567890", "tel:+6281234567890", "081234567890 ext 5", "081234567890/081234567891", "0800-HALO"),
        *("+62+81234567890", "0812 3456 7890 +", "6.28123E+12", "\u2460812345678"),
    ],
)
def test_normalise_refuses_anything_else_without_repeating_it(raw: str) -> None:
    with pytest.raises(NotAPhoneNumber) as refusal:
        normalise(raw, "ID")
    assert str(refusal.value) == NotAPhoneNumber.__doc__


@given(SUBSCRIBERS)
def test_normalise_of_national_and_international_spelling_agrees(subscriber: str) -> None:
    assert normalise(f"0{subscriber}", "ID") == normalise(f"+62{subscriber}", "ID") == f"+62{subscriber}"
    assert normalise(normalise(f"0{subscriber}", "ID"), "KE") == f"+62{subscriber}"


@pytest.mark.parametrize(
    ("number", "mobile"),
    [
        ("+6281230004567", True),
        ("+254711000101", True),
        ("+12015550123", True),
        ("+628591915704512", True),
        ("+62285421093", False),
    ],
)
def test_can_receive_sms_is_false_for_a_landline(number: str, mobile: bool) -> None:
    assert can_receive_sms(Phone(number)) is mobile


@pytest.mark.parametrize("raw", ["6281230004567", "+62 812", "+1234567", "+1234567890123456", "", "+6281230004567\n"])
def test_phone_accepts_e164_only(raw: str) -> None:
    with pytest.raises(NotAPhoneNumber):
        Phone(raw)


@given(NUMBERS)
def test_phone_shows_only_its_mask(number: str) -> None:
    phone = Phone(number)
    shown = f"{phone} {phone!r} {phone!s:>3} {[phone]} {phone.masked}"

    assert number not in shown
    assert number[1:] not in shown
    assert phone.e164 == number


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+6281230004567", "+62812****567"),
        ("+62812300045", "+62812****045"),
        ("+254711000101", "+25471****101"),
        ("+12345678", "+12****"),
    ],
)
def test_mask(number: str, masked: str) -> None:
    assert mask(number) == masked


@given(NUMBERS)
def test_mask_hides_at_least_three_digits(number: str) -> None:
    assert len(number) - len(mask(number).replace("****", "")) >= 3


@pytest.mark.parametrize(
    "number",
    [
        "+6281230004567",
        "6281230004567",
        "081230004567",
        "0812-3000-4567",
        "0812 3000 4567",
        "0812.3000.4567",
        "+62 812 3000 4567",
        "+62-812-3000-4567",
        "62812 3000 4567",
        "62 812 3000 4567",
        "(0812) 3000 4567",
        "(0812)30004567",
        "+62 (812) 3000-4567",
        "0812 - 3000 - 4567",
        "+62\u00a0812\u00a03000\u00a04567",
        "0285-421093",
        "(0285) 421093",
        "%2B6281230004567",
        "+254711000101",
        "tel:+6281230004567",
        "hp081230004567",
        "wa081230004567",
        "006281230004567",
        "812-3000-4567",
        "812 3000 4567",
        "254 711 000 101",
        "8123000456",
        "081 230 004 567",
        "08 12 30 00 45 67",
        "+6281230004567x",
    ],
)
@pytest.mark.parametrize(
    "around", ["{}", "hubungi {}.", "({})", "{}, lalu", '"{}"', "a={} b", "{}\n", "No.{}", "Telp. {}!"]
)
def test_mask_in_masks_every_spelling_of_a_number(number: str, around: str) -> None:
    digits = [char for char in number if char.isdigit()]
    masked = mask_in(around.format(number))

    assert "****" in masked
    assert [char for char in masked if char.isdigit()] != digits
    assert number not in masked


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30 {} minta dihapus",  # a time ends after its seconds
        "2026-11-30T20:41:05 {}",
        "2026-11-30 20:41:05.123456{}",
        "{}1796029540",  # names of sessions that are made of a number and a time
        "1796029540{}",
        "1796029540-{}",
        "1796029540.{}",
        "1796029540_{}",
        "00000{}",
        "ATUid_{}1796029540123456",
        "{}/{}",
        "session {} of 33.75.01.1002",
        "(1) {}",
        "id=1763930465.123456 to={}",
    ],
)
@pytest.mark.parametrize("number", ["6281298765432", "081298765432", "+6281298765432"])
def test_mask_in_masks_a_number_beside_or_within_something_longer(number: str, text: str) -> None:
    masked = mask_in(text.format(*[number] * 2))

    assert number.lstrip("+0")[-9:] not in re.sub(r"[^0-9*]", "", masked)


@pytest.mark.parametrize(
    "between", ["-", ".", " ", "/", "_", "*", ",", "\u2011", "\u200b", "\u00ad", "\u202f", "\u2060", " - "]
)
@pytest.mark.parametrize(
    "groups", [("0812", "9876", "5432"), ("62", "812", "9876", "5432"), ("08", "12", "34", "5678", "90")]
)
def test_mask_in_masks_a_number_with_anything_between_its_digits(between: str, groups: tuple[str, ...]) -> None:
    assert "****" in mask_in(f"hubungi {between.join(groups)} segera")


@pytest.mark.parametrize(
    "text",
    [
        "\u0660\u0668\u0661\u0662\u0669\u0668\u0667\u0666\u0665\u0664",
        "\uff10\uff18\uff11\uff12\uff19\uff18\uff17\uff16\uff15\uff14",
    ],
)
def test_mask_in_masks_digits_of_other_scripts(text: str) -> None:
    assert mask_in(text) == "0812****"


@pytest.mark.parametrize(
    "text",
    [
        "7340-2816",
        "73402816",
        "Laporan 7340-2816 diterima",
        "2026-11-23T20:41:05.123456Z",
        "2026-11-23T20:41:05+00:00",
        "2026-11-23 20:41:05",
        "2026-11-23 20:41:05.123456+00:00",
        "23-11-2026 20.41",
        "23.11.2026",
        "20261123T204105Z",
        "ATUid_5f4dcc3b5aa765d61d8327deb882cf99",
        "0123456789abcdef0123456789abcdef",
        "12345678-1234-4321-8765-123456789012",
        "192.168.100.110",
        "7b0f1a2c-1234-4321-8765-123456789012",
        "local-1234567890abcdef",
        "0.012345678901",
        "12.345678 ms",
        "1763930465.123456",
        "33.75.01.1002",
        "33.75.01.1002 33.75.02.1003",
        "*384*3375#",
        "*384*3375*1*2*3*4*5*6#",
        "1*1*2*3*1*2*1*1*2",
        "110/112",
        "1 2 3 4 5 6 7 8 9 10",
        "127.0.0.1:8080",
        "1 Ya\n2 Tidak\n0 Kembali",
        "RT 03 RW 12",
    ],
)
def test_mask_in_keeps_times_ids_tickets_and_codes(text: str) -> None:
    assert mask_in(text) == text


@given(
    NUMBERS,
    st.text(st.sampled_from("abc ,;:!?()\n\"'"), max_size=8),
    st.text(st.sampled_from("abc ,;:!?()\n\"'."), max_size=8),
)
def test_mask_in_masks_a_number_between_any_words(number: str, before: str, after: str) -> None:
    assert number[1:] not in mask_in(before + number + after) or len(number) < 10


@given(st.text(max_size=200))
def test_mask_in_is_idempotent(text: str) -> None:
    assert mask_in(mask_in(text)) == mask_in(text)
