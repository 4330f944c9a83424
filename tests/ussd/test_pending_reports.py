"""Spool of pending reports: kept once, encrypted, and readable by the holder of the vault key alone."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.text.phone import Phone
from gateway.ussd.effect_request import EffectRequest
from tests.helpers.gateway import VAULT_KEY
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import REQUEST, VAULT, UssdGateway


def _sealed_in_the_first_format(phone: Phone) -> bytes:
    key = HKDF(SHA256(), length=32, salt=None, info=b"waspada phone number seal").derive(VAULT_KEY)
    nonce = bytes(12)
    padded = phone.e164.encode().ljust(16)
    return b"\x01" + nonce + AESGCM(key).encrypt(nonce, padded, b"\x01waspada phone number")


async def pending(gateway: UssdGateway) -> list[EffectRequest | None]:
    return [report async for _, report in gateway.services.pending_reports.scan()]


async def test_add_twice_keeps_one_report(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)
    await gateway.services.pending_reports.add(replace(REQUEST, answers={}))

    assert await gateway.services.filing.file_pending() == 1
    assert len(await gateway.incidents()) == 1


async def test_scan_returns_the_report_as_it_was_added(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)

    assert await pending(gateway) == [REQUEST]


async def test_add_keeps_the_reports_of_two_phones_with_one_session(gateway: UssdGateway) -> None:
    other = replace(REQUEST, phone=OTHER)

    await gateway.services.pending_reports.add(REQUEST)
    await gateway.services.pending_reports.add(other)

    assert sorted(await pending(gateway), key=str) == sorted([REQUEST, other], key=str)


async def test_add_encrypts_the_number(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)

    assert NUMBER.e164[-7:].encode() not in repr(await gateway.pending()).encode()


async def test_scan_reads_a_report_of_an_earlier_version(gateway: UssdGateway) -> None:
    """Its number was encrypted in the first format, with no hash beside it."""
    await gateway.services.pending_reports.add(REQUEST)
    ((name, raw),) = (await gateway.pending()).items()
    entry = json.loads(raw)
    del entry["phone_key"]
    entry["phone"] = b64encode(_sealed_in_the_first_format(REQUEST.phone)).decode()
    await gateway.run_redis("HSET", "waspada:unfiled", name, json.dumps(entry))

    assert await pending(gateway) == [REQUEST]


async def test_scan_refuses_a_number_beside_the_hash_of_another(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)
    ((name, raw),) = (await gateway.pending()).items()
    for key in (VAULT.lookup(OTHER).hex(), "", "no hexadecimal", None):
        entry = json.loads(raw) | {"phone_key": key}
        await gateway.run_redis("HSET", "waspada:unfiled", name, json.dumps(entry))

        assert await pending(gateway) == [None]


async def test_remove_forgets_the_report(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)
    (name,) = await gateway.pending()

    await gateway.services.pending_reports.remove(name)

    assert await pending(gateway) == []
