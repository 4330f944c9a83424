"""Helpers of the tests about appeals: a town of people, the desk, and a carrier's outcomes without a carrier."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update

from gateway.accounts.roles import Right
from gateway.appeals.appeal import Actor, AppealDraft, ResponseKind, Total
from gateway.appeals.responses import record_response, record_stop
from gateway.appeals.results import AppealResults, ResultsStore
from gateway.appeals.worker import AppealWorker
from gateway.appeals.workflow import AppealSettings, AppealWorkflow
from gateway.carriers.carrier import Accepted, Outcome
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from gateway.messages.outbox import Outbox
from gateway.messages.suppression import OptOuts
from gateway.messages.tables import messages
from gateway.people.person import Role
from gateway.people.tables import people, person_roles, subscriptions
from gateway.runtime.clock import Clock
from gateway.runtime.pack_folder import read_pack
from gateway.runtime.postgres import Database
from gateway.text.phone import Phone
from gateway.vault.vault import Vault
from tests.helpers.clocks import ManualClock

PEKALONGAN = Path(__file__).parents[2] / "menus" / "pekalongan"
STAGES = "- {key: masa_tenang, first: 2026-11-24, last: 2026-11-26}\n"
MEDONO, PODOSUGIH, KLEGO = "33.75.01.1002", "33.75.01.1003", "33.75.02.1008"
CODE = "*384*3375#"
TERMS = AppealSettings({"at": CODE}, chunk_size=7)  # an audience of twenty is several chunks

SITI = Actor("siti", frozenset({Right.WRITE_APPEALS}))
BUDI = Actor("budi", frozenset({Right.WRITE_APPEALS, Right.APPROVE_APPEALS}))
RINI = Actor("rini", frozenset({Right.APPROVE_APPEALS}))
TONO = Actor("tono")
DRAFT = AppealDraft("Peace", {"roles": ["subscriber"]}, "at", template="damai")
WRITTEN = AppealDraft(
    "Peace", {"roles": ["subscriber"]}, "at", texts={"id": "Rukun di {kel}. STOP", "jv": "Rukun. STOP"}
)


def menu_of(**files: str) -> Menu:
    """Pekalongan's pack with masa tenang from 24 to 26 November 2026."""
    renamed = {f"{name}.yaml": text for name, text in files.items()}
    return load({**read_pack(PEKALONGAN), "stages.yaml": STAGES, **renamed})


def refusing(*words: str) -> Menu:
    """The same pack, which has come to refuse these words."""
    rules = read_pack(PEKALONGAN)["rules.yaml"]
    return menu_of(rules=rules.replace("refused_words: [", f"refused_words: [{', '.join(words)}, "))


def phone(number: int) -> Phone:
    return Phone(f"+62812300{number:05}")


