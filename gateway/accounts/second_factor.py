"""Store of the second factor of an account: the sealed secret of its TOTP, and the newest step that was used."""

from __future__ import annotations

from sqlalchemy import update

from gateway.accounts.account import AccountRefused
from gateway.accounts.store import audit_account, lock_account
from gateway.accounts.tables import accounts
from gateway.accounts.totp import matching_step
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault


class SecondFactorStore:
    """Store of second factors. Every method is one transaction and may raise `NoSuchAccount`, `DatabaseUnavailable`."""

    def __init__(self, database: Database, clock: Clock, vault: Vault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def enrol(self, name: str, secret: bytes, code: str, *, actor: str) -> None:
        """Ask for codes of this secret from now on, if `code` is one. Raises `AccountRefused` otherwise.

        That code cannot be used again. An account that has a second factor keeps it.
        """
        now = self._clock.now()
        step = matching_step(secret, code, now)
        if step is None:
            raise AccountRefused("the code is not the one of now: nothing is changed. Is the clock of the phone right?")
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            if account["totp_sealed"] is not None:
                raise AccountRefused(f"{name} has a second factor already: --off, by another administrator, removes it")
            values = {"totp_sealed": self._vault.seal_secret(secret, name), "totp_step": step}
            await connection.execute(update(accounts).where(accounts.c.id == account["id"]).values(values))
            await audit_account(connection, now, actor, "account.second_factor_set", name)

    async def remove(self, name: str, *, actor: str) -> bool:
        """Ask for no code any more. Returns False if there was no second factor.

        Raises `AccountRefused` if the account itself is the author.
        """
        if actor == name:
            raise AccountRefused("another administrator must remove a second factor, not the account itself")
        async with self._database.begin() as connection:
            account = await lock_account(connection, name)
            if account["totp_sealed"] is None:
                return False
            values = {"totp_sealed": None, "totp_step": None}
            await connection.execute(update(accounts).where(accounts.c.id == account["id"]).values(values))
            await audit_account(connection, self._clock.now(), actor, "account.second_factor_removed", name)
        return True
