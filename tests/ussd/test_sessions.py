"""Stored sessions: stored form, compare-and-set, TTL, and a language that is set outside a dialogue."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json
from redis.asyncio import Redis

from gateway.menu.session import Session
from gateway.runtime.redis import Pipeline, RedisUnavailable
from gateway.ussd.sessions import SessionStore, SessionTtl, StoredSession, decode, encode
from gateway.ussd.transcript import TextFingerprint, fingerprint
from tests.helpers.outages import OwnRedis
from tests.helpers.packs import MENU
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import DAY_S, TTL, VAULT

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)  # what a state may be called
KEY = VAULT.lookup(NUMBER)
MENU_SESSION = Session(
    state="describe",
    language="jv",
    page=1,
    answers={"category": "gesekan", "description": "5*5 meter, Bu Dèwi 🚨"},
    trail=("language", "main"),
    error="long",
    passing=True,
    hops=7,
    wrong=2,
    chosen=True,
    began="3",
    resumed=True,
    called_off=True,
    barrier=4,
    filings=5,
)
STORED = StoredSession(
    channel="at",
    session="ATUid_1",
    fingerprint=TextFingerprint(length=13, checksum=456),
    menu_version="v1",
    stored_at=1_795_000_000,
    filed_on=739_948,
    filed_count=3,
    origin="ATUid_0",
    menu_session=MENU_SESSION,
    replaced=(789,),
    spans=((11, 14),),
)


@pytest.fixture
async def pipeline(redis_url: str) -> AsyncIterator[Pipeline]:
    async with Redis.from_url(redis_url) as client:
        joined = Pipeline(client, 0.3)
        yield joined
        await joined.close()


@pytest.fixture
def sessions(pipeline: Pipeline) -> SessionStore:
    return SessionStore(pipeline)


async def only_key(pipeline: Pipeline) -> bytes:
    (key,) = await pipeline.run("KEYS", "*")
    return bytes(key)


async def test_read_returns_nothing_for_an_unknown_phone(sessions: SessionStore) -> None:
    assert await sessions.read(KEY) == (b"", None)


async def test_compare_and_set_stores_what_read_returns(sessions: SessionStore) -> None:
    assert await sessions.compare_and_set(KEY, b"", STORED, TTL) is None

    raw, stored = await sessions.read(KEY)
    assert stored == STORED
    assert raw == encode(STORED)
    assert await sessions.read(VAULT.lookup(OTHER)) == (b"", None)


@given(
    st.builds(
        StoredSession,
        st.text(),
        st.text(),
        st.builds(TextFingerprint, st.integers(0, 999), st.integers(0, 2**32)),
        st.text(),
        st.integers(0, 2**32),
        st.integers(0, 999_999),
        st.integers(0, 99),
        st.text(),
        st.builds(
            Session,
            st.text(),
            st.text(),
            page=st.integers(0, 99),
            answers=st.dictionaries(st.text(), st.text()),
            trail=st.lists(NAMES).map(tuple),
            error=st.text(),
            passing=st.booleans(),
            hops=st.integers(0, 999),
            wrong=st.integers(0, 9),
            chosen=st.booleans(),
            began=st.text(),
            resumed=st.booleans(),
            called_off=st.booleans(),
        ),
    )
)
def test_encode_and_decode_are_inverse(stored: StoredSession) -> None:
    assert decode(encode(stored)) == stored


def test_every_field_survives_its_stored_form_by_name() -> None:
    """New fields of either tuple fail here until `encode`, `decode` and this test have them."""
    defaults = Session("", "")._asdict() | StoredSession._field_defaults

    given = STORED._asdict() | MENU_SESSION._asdict()
    assert [name for name, value in given.items() if value == defaults.get(name)] == []

    stored = decode(encode(STORED))

    assert stored is not None
    assert stored._asdict() == STORED._asdict()
    assert stored.menu_session._asdict() == MENU_SESSION._asdict()
    assert stored.fingerprint._asdict() == STORED.fingerprint._asdict()


def test_stored_form_has_each_field_in_the_place_that_earlier_releases_read() -> None:
    short = STORED._replace(menu_session=MENU_SESSION._replace(answers={"category": "gesekan"}))

    assert from_json(encode(short)) == [
        *("at", "ATUid_1", 13, 456, "v1", 1_795_000_000, "describe", "jv"),
        *(
            {"category": "gesekan"},
            "language/main",
            15,
            7,
            739_948,
            3,
            "3",
            1,
            2,
            "long",
            "ATUid_0",
            [789],
            [[11, 14]],
            4,
            5,
        ),
    ]


@pytest.mark.parametrize(
    "raw", [b"?", b"{}", b"[1, 2]", b"null", b"\xff", b"x", b"x\x9c?", b'["at", "s", "", "v1", "main"]']
)
async def test_read_ignores_and_replaces_the_form_of_another_release(
    sessions: SessionStore, pipeline: Pipeline, raw: bytes
) -> None:
    await sessions.compare_and_set(KEY, b"", STORED, TTL)
    await pipeline.run("SET", await only_key(pipeline), raw)

    assert await sessions.read(KEY) == (raw, None)
    assert await sessions.compare_and_set(KEY, raw, STORED, TTL) is None
    assert (await sessions.read(KEY))[1] == STORED


async def test_compare_and_set_with_an_outdated_value_changes_nothing(sessions: SessionStore) -> None:
    await sessions.compare_and_set(KEY, b"", STORED, TTL)
    later = STORED._replace(fingerprint=fingerprint("2*1*5*5 meter*1"))

    assert await sessions.compare_and_set(KEY, b"", later, TTL) == STORED
    assert await sessions.compare_and_set(KEY, b"what stood there before", later, TTL) == STORED
    assert (await sessions.read(KEY))[1] == STORED


async def test_concurrent_compare_and_set_has_one_winner(sessions: SessionStore) -> None:
    rivals = [STORED._replace(fingerprint=fingerprint(str(number))) for number in range(30)]
    answers = await asyncio.gather(*(sessions.compare_and_set(KEY, b"", rival, TTL) for rival in rivals))

    (winner,) = (rival for rival, answer in zip(rivals, answers, strict=True) if answer is None)

    assert set(map(str, answers)) == {"None", str(winner)}
    assert (await sessions.read(KEY))[1] == winner


async def test_compare_and_set_renews_the_ttl(sessions: SessionStore, pipeline: Pipeline) -> None:
    await sessions.compare_and_set(KEY, b"", STORED, TTL)

    key = await only_key(pipeline)
    assert TTL - 5 < await pipeline.run("TTL", key) <= TTL

    await pipeline.run("EXPIRE", key, 1)
    await sessions.compare_and_set(KEY, encode(STORED), STORED._replace(fingerprint=fingerprint("2")), TTL)
    assert TTL - 5 < await pipeline.run("TTL", key) <= TTL


async def test_compare_and_set_reloads_a_forgotten_script(sessions: SessionStore, pipeline: Pipeline) -> None:
    await sessions.compare_and_set(KEY, b"", STORED, TTL)
    await pipeline.run("SCRIPT", "FLUSH")

    assert (
        await sessions.compare_and_set(KEY, encode(STORED), STORED._replace(fingerprint=fingerprint("2")), TTL) is None
    )


async def test_redis_error_counts_as_unavailable(own_redis: OwnRedis) -> None:
    """Redis out of memory, or a replica that refuses writes, is as unavailable as one that does not answer."""
    async with Redis.from_url(own_redis.url) as client:
        pipeline = Pipeline(client, 0.3)
        sessions = SessionStore(pipeline)
        await sessions.compare_and_set(KEY, b"", STORED, TTL)
        await client.config_set("maxmemory", 1)

        with pytest.raises(RedisUnavailable):
            await sessions.compare_and_set(KEY, encode(STORED), STORED._replace(fingerprint=fingerprint("2")), TTL)
        assert (await sessions.read(KEY))[1] == STORED

        await client.config_set("maxmemory", 0)
        key = await only_key(pipeline)
        await client.delete(key)
        await client.lpush(key, "what somebody else made of it")
        with pytest.raises(RedisUnavailable):
            await sessions.read(KEY)
        await pipeline.close()


@pytest.mark.parametrize(
    ("answers", "chosen", "ended", "seconds"),
    [
        ({}, False, False, 10),
        ({"language": "jv"}, False, False, 10),
        ({"language": "jv"}, True, False, 900),
        ({"category": "gesekan"}, True, False, 90),
        ({"category": "gesekan"}, False, False, 90),
        ({"ticket": "7340-2817"}, True, True, 900),
        ({"ticket": "7340-2817"}, False, True, 10),
    ],
)
def test_ttl_depends_on_the_content(answers: dict[str, str], chosen: bool, ended: bool, seconds: int) -> None:
    place = Session("main", "jv", answers=answers, chosen=chosen)
    assert SessionTtl(open=10, dropped=90, language=900).seconds(place, ended=ended) == seconds


def test_ttl_keeps_the_count_of_reports_for_a_day() -> None:
    """Phones that never chose a language keep it too: a shortcut in the first language does not ask."""
    keeping = SessionTtl(open=10, dropped=90, language=900_000)

    place = Session("ticket", "id", answers={"ticket": "7340-2817"})
    assert keeping.seconds(place, ended=True, filed=True) == DAY_S
    assert keeping.seconds(place._replace(chosen=True), ended=True, filed=True) == 900_000

    said = place._replace(answers={"category": "gesekan"})
    assert keeping.seconds(said, ended=False, filed=True) == 90, "answers expire first"


WORDY = "tawuran di depan pasar, dua kubu saling lempar batu dan bawa celurit, warga takut keluar rumah. " * 2
TANGLED = "".join(chr(33 + digit % 90) for digit in hashlib.sha512(b"1").digest() * 3)
ACCENTED = "".join("àèéùìòÇØøÅåÄÖÑÜäöñü"[digit % 19] for digit in hashlib.sha512(b"2").digest() * 3)


@pytest.mark.parametrize("words", ["", WORDY[:160], WORDY[:182], TANGLED[:182], ACCENTED[:182]])
async def test_stored_session_takes_at_most_600_bytes(sessions: SessionStore, pipeline: Pipeline, words: str) -> None:
    """Stop at the last question of the longest path, with the longest description that a phone can send."""
    answers = {
        "language": "id",
        "category": "gesekan",
        "kecamatan": "33.75.03",
        "area": "33.75.03.1002",
        "when": "now",
        "danger": "yes",
        "size": "many",
        "seen": "self",
        "description": words,
        "contact": "yes",
    }
    trail = "language main notice category kecamatan kelurahan when danger keep_away size seen describe contact"
    place = MENU_SESSION._replace(
        state="confirm", answers=answers, trail=tuple(trail.split()), error="", began="", resumed=False
    )
    session = "ATUid_ac5d960c71f2731a0ce76f67ca8980aa"
    stored = STORED._replace(
        session=session,
        fingerprint=fingerprint("2*1*5*5 meter"),
        menu_version="0123456789ab",
        origin="",
        menu_session=place,
    )

    await sessions.compare_and_set(KEY, b"", stored, TTL)

    assert (await sessions.read(KEY))[1] == stored
    assert await pipeline.run("MEMORY", "USAGE", await only_key(pipeline)) <= 600


# A language that was chosen by SMS --------------------------------------------------------------------------


def _left(seconds: int) -> datetime:
    return datetime.fromtimestamp(STORED.stored_at + seconds, UTC)


async def test_set_language_does_not_extend_the_ttl_of_answers(sessions: SessionStore, pipeline: Pipeline) -> None:
    said = MENU_SESSION._replace(
        state="describe", answers={"language": "jv", "category": "gesekan", "description": "jv"}
    )
    await sessions.compare_and_set(KEY, b"", STORED._replace(menu_session=said), TTL)
    await sessions.set_language(KEY, "en", MENU, _left(60 * 60))

    _, stored = await sessions.read(KEY)

    assert stored is not None and stored.stored_at == STORED.stored_at
    assert (stored.menu_session.language, stored.menu_session.chosen) == ("en", True)
    assert stored.menu_session.answers == {"language": "en", "category": "gesekan", "description": "jv"}
    assert 23 * 60 * 60 - 5 <= await pipeline.run("TTL", await only_key(pipeline)) <= 23 * 60 * 60


async def test_set_language_of_a_new_phone_is_remembered(sessions: SessionStore, pipeline: Pipeline) -> None:
    await sessions.set_language(KEY, "en", MENU, _left(0))
    _, stored = await sessions.read(KEY)

    assert stored is not None and (stored.menu_session.language, stored.menu_session.chosen) == ("en", True)
    assert await pipeline.run("TTL", await only_key(pipeline)) > MENU.rules.remember_language.total_seconds() - 5


async def test_concurrent_set_language_is_not_lost(sessions: SessionStore) -> None:
    await sessions.compare_and_set(KEY, b"", STORED, TTL)
    await asyncio.gather(
        sessions.set_language(KEY, "en", MENU, _left(0)), sessions.set_language(KEY, "en", MENU, _left(1))
    )

    _, stored = await sessions.read(KEY)

    assert stored is not None and stored.menu_session.language == "en"
