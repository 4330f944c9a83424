"""USSD webhook: every captured body, byte for byte, and invalid ones."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from gateway.carriers.form_body import FORM_TYPE
from gateway.incidents.tables import incidents
from gateway.messages.tables import messages
from tests.helpers.captured import APOLOGY, MALFORMED, PADI, USSD, screen
from tests.helpers.carrier_server import fixture
from tests.helpers.packs import MENU
from tests.helpers.web import Answer, WebGateway


def is_ussd_reply(answer: Answer) -> bool:
    return (
        answer.status == 200
        and answer.headers["Content-Type"].startswith("text/plain")
        and answer.text.startswith(("CON ", "END "))
        and "at-ussd-hop-metadata" in answer.headers
    )


@pytest.mark.parametrize("name", USSD)
async def test_captured_callback_as_the_first_of_its_session(web_gateway: WebGateway, name: str) -> None:
    answer = await web_gateway.post("ussd", fixture(name))

    assert is_ussd_reply(answer)
    assert answer.text == screen(*USSD[name])
    assert len(await web_gateway.keys()) == 1


async def test_captured_session_gets_its_screens_and_labels(web_gateway: WebGateway) -> None:
    names = [name for name in USSD if name < "ussd_07"]
    answers = [await web_gateway.post("ussd", fixture(name)) for name in names]

    assert [answer.text for answer in answers] == [screen(*USSD[name]) for name in names]
    assert [answer.label for answer in answers] == [
        "language.id",
        "main.id",
        "urgent.id",
        "urgent.id",
        "urgent.id",
        "main.id",
    ]

    late = [await web_gateway.post("ussd", fixture(name)) for name in (*names, "ussd_12_star_percent_encoded")]
    assert {answer.text for answer in late} == {answers[-1].text}, "what comes late or again changes nothing"


async def test_captured_session_with_a_star_and_no_label_is_asked_again(web_gateway: WebGateway) -> None:
    """Nothing says that the star was typed: it may also join an input that was missed."""
    answers = [await web_gateway.post("ussd", fixture(name)) for name in USSD if "ussd_07" <= name < "ussd_10"]
    lost = f"CON {MENU.wordings['id'].errors['lost']}\n"
    assert [answer.text for answer in answers] == [
        screen("1", ""),
        screen("1").replace("CON ", lost),
        screen("1").replace("CON ", lost),
    ]


async def test_shorter_transcript_gets_the_stored_screen(web_gateway: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await web_gateway.post("ussd", fixture(name))

    assert (await web_gateway.post("ussd", fixture("ussd_bad_shorter_transcript"))).text == here.text
    assert (await web_gateway.post("ussd", fixture("ussd_05_free_text_utf8"))).text == screen("1", "1", PADI)


async def test_same_session_of_another_phone_is_its_own_dialogue(web_gateway: WebGateway) -> None:
    for name in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await web_gateway.post("ussd", fixture(name))
    other = await web_gateway.post("ussd", fixture("ussd_bad_other_phone_same_session"))

    assert is_ussd_reply(other)
    assert other.text == screen("1", "1", "2"), "a dialogue of its own"
    assert (await web_gateway.post("ussd", fixture("ussd_04_retransmit_of_03"))).text == here.text
    assert len(await web_gateway.keys()) == 2


@pytest.mark.parametrize("name", ["ussd_bad_not_utf8", "ussd_bad_not_utf8_escaped"])
async def test_unreadable_bytes_end_no_dialogue(web_gateway: WebGateway, name: str) -> None:
    for earlier in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        await web_gateway.post("ussd", fixture(earlier))
    typed = fixture(name).replace(b"text=", b"text=1*1*")

    assert (await web_gateway.post("ussd", typed)).text == screen("1", "1", "caf�")


SPELLINGS = {
    "no network": ("networkCode=99999", ""),
    "no service code": ("serviceCode=*384*27011%23", ""),
    "no text": ("text=", ""),
    "no plus": ("%2B6281230004567", "6281230004567"),
    "a blank for the plus": ("%2B6281230004567", "+6281230004567"),
    "as dialled": ("%2B6281230004567", "081230004567"),
    "a long network": ("networkCode=99999", f"networkCode={'9' * 50}"),
    "padding": ("text=", "text=%0D"),
}


@pytest.mark.parametrize(("usual", "sent"), SPELLINGS.values(), ids=SPELLINGS)
async def test_callback_with_a_field_less_or_odd_gets_the_usual_screen(
    web_gateway: WebGateway, usual: str, sent: str
) -> None:
    bodies = [fixture(name).decode() for name in ("ussd_01_initial", "ussd_02_first_choice")]
    assert usual in bodies[0]
    answers = [await web_gateway.post("ussd", body.replace(usual, sent, 1).encode()) for body in bodies]

    assert answers[0].text == screen()
    if usual != "text=":
        assert answers[1].text == screen("1")
    assert web_gateway.lines("hook.malformed") == []


@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_callback_gets_an_apology_and_changes_nothing(web_gateway: WebGateway, name: str) -> None:
    alone = await web_gateway.post("ussd", fixture(name))
    assert is_ussd_reply(alone)
    assert (alone.text, alone.label) == (APOLOGY, "apology")
    assert await web_gateway.keys() == []

    for earlier in ("ussd_01_initial", "ussd_02_first_choice", "ussd_03_same_choice_again"):
        here = await web_gateway.post("ussd", fixture(earlier))
    raw = [await web_gateway.services.pipeline.run("GET", key) for key in await web_gateway.keys()]
    assert (await web_gateway.post("ussd", fixture(name))).text == APOLOGY
    assert [await web_gateway.services.pipeline.run("GET", key) for key in await web_gateway.keys()] == raw
    assert (await web_gateway.post("ussd", fixture("ussd_04_retransmit_of_03"))).text == here.text

    warnings = web_gateway.lines("hook.malformed")
    assert [(line["level"], line["hook"], line["problem"]) for line in warnings] == [
        ("warning", "ussd", MALFORMED[name])
    ] * 2


NONSENSE = [
    (b"", {"Content-Type": FORM_TYPE}),
    (b"\x00" * 300, {"Content-Type": FORM_TYPE}),
    (fixture("ussd_01_initial") + b"&filler=" + b"x" * 16384, {"Content-Type": FORM_TYPE}),
    (fixture("ussd_01_initial"), {"Content-Type": "application/json"}),
    (fixture("ussd_01_initial"), {"Content-Type": "multipart/form-data; boundary=x"}),
    (fixture("ussd_01_initial"), {"Content-Type": ""}),
    (b"no gzip at all", {"Content-Type": FORM_TYPE, "Content-Encoding": "gzip"}),
    (gzip.compress(b"x" * 10_000_000), {"Content-Type": FORM_TYPE, "Content-Encoding": "gzip"}),
]


async def test_any_other_body_gets_an_apology(web_gateway: WebGateway) -> None:
    for body, headers in NONSENSE:
        answer = await web_gateway.post("ussd", body, headers)
        assert is_ussd_reply(answer)
        assert answer.text == APOLOGY, f"{body[:40]!r} {headers}"

    assert await web_gateway.keys() == []
    assert [line["event"] for line in web_gateway.lines()] == ["hook.malformed"] * len(NONSENSE)


async def test_body_of_16_kib_is_read(web_gateway: WebGateway) -> None:
    body = fixture("ussd_01_initial") + b"&filler="
    answer = await web_gateway.post("ussd", body + b"x" * (16 * 1024 - len(body)))

    assert answer.text == screen()


async def test_content_type_may_have_parameters_and_capitals(web_gateway: WebGateway) -> None:
    for kind in (f"{FORM_TYPE}; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"):
        assert (await web_gateway.post("ussd", fixture("ussd_01_initial"), {"Content-Type": kind})).text == screen()


async def test_whole_journey_ends_with_a_ticket_and_a_confirmation(web_gateway: WebGateway) -> None:
    """The label is echoed as the carrier does. The ticket is a committed row with its confirmation."""
    keys = ["3", "2", "1", "98", "8", "1", "5", "1", "2", "2", "1", "water at 50 cm", "1", "1"]
    body = fixture("ussd_01_initial")
    answer = await web_gateway.post("ussd", body)
    for hop in range(len(keys)):
        assert answer.text == screen(*keys[:hop])
        headers = {"Content-Type": FORM_TYPE, "at-ussd-hop-metadata": answer.label}
        typed = "*".join(keys[: hop + 1]).replace(" ", "+").encode()
        answer = await web_gateway.post("ussd", body + typed, headers)
    (incident,) = await web_gateway.rows(incidents)
    ticket = f"{incident['ticket'][:4]}-{incident['ticket'][4:]}"

    assert answer.text.startswith(f"END Thank you. Report number: {ticket}\n")
    assert answer.label == "ticket_plain.en"

    (message,) = await web_gateway.rows(messages)
    assert (message["ticket"], message["class"]) == (incident["ticket"], "confirmation")


async def test_two_hundred_concurrent_callbacks_are_answered(web_gateway: WebGateway) -> None:
    bodies = [fixture("ussd_01_initial").replace(b"6281230004567", b"2547110%05d" % n) for n in range(200)]
    answers = await asyncio.gather(*(web_gateway.post("ussd", body) for body in bodies))

    assert {answer.text for answer in answers} == {screen()}
    assert len(await web_gateway.keys()) == 200
