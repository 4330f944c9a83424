"""SQL statement that files a report: incident, confirmation SMS and audit row, in one transaction.

`tests/sql/file_report.sql` shows it as SQL. It is the only SQL of a dialogue that reports something.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    BindParameter,
    ColumnElement,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    exists,
    insert,
    not_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from gateway.audit import audit
from gateway.incidents.calling_off import SendingCall, is_called_off, mark_parameters
from gateway.incidents.tables import incidents
from gateway.messages.erasure import cancel_reminders_statement
from gateway.messages.tables import messages
from gateway.people.tables import people, person_roles
from gateway.runtime.fast_statement import CompiledStatement

_NULLABLE_BUT_SET = ("when_date", "known_date", "contact", "ticket", "phone_sealed", "phone_key")
"""Columns without NOT NULL that a new row sets."""


def _file_report_statement() -> Select[tuple[str, bool]]:
    """Build the statement. Its result is the ticket and `by_duty`, or no row if the ticket or the session exists.

    There is no row either if its call is marked as called off. Idempotent: without a new incident
    (`ON CONFLICT DO NOTHING`) it adds no message and no audit row. With one it also cancels the SMS that would remind
    this phone of an unsent report.
    """
    incident = _parameters(incidents)
    values = select(*incident.values()).where(not_(is_called_off(incident["phone_key"])))
    added = postgresql_insert(incidents).from_select(list(incident), values).on_conflict_do_nothing()
    filed = added.returning(incidents.c.ticket).cte("filed")
    cancelling = cancel_reminders_statement(incident["phone_key"], incident["updated_at"])
    dependents: list[CTE] = [cancelling.where(exists(select(filed.c.ticket))).cte("cancelled_reminders")]
    for table in (messages, audit):
        row = _parameters(table)
        # SELECT … FROM filed inserts the row only if the incident is new.
        inserting = insert(table).from_select(list(row), select(*row.values()).select_from(filed))
        dependents.append(inserting.cte(table.name))
    return select(filed.c.ticket, _reports_by_duty(incident["phone_key"]).label("by_duty")).add_cte(*dependents)


def _reports_by_duty(phone_key: BindParameter[Any]) -> ColumnElement[bool]:
    """Build the condition that this phone is of a person with one of the roles that report by duty."""
    roles = bindparam("duty_roles", type_=ARRAY(Text))
    return exists().where(
        people.c.phone_key == phone_key, person_roles.c.person == people.c.id, person_roles.c.role == any_(roles)
    )


def _parameters(table: Table) -> dict[str, BindParameter[Any]]:
    columns = [column for column in table.columns if not (column.primary_key or column.nullable)]
    columns += [table.c[name] for name in _NULLABLE_BUT_SET if name in table.c]
    return {column.name: bindparam(f"{table.name}_{column.name}", type_=column.type) for column in columns}


FILE_REPORT = _file_report_statement()
"""Built once, because building it costs more than running it."""

_JSON = ("incidents_answers", "incidents_personal_answers", "audit_detail")

COMPILED_FILE_REPORT = CompiledStatement(FILE_REPORT)


def file_report_parameters(
    incident: Mapping[str, Any],
    message: Mapping[str, Any],
    audit_entry: Mapping[str, Any],
    sent_in: SendingCall,
    duty_roles: Sequence[str] = (),
) -> dict[str, Any]:
    rows = ((incidents, incident), (messages, message), (audit, audit_entry))
    values = {f"{table.name}_{name}": value for table, row in rows for name, value in row.items()}
    return {**values, **mark_parameters(sent_in), "duty_roles": list(duty_roles)}


def for_driver(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of `COMPILED_FILE_REPORT`, whose driver takes JSON as text."""
    return {**parameters, **{name: json.dumps(parameters[name]) for name in _JSON}}
