"""Commands in pages, units and containers exist in the program."""

from __future__ import annotations

import re

import click
import pytest
import yaml
from click.testing import CliRunner

from gateway.cli import main
from tests.architecture.documents import ROOT, pages, shell_lines
from tests.helpers.cli import walk_verbs

_NAMED = re.compile(r"(?:^|[;&|(]\s*|-- )(?:\.venv/bin/|/opt/waspada/\.venv/bin/)?waspada ([^;&|)#>]+)")
_TARGET = re.compile(r"(?:^|[;&|(]\s*)make ([a-z]+)")
_OPTION = re.compile(r"--?[a-z][a-z-]*")


def _named() -> set[str]:
    """Yield the words after `waspada`, wherever it is written as a command."""
    lines = [line for page in pages() for line in shell_lines(page)]
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        lines += re.findall(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE)
    compose = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
    lines += [
        f"waspada {' '.join(service['command'])}" for service in compose["services"].values() if "build" in service
    ]
    return {rest.strip() for line in lines for rest in _NAMED.findall(line)}


NAMED = sorted(_named())


def test_documents_name_commands() -> None:
    assert {"web", "worker", "check", "channels", "db upgrade", "incidents list"} <= set(NAMED)


@pytest.mark.parametrize("command", NAMED)
def test_named_command_exists_with_its_options(command: str) -> None:
    verbs, options = _found(command.split())
    help_text = CliRunner().invoke(main, [*verbs, "--help"])

    assert help_text.exit_code == 0
    assert [option for option in options if option not in help_text.output] == []


def _found(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the verbs of a command, and its options. Fails if there is no such verb."""
    known = walk_verbs(main)
    verbs: list[str] = []
    for word in words:
        if word.startswith("-") or (verbs and not isinstance(known[tuple(verbs)], click.Group)):
            break
        verbs.append(word)
        assert tuple(verbs) in known, f"waspada has no verb {' '.join(verbs)}"
    return verbs, [word for word in words[len(verbs) :] if _OPTION.fullmatch(word)]


def test_every_verb_is_explained() -> None:
    assert [path for path, command in walk_verbs(main).items() if not command.get_short_help_str()] == []


def test_every_target_of_make_that_is_named_exists() -> None:
    named = {target for page in pages() for line in shell_lines(page) for target in _TARGET.findall(line)}
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert named >= {"run", "test", "setup"}
    assert named - targets == set()
