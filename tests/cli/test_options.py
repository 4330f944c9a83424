"""Values of options that several verbs take."""

from __future__ import annotations

import click
import pytest

from gateway.cli.options import parse_ticket


@pytest.mark.parametrize("typed", ["7340-2817", "73402817", " 7340 2817 "])
def test_parse_ticket_reads_every_usual_spelling(typed: str) -> None:
    assert parse_ticket(typed, "TICKET") == "73402817"


@pytest.mark.parametrize("typed", ["7340-2816", "7340", "", "a ticket"])
def test_parse_ticket_refuses_a_wrong_number_with_an_example(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="expected one like 7340-2817") as refused:
        parse_ticket(typed, "TICKET")

    assert f'"{typed}" is not a ticket' in refused.value.message
    assert refused.value.param_hint == "TICKET"
