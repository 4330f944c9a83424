"""Accounts of the tests about the stores: passwords, a hasher that records, and the rows of the audit trail."""

from __future__ import annotations

from typing import Any

from argon2 import Parameters
from argon2.profiles import CHEAPEST

from gateway.accounts.passwords import Argon2Hasher
from gateway.accounts.store import AccountStore
from gateway.audit import audit
from gateway.runtime.postgres import Database
from tests.helpers.tables import rows

PASSWORD, OTHER = "kuda lumping merah", "becak biru tua 7"
WRONG = "kuda lumping hijau"


class CountingHasher(Argon2Hasher):
    """Argon2 hasher that records the hashes it verified against."""

    def __init__(self, parameters: Parameters = CHEAPEST) -> None:
        super().__init__(parameters)
        self.verified: list[str] = []

    async def verify(self, stored: str, password: str) -> bool:
        self.verified.append(stored)
        return await super().verify(stored, password)


async def audit_rows(database: Database) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [(row["actor"], row["action"], row["subject"], row["detail"]) for row in await rows(database, audit)]


async def enter_wrong_passwords(accounts: AccountStore, times: int, name: str = "dewi") -> None:
    for _ in range(times):
        assert await accounts.authenticate(name, WRONG) is None
