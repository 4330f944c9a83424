"""Stored dialogues: what is written is read again, and whoever comes late changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis

from gateway.menu.engine import Session
from gateway.runtime.redis import Batcher, RedisAway
from gateway.ussd.sessions import Sessions, Stored, decode, encode
from tests.outages import OwnRedis
from tests.ussd.stage import NUMBER, OTHER, TTL, VAULT

KEY = VAULT.lookup(NUMBER)
PLACE = Session(
    "describe",
    "jv",
    page=1,
    answers={"category": "gesekan", "description": "5*5 meter, Bu Dèwi 🚨"},
    trail=("language", "main"),
    error="long",
    revising=True,
    hops=7,
)
STORED = Stored("at", "ATUid_1", "2*1*5*5 meter", "v1", PLACE)


@pytest.fixture
async def batcher(redis_url: str) -> AsyncIterator[Batcher]:
    async with Redis.from_url(redis_url) as client:
        joined = Batcher(client, 0.3)
        yield joined
        await joined.close()


@pytest.fixture
def sessions(batcher: Batcher) -> Sessions:
    return Sessions(batcher, TTL)


async def only_key(batcher: Batcher) -> bytes:
    (key,) = await batcher.run("KEYS", "*")
    return bytes(key)


async def test_nothing_is_stored_at_first(sessions: Sessions) -> None:
    assert await sessions.read(KEY) == (b"", None)


async def test_what_is_written_is_read_again(sessions: Sessions) -> None:
    assert await sessions.write(KEY, b"", STORED) is None
    raw, stored = await sessions.read(KEY)
    assert stored == STORED
    assert raw == encode(STORED)
    assert await sessions.read(VAULT.lookup(OTHER)) == (b"", None)


@given(
    st.builds(
        Stored,
        st.text(),
        st.text(),
        st.text(),
        st.text(),
        st.builds(
            Session,
            st.text(),
            st.text(),
            page=st.integers(0, 99),
            answers=st.dictionaries(st.text(), st.text()),
            trail=st.lists(st.text()).map(tuple),
            error=st.text(),
            revising=st.booleans(),
            hops=st.integers(0, 999),
        ),
    )
)
def test_every_session_survives_its_stored_form(stored: Stored) -> None:
    assert decode(encode(stored)) == stored


@pytest.mark.parametrize("raw", [b"?", b"{}", b"[1, 2]", b"null", b"\xff", b'["at", "s", "", "v1", "main"]'])
async def test_what_another_release_left_is_replaced(sessions: Sessions, batcher: Batcher, raw: bytes) -> None:
    await sessions.write(KEY, b"", STORED)
    await batcher.run("SET", await only_key(batcher), raw)
    assert await sessions.read(KEY) == (raw, None)
    assert await sessions.write(KEY, raw, STORED) is None
    assert (await sessions.read(KEY))[1] == STORED


async def test_who_saw_something_else_changes_nothing(sessions: Sessions) -> None:
    await sessions.write(KEY, b"", STORED)
    later = STORED._replace(text="2*1*5*5 meter*1")
    assert await sessions.write(KEY, b"", later) == STORED
    assert await sessions.write(KEY, b"what stood there before", later) == STORED
    assert (await sessions.read(KEY))[1] == STORED


async def test_of_many_at_once_one_wins(sessions: Sessions) -> None:
    rivals = [STORED._replace(text=str(number)) for number in range(30)]
    answers = await asyncio.gather(*(sessions.write(KEY, b"", rival) for rival in rivals))
    (winner,) = (rival for rival, answer in zip(rivals, answers, strict=True) if answer is None)
    assert set(map(str, answers)) == {"None", str(winner)}
    assert (await sessions.read(KEY))[1] == winner


async def test_it_expires_and_every_write_renews_it(sessions: Sessions, batcher: Batcher) -> None:
    await sessions.write(KEY, b"", STORED)
    key = await only_key(batcher)
    assert TTL - 5 < await batcher.run("TTL", key) <= TTL
    await batcher.run("EXPIRE", key, 1)
    await sessions.write(KEY, encode(STORED), STORED._replace(text="2"))
    assert TTL - 5 < await batcher.run("TTL", key) <= TTL


async def test_a_redis_that_forgot_the_script_learns_it_again(sessions: Sessions, batcher: Batcher) -> None:
    await sessions.write(KEY, b"", STORED)
    await batcher.run("SCRIPT", "FLUSH")
    assert await sessions.write(KEY, encode(STORED), STORED._replace(text="2")) is None


async def test_a_redis_that_refuses_is_away(own_redis: OwnRedis) -> None:
    """Out of memory, or a replica that may not write: it answers, and is of no more use than one that does not."""
    async with Redis.from_url(own_redis.url) as client:
        batcher = Batcher(client, 0.3)
        sessions = Sessions(batcher, TTL)
        await sessions.write(KEY, b"", STORED)
        await client.config_set("maxmemory", 1)
        with pytest.raises(RedisAway):
            await sessions.write(KEY, encode(STORED), STORED._replace(text="2"))
        assert (await sessions.read(KEY))[1] == STORED
        await client.config_set("maxmemory", 0)
        key = await only_key(batcher)
        await client.delete(key)
        await client.lpush(key, "what somebody else made of it")
        with pytest.raises(RedisAway):
            await sessions.read(KEY)
        await batcher.close()
