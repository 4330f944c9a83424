"""World of the tests about appeals: a gateway with subscribers and contacts, and the outcomes of a carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Table, func, insert, select, update

from gateway.accounts.roles import Right
from gateway.appeals.appeal import Actor, Appeal, AppealDraft, ResponseKind, Total
from gateway.appeals.responses import record_response
from gateway.appeals.results import AppealResults, ResultsStore
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealWorkflow
from gateway.carriers.carrier import Accepted, Outcome
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.outbox import Outbox
from gateway.messages.quiet_now import QuietNow
from gateway.messages.tables import messages
from gateway.people.tables import people, person_roles, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from gateway.wiring.appeal_services import AppealServices, appeal_settings
from gateway.wiring.carriers import CARRIERS
from gateway.wiring.container import Services
from tests.helpers.clocks import ManualClock
from tests.helpers.gateway import SERVICE_CODES, channel_settings, open_gateway
from tests.helpers.packs import FILES
from tests.helpers.phones import phone

STAGES = (
    "- {key: masa_tenang, first: 2026-11-24, last: 2026-11-26}\n"
    "- {key: pemungutan, first: 2026-12-09, last: 2026-12-09}\n"
)
MEDONO, PODOSUGIH, KLEGO = "33.75.01.1002", "33.75.01.1003", "33.75.02.1008"
CODE = SERVICE_CODES["at"]
CHUNK_SIZE = 7  # an audience of twenty is several chunks

SITI = Actor("siti", frozenset({Right.WRITE_APPEALS}))
BUDI = Actor("budi", frozenset({Right.WRITE_APPEALS, Right.APPROVE_APPEALS}))
RINI = Actor("rini", frozenset({Right.APPROVE_APPEALS}))
TONO = Actor("tono")
DRAFT = AppealDraft("Peace", {"roles": ["subscriber"]}, "at", template="damai")
OWN_TEXTS = AppealDraft(
    "Peace", {"roles": ["subscriber"]}, "at", texts={"id": "Rukun di {kel}. STOP", "jv": "Rukun. STOP"}
)


def appeal_menu(**files: str) -> Menu:
    """Load Pekalongan's pack with masa tenang from 24 to 26 November 2026. `files` replace others of the pack."""
    replaced = {f"{name}.yaml": text for name, text in files.items()}
    return load({**FILES, "stages.yaml": STAGES, **replaced})


def menu_refusing(*words: str) -> Menu:
    """Load the same pack with more refused words."""
    rules = FILES["rules.yaml"]
    return appeal_menu(rules=rules.replace("refused_words: [", f"refused_words: [{', '.join(words)}, "))


def open_appeal_gateway(
    redis_url: str, database_url: str, clock: Clock | None, menu: Menu, **settings: object
) -> AbstractAsyncContextManager[Services]:
    """Open a gateway with one channel, `at`. `settings` replace others of the gateway."""
    settings = {"channels": {"at": channel_settings(CODE)}, **settings}
    return open_gateway(redis_url, database_url, clock, menu, None, CARRIERS, **settings)


