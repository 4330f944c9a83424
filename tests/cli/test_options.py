"""Values of options that several verbs take."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from gateway.cli.options import output_option, parse_ticket


@pytest.mark.parametrize("typed", ["7340-2817", "73402817", " 7340 2817 "])
def test_parse_ticket_reads_every_usual_spelling(typed: str) -> None:
    assert parse_ticket(typed, "TICKET") == "73402817"


@pytest.mark.parametrize("typed", ["7340-2816", "7340", "", "a ticket"])
def test_parse_ticket_refuses_a_wrong_number_with_an_example(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="expected one like 7340-2817") as refused:
        parse_ticket(typed, "TICKET")

    assert f'"{typed}" is not a ticket' in refused.value.message
    assert refused.value.param_hint == "TICKET"


@pytest.mark.parametrize(
    ("written", "path"), [((), None), (("--output", "-"), None), (("--output", "./-"), "-"), (("--output", "a"), "a")]
)
def test_output_is_a_file_or_stdout(written: tuple[str, ...], path: str | None) -> None:
    @click.command()
    @output_option()
    def verb(output: Path | None) -> None:
        click.echo(repr(output))

    expected = None if path is None else Path(path)
    assert CliRunner().invoke(verb, written).output == f"{expected!r}\n"
