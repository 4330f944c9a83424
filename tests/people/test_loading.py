"""Loading of people: the lock on the state before an import."""

from __future__ import annotations

import asyncio

from gateway.people.directory import Directory
from gateway.people.loading import load_known
from gateway.people.person import ListedPerson, plan_change
from gateway.people.saving import write_changes
from gateway.people.subscriptions import Subscriptions
from gateway.runtime.postgres import Database
from gateway.vault.vault import Vault
from tests.helpers.people import (
    AT,
    OFFICER,
    SUBSCRIBER,
    OptOutPhone,
    import_list,
)
from tests.helpers.phones import NUMBER


async def test_load_known_holds_an_opt_out_back_until_the_import_commits(
    directory: Directory, opt_out: OptOutPhone, consents: Subscriptions, database: Database, vault: Vault
) -> None:
    """The opt-out then ends the new subscription: nobody is listed who gets nothing."""
    await import_list(directory, ListedPerson(NUMBER, (OFFICER,)))
    async with database.begin() as connection:
        known = await load_known(connection, [vault.lookup(NUMBER)])
        stopping = asyncio.create_task(opt_out(NUMBER))
        await asyncio.sleep(0.2)
        assert not stopping.done()
        made = {
            vault.lookup(NUMBER): plan_change(known[vault.lookup(NUMBER)], ListedPerson(NUMBER, (SUBSCRIBER,)), "id")
        }
        await write_changes(connection, made, vault, AT, "list.csv")

    await stopping

    assert await consents.active_areas(NUMBER) == []
