"""People of the directory who report by duty, and the time at which the tests about them begin."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.people.person import ListedPerson, RoleGrant
from gateway.text.phone import Phone
from gateway.wiring.container import Services


async def put_on_duty(
    services: Services, phone: Phone, role: str = "fkdm", areas: Sequence[str] = ("33.75.02",), name: str = "Dewi"
) -> None:
    """Add a person with this role to the directory."""
    listed = ListedPerson(phone, (RoleGrant(role, tuple(areas)),), name)
    await services.directory.import_people([listed], source="fkdm.csv", language="id")
