"""The audit trail for what is done by hand and changes no incident: a list read in, numbers taken out, a person erased.

What is written there can never be erased, so that no number and no name has a place in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.incidents.records import NOTE, note
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import mask_in


class Trail:
    """Writes rows into the audit trail. May raise `DatabaseAway`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, actor: str, action: str, detail: Mapping[str, str | int], subject: str = "") -> None:
        """Note what `actor` does. Texts are kept with phone numbers masked."""
        masked = {name: mask_in(said) if isinstance(said, str) else said for name, said in detail.items()}
        async with self._database.begin() as connection:
            await connection.execute(NOTE, note(self._clock.now(), mask_in(actor), action, subject, masked))