class AppealWorld:
    """People, the desk, the worker of appeals and a carrier, over the services of one gateway."""

    def __init__(self, services: Services, **limits: Any) -> None:
        """`limits` replace fields of the gateway's `AppealSettings`."""
        self.services = services
        self._configured = replace(appeal_settings(services.settings), chunk_size=CHUNK_SIZE)
        self.change_limits(**limits)

    def change_limits(self, **limits: Any) -> None:
        """Build the services of appeals again, with other limits."""
        self._configured = replace(self._configured, **limits)
        self.appeals = AppealServices(
            self.database, self.vault, self.services.clock, lambda: self.menu, self._configured
        )

    @property
    def workflow(self) -> AppealWorkflow:
        return self.appeals.workflow

    @property
    def worker(self) -> AppealWorker:
        return self.appeals.worker

    @property
    def results(self) -> ResultsStore:
        return self.appeals.results

    @property
    def outbox(self) -> Outbox:
        return self.services.outbox

    @property
    def database(self) -> Database:
        return self.services.database

    @property
    def vault(self) -> Vault:
        return self.services.vault

    @property
    def clock(self) -> ManualClock:
        """Clock of the gateway, which the test moves."""
        assert isinstance(self.services.clock, ManualClock)
        return self.services.clock

    def set_local_time(self, time: str) -> None:
        """Set the clock to an ISO 8601 time of Pekalongan."""
        self.clock.time = datetime.fromisoformat(f"{time}+07:00")

    @property
    def menu(self) -> Menu:
        return self.services.versions.current

    def change_pack(self, menu: Menu) -> None:
        self.services.versions.activate(menu)

    # People ----------------------------------------------------------------------------------------------------

    async def add_subscribers(
        self, count: int, *, area: str = MEDONO, first: int = 0, language: str = "id", channel: str = "at"
    ) -> None:
        """Add subscribers of `area`, with the numbers from `phone(first)` on."""
        numbers = [phone(number) for number in range(first, first + count)]
        sealed = [{"phone_sealed": self.vault.seal(one), "phone_key": self.vault.lookup(one)} for one in numbers]
        now = self.services.clock.now()
        person: dict[str, Any] = {
            "name": "",
            "language": language,
            "source": channel,
            "added_at": now,
            "updated_at": now,
        }
        consent: dict[str, Any] = {
            "area": area,
            "language": language,
            "channel": channel,
            "wording": "1",
            "consented_at": now,
        }
        async with self.database.begin() as connection:
            await connection.execute(insert(people), [row | person for row in sealed])
            await connection.execute(insert(subscriptions), [row | consent for row in sealed])

    async def add_contact(self, number: int, role: str, areas: Sequence[str] = (), language: str = "id") -> int:
        """Add a person with a role and no subscription. Returns the person's id."""
        one, now = phone(number), self.services.clock.now()
        row: dict[str, Any] = {"phone_sealed": self.vault.seal(one), "phone_key": self.vault.lookup(one), "name": ""}
        row |= {"language": language, "source": "list", "added_at": now, "updated_at": now}
        async with self.database.begin() as connection:
            person: int = (await connection.execute(insert(people).values(row).returning(people.c.id))).scalar_one()
            values = {"person": person, "role": role, "areas": list(areas), "basis": "", "updated_at": now}
            await connection.execute(insert(person_roles).values(values))
        return person

    async def opt_out(self, number: int) -> None:
        """Let a person opt out, as by the USSD menu."""
        await self.services.opt_outs.add(phone(number), "at")

    async def erase(self, number: int) -> None:
        """Erase a person's number everywhere."""
        await self.services.eraser.erase(phone(number), "siti")

    async def respond(self, one: Phone, kind: ResponseKind) -> int | None:
        """Let a person respond to an appeal by SMS. Returns the appeal that the response was counted for."""
        if kind is ResponseKind.STOP:
            await self.services.opt_outs.add(one, "at")
        async with self.database.begin() as connection:
            return await record_response(connection, self.vault.lookup(one), kind, self.services.clock.now())

    # Appeals ---------------------------------------------------------------------------------------------------

    async def submitted_appeal(self, draft: AppealDraft = DRAFT) -> int:
        """Create an appeal that waits for approval."""
        appeal = await self.workflow.draft(SITI, draft)
        await self.workflow.submit(appeal, SITI)
        return appeal

    async def approved_appeal(self, draft: AppealDraft = DRAFT, *, by: Iterable[Actor] = (BUDI,)) -> int:
        """Create an appeal that is approved and waits for its start."""
        appeal = await self.submitted_appeal(draft)
        for actor in by:
            await self.workflow.approve(appeal, actor)
        return appeal

    async def expanded_appeal(self, draft: AppealDraft = DRAFT) -> int:
        """Create an approved appeal and let the worker expand it."""
        appeal = await self.approved_appeal(draft)
        await self.run_appeal_worker()
        return appeal

    async def appeal(self, number: int) -> Appeal:
        return await self.workflow.find(number)

    async def run_appeal_worker(self) -> None:
        """Run the worker of appeals until it has nothing to do."""
        while await self.worker.run_once():
            pass

    async def send_due_messages(
        self, outcome: Callable[[Phone], Outcome] | None = None, limit: int = 200, most: int | None = None
    ) -> list[Phone]:
        """Claim due messages and record an outcome for each, until none is due or `most` are sent.

        Returns the recipients in order. By default the carrier accepts everything.
        """
        sent: list[Phone] = []
        now = self.services.clock.now()
        quiet = QuietNow(now.astimezone(self.menu.timezone).time(), self.menu.quiet_until(now))
        while most is None or len(sent) < most:
            size = limit if most is None else min(limit, most - len(sent))
            claims = await self.outbox.claim(size, "worker", "at", quiet=quiet)
            if not claims:
                break
            outcomes = [(one, outcome(one.phone) if outcome else Accepted(f"id-{one.id}")) for one in claims]
            sent += [one.phone for one in claims]
            await self.outbox.record("at", outcomes)
        return sent

    # Tables ----------------------------------------------------------------------------------------------------

    async def messages_of(self, appeal: int) -> Sequence[Mapping[str, Any]]:
        """Return the messages of an appeal, by person."""
        async with self.database.begin() as connection:
            found = select(messages).where(messages.c.appeal == appeal).order_by(messages.c.person)
            return [dict(row) for row in (await connection.execute(found)).mappings()]

    async def statuses(self, appeal: int) -> Counter[str]:
        return Counter(row["status"] for row in await self.messages_of(appeal))

    async def load_results(self, appeal: int) -> AppealResults:
        """Load the results of an appeal, which must add up whenever they are read."""
        results = (await self.workflow.overview(appeal)).results
        assert results.adds_up, results
        for groups in (results.languages, results.areas, results.channels):
            assert sum(sum(totals.values()) for totals in groups.values()) == len(await self.messages_of(appeal))
        without_hour = {Total.SUPPRESSED, Total.WAITING}
        for total in Total:
            in_hours = sum(totals[total] for totals in results.hours.values())
            assert in_hours == (0 if total in without_hour else results.totals[total])
        return results

    async def count(self, table: Table) -> int:
        async with self.database.begin() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())

    async def update_rows(self, table: Table, where: Any, **values: Any) -> None:
        async with self.database.begin() as connection:
            await connection.execute(update(table).where(where).values(values))
