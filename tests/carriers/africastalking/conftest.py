"""Fixture of the carrier."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from gateway.carriers.africastalking.carrier import AfricasTalking


@pytest.fixture
async def carrier(http: ClientSession) -> AfricasTalking:
    return AfricasTalking("at", "sandbox", "key", http, region="ID")
