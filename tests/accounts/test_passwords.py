"""Argon2id hashes of passwords."""

from __future__ import annotations

import pytest
from argon2 import Parameters
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY

from gateway.accounts.passwords import Argon2Hasher

PASSWORD = "kuda lumping merah"


async def test_default_hash_has_the_parameters_of_rfc_9106() -> None:
    """Section 4, the second recommended option: 64 MiB, three passes, four lanes."""
    hashed = await Argon2Hasher().hash(PASSWORD)

    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert not Argon2Hasher().needs_rehash(hashed)


@pytest.mark.parametrize("parameters", [CHEAPEST, RFC_9106_LOW_MEMORY], ids=["tests", "production"])
async def test_decoy_costs_as_much_as_a_hash_and_matches_no_password(parameters: Parameters) -> None:
    hasher = Argon2Hasher(parameters)

    assert not hasher.needs_rehash(hasher.decoy)
    assert parameters_of(hasher.decoy) == parameters_of(await hasher.hash(PASSWORD))
    assert not await hasher.verify(hasher.decoy, PASSWORD)
    assert not await hasher.verify("damaged", PASSWORD)


def parameters_of(stored: str) -> str:
    return stored.rpartition("$")[0].rpartition("$")[0]
