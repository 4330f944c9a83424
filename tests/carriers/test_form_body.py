"""Form-encoded callbacks: what the strict decoder reads, and what it refuses."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.carriers.carrier import BadCallback
from gateway.carriers.form_body import FORM_TYPE, Form
from tests.helpers.carrier_server import FORM_HEADERS

FORM = Form({"a": 10, "b": 10}, {"note": 10, "said": 10}, multiline=("note",), unrestricted=("said",))


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
        (b"a=1&b=2&note=x%0D%0Ay", {"a": "1", "b": "2", "note": "x\r\ny"}),
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
        (b"a=\xff&b=2", "it is not UTF-8"),
        (b"a=%FF&b=2", "it is not UTF-8"),
        (b"a=%ED%A0%80&b=2", "it is not UTF-8"),  # half of a surrogate pair
        (b"a=1&b=2&x%FF=1", "it is not UTF-8"),
        (b"a=%00&b=2", "a has control characters"),
        (b"a=1%0A&b=2", "a has control characters"),
        (b"a=\n&b=2", "a has control characters"),
        (b"a=%7F&b=2", "a has control characters"),
        (b"a=%C2%85&b=2", "a has control characters"),
        (b"a=1&b=2&note=%1B", "note has control characters"),
        (b"a=1&b=2&note=%09", "note has control characters"),
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


def test_read_keeps_control_characters_of_an_unrestricted_field() -> None:
    assert FORM.read(b"a=1&b=2&said=%00%09%0D%0A%C2%85", FORM_HEADERS)["said"] == "\0\t\r\n\x85"


def test_read_refuses_an_unrestricted_field_that_is_too_long() -> None:
    with pytest.raises(BadCallback, match="said has more than 10 characters"):
        FORM.read(b"a=1&b=2&said=%00%00%00%00%00%00%00%00%00%00%00", FORM_HEADERS)
