"""Spool of pending reports: kept once, encrypted, and readable by the holder of the vault key alone."""

from __future__ import annotations

from dataclasses import replace

from gateway.ussd.effect_request import EffectRequest
from tests.helpers.phones import NUMBER, OTHER
from tests.helpers.ussd import REQUEST, UssdGateway


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


async def test_remove_forgets_the_report(gateway: UssdGateway) -> None:
    await gateway.services.pending_reports.add(REQUEST)
    (name,) = await gateway.pending()

    await gateway.services.pending_reports.remove(name)

    assert await pending(gateway) == []