class Office:
    """A gateway's room of appeals over one database."""

    def __init__(
        self, database: Database, vault: Vault, clock: Clock, menu: Menu, terms: AppealSettings = TERMS
    ) -> None:
        self.database = database
        self.vault = vault
        self.clock = clock
        self.menu = menu
        self.terms = terms
        self.workflow = AppealWorkflow(database, clock, lambda: self.menu, self.terms)
        self.worker = AppealWorker(database, clock, lambda: self.menu, self.terms)
        self.results = ResultsStore(database, vault)
        self.outbox = Outbox(database, vault, clock)

    async def settle(self, count: int, *, area: str = MEDONO, first: int = 0, language: str = "id") -> None:
        """So many subscribers of `area`."""
        numbers = [phone(number) for number in range(first, first + count)]
        named = [{"phone_sealed": self.vault.seal(one), "phone_key": self.vault.lookup(one)} for one in numbers]
        now = self.clock.now()
        person: dict[str, Any] = {"name": "", "language": language, "source": "at", "added_at": now, "updated_at": now}
        agreed: dict[str, Any] = {
            "area": area,
            "language": language,
            "channel": "at",
            "wording": "1",
            "consented_at": now,
        }
        async with self.database.begin() as connection:
            await connection.execute(insert(people), [row | person for row in named])
            await connection.execute(insert(subscriptions), [row | agreed for row in named])

    async def appoint(self, number: int, role: Role, areas: Sequence[str] = (), language: str = "id") -> int:
        """Somebody with a role and no subscription; his id."""
        one, now = phone(number), self.clock.now()
        row: dict[str, Any] = {"phone_sealed": self.vault.seal(one), "phone_key": self.vault.lookup(one), "name": ""}
        row |= {"language": language, "source": "list", "added_at": now, "updated_at": now}
        async with self.database.begin() as connection:
            person: int = (await connection.execute(insert(people).values(row).returning(people.c.id))).scalar_one()
            values = {"person": person, "role": role, "areas": list(areas), "basis": "", "updated_at": now}
            await connection.execute(insert(person_roles).values(values))
        return person

    async def approved(self, draft: AppealDraft = DRAFT, *, by: Iterable[Actor] = (BUDI,)) -> int:
        """An appeal that waits for its time."""
        appeal = await self.workflow.draft(SITI, draft)
        await self.workflow.submit(appeal, SITI)
        for actor in by:
            await self.workflow.approve(appeal, actor)
        return appeal

    async def work(self) -> None:
        """All that the worker of the appeals finds to do now."""
        while await self.worker.run_once():
            pass

    async def send(
        self, outcome: Callable[[Phone], Outcome] | None = None, limit: int = 200, most: int | None = None
    ) -> list[Phone]:
        """What a sender would do until nothing is due, or `most` are sent; who was sent to."""
        sent: list[Phone] = []
        quiet = self.menu.quiet_until(self.clock.now())
        while most is None or len(sent) < most:
            size = limit if most is None else min(limit, most - len(sent))
            claims = await self.outbox.claim(size, "worker", "at", quiet_until=quiet)
            if not claims:
                break
            ended = [(one, outcome(one.phone) if outcome else Accepted(f"id-{one.id}")) for one in claims]
            sent += [one.phone for one in claims]
            await self.outbox.record("at", ended)
        return sent

    async def answer(self, one: Phone, kind: ResponseKind) -> int | None:
        """What the post room does of an answer to an appeal; the appeal."""
        if kind is ResponseKind.STOP:
            await OptOuts(self.database, self.vault, self.clock, record_stop).add(one, "at")
        async with self.database.begin() as connection:
            return await record_response(connection, self.vault.lookup(one), kind, self.clock.now())

    async def rows(self, appeal: int) -> Sequence[Mapping[str, Any]]:
        async with self.database.begin() as connection:
            found = select(messages).where(messages.c.appeal == appeal).order_by(messages.c.person)
            return [dict(row) for row in (await connection.execute(found)).mappings()]

    async def statuses(self, appeal: int) -> Counter[str]:
        return Counter(row["status"] for row in await self.rows(appeal))

    async def account(self, appeal: int) -> AppealResults:
        """The account, which must add up whenever it is read."""
        account = await self.results.load_results(appeal, self.menu.timezone)
        assert account.adds_up, account
        for groups in (account.languages, account.areas, account.channels):
            assert sum(sum(totals.values()) for totals in groups.values()) == len(await self.rows(appeal))
        never = {Total.SUPPRESSED, Total.WAITING}
        for total in Total:
            sent = sum(totals[total] for totals in account.hours.values())
            assert sent == (0 if total in never else account.totals[total])
        return account

    async def count(self, table: Any) -> int:
        async with self.database.begin() as connection:
            return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())

    async def set(self, table: Any, where: Any, **values: Any) -> None:
        async with self.database.begin() as connection:
            await connection.execute(update(table).where(where).values(values))


def changed(draft: AppealDraft, **values: Any) -> AppealDraft:
    return replace(draft, **values)


class Desk(Office):
    """The office where time stands still until the test lets it pass."""

    clock: ManualClock

    def __init__(
        self, database: Database, vault: Vault, clock: ManualClock, menu: Menu, terms: AppealSettings = TERMS
    ) -> None:
        super().__init__(database, vault, clock, menu, terms)

    def but(self, **terms: Any) -> Desk:
        """The same desk with other terms."""
        return Desk(self.database, self.vault, self.clock, self.menu, replace(self.terms, **terms))


async def submitted(desk: Desk, draft: AppealDraft) -> int:
    appeal = await desk.workflow.draft(SITI, draft)
    await desk.workflow.submit(appeal, SITI)
    return appeal
