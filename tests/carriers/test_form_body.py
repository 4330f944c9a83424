"""Form-encoded callbacks: required fields that are refused, optional ones that are kept as far as they can be read."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.carriers.carrier import BadCallback
from gateway.carriers.form_body import FORM_TYPE, Form
from tests.helpers.carrier_server import FORM_HEADERS

FORM = Form({"a": 10, "b": 10}, {"note": 10, "said": 10}, unrestricted=("said",))


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"b=2&a=1", {"a": "1", "b": "2"}),
        (b"a=&b=", {"a": "", "b": ""}),
        (b"a&b", {"a": "", "b": ""}),
        (b"a=1=2&b=%3D", {"a": "1=2", "b": "="}),
        (b"a=x+y%2Bz&b=%2a%2A*", {"a": "x y+z", "b": "***"}),
        (b"a=%25+%252B&b=100%", {"a": "% %2B", "b": "100%"}),
        ("a=è&b=%C3%A8".encode(), {"a": "è", "b": "è"}),
        (b"a=\xc2\xa0&b=%E2%80%8B", {"a": "\xa0", "b": "\u200b"}),
        (b"%61=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&b=2&other=%FF&other=3", {"a": "1", "b": "2"}),
        (b"&a=1&&b=2&", {"a": "1", "b": "2"}),
        (b"a=1&b=2&x%FF=1", {"a": "1", "b": "2"}),
        (b"\xef\xbb\xbfa=1&b=2", {"a": "1", "b": "2"}),
    ],
)
def test_read_decodes_the_fields_of_the_form(body: bytes, fields: dict[str, str]) -> None:
    assert FORM.read(body, FORM_HEADERS) == fields


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "a, b is missing"),
        (b"a=1", "b is missing"),
        (b"A=1&b=2", "a is missing"),
        (b"a=1&b=2&a=1", "a is there twice"),
        (b"a=1&b=2&%61=1", "a is there twice"),
        (b"a=1&b=2&note=x&note=x", "note is there twice"),
        (b"a=12345678901&b=2", "a has more than 10 characters"),
        (b"a=\xff&b=2", "a is not UTF-8"),
        (b"a=%2A\xff&b=2", "a is not UTF-8"),
        (b"a=%FF&b=2", "a is not UTF-8"),
        (b"a=%ED%A0%80&b=2", "a is not UTF-8"),  # half of a surrogate pair
        (b"a=%00&b=2", "a has control characters"),
        (b"a=1%0A&b=2", "a has control characters"),
        (b"a=\n&b=2", "a has control characters"),
        (b"a=%7F&b=2", "a has control characters"),
        (b"a=%C2%85&b=2", "a has control characters"),
    ],
)
def test_read_refuses_a_malformed_body(body: bytes, problem: str) -> None:
    with pytest.raises(BadCallback) as refused:
        FORM.read(body, FORM_HEADERS)

    assert str(refused.value) == problem


@pytest.mark.parametrize("kind", [FORM_TYPE, f"{FORM_TYPE}; charset=utf-8", f"{FORM_TYPE.title()} ;charset=x"])
def test_read_takes_a_content_type_with_parameters(kind: str) -> None:
    assert FORM.read(b"a=1&b=2", CIMultiDict({"content-type": kind})) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain", "multipart/form-data", f"{FORM_TYPE}x"])
def test_read_refuses_another_content_type(kind: str) -> None:
    with pytest.raises(BadCallback, match="content type"):
        FORM.read(b"a=1&b=2", CIMultiDict({"Content-Type": kind}))


PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=10)


@given(PRINTABLE, PRINTABLE)
def test_read_decodes_as_the_standard_library_does(a: str, b: str) -> None:
    body = urlencode({"a": a, "b": b}).encode()

    assert FORM.read(body, FORM_HEADERS) == {"a": a, "b": b} == dict(parse_qsl(body.decode(), keep_blank_values=True))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"%00%09x%0D%0Ay%C2%85", "  x  y "),
        (b"1234567890", "1234567890"),
        (b"12345678901", "123456789…"),
        (b"+%2B+", " + "),
        (b"%2A%23", "*#"),
        (b"caf%E9", "caf\ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        (b"\xc3%A9", "é"),
        (b"%ED%A0%BD%ED%B8%A1", "\U0001f621"),
        (b"100%", "100%"),
        (b"%ZZ%2", "%ZZ%2"),
        (b"%25F0", "%F0"),
        (b"", ""),
    ],
)
def test_read_keeps_an_optional_field_as_far_as_it_can_be_read(sent: bytes, kept: str) -> None:
    assert FORM.read(b"a=1&b=2&note=" + sent, FORM_HEADERS)["note"] == kept


def test_read_keeps_control_characters_of_an_unrestricted_field() -> None:
    assert FORM.read(b"a=1&b=2&said=%00%09%0D%0A%C2%85", FORM_HEADERS)["said"] == "\0\t\r\n\x85"


OPEN = Form({}, {"from": 10, "text": 10})


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", FORM_TYPE])
def test_read_without_a_required_field_takes_any_content_type(kind: str) -> None:
    assert OPEN.read(b"text=a", CIMultiDict({"Content-Type": kind})) == {"text": "a"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (b"", {}),
        (b"{}", {}),
        (b"text=a&text=b", {"text": "a"}),
        (b"text=&text=b", {"text": "b"}),
        (b"from", {"from": ""}),
    ],
)
def test_read_without_a_required_field_refuses_nothing(body: bytes, fields: dict[str, str]) -> None:
    assert OPEN.read(body, FORM_HEADERS) == fields


@given(st.binary(max_size=60))
def test_read_of_any_optional_bytes_gives_text_that_can_be_stored(raw: bytes) -> None:
    value = OPEN.read(b"text=" + raw.replace(b"&", b""), FORM_HEADERS)["text"]

    assert value.encode().decode() == value
    assert len(value) <= 10
    assert "\0" not in value
