"""Command in a test: its settings over the real stores, and a terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import click
from click.testing import CliRunner, Result

from gateway.cli import main

KEY = "07" * 32
API_KEY, SECRET, OLD_SECRET = "api-key-of-the-account", "the-new-secret-of-at", "the-old-secret-of-at"
LISTS = (
    ("incidents", "list"),
    ("incidents", "drafts"),
    ("messages", "list"),
    ("messages", "inbox"),
    ("people", "list"),
    ("users", "list"),
    ("appeals", "list"),
    ("channels",),
    ("logs",),
)

CONFIG = f"""\
vault_key = "{KEY}"
public_url = "https://waspada.example"

[channels.at]
carrier = "africastalking"
username = "sandbox"
api_key = "{API_KEY}"
secret = ["{SECRET}", "{OLD_SECRET}"]
service_code = "*384*3375#"
api_url = "http://127.0.0.1:9"
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """Terminal with the settings of a gateway over the real stores."""

    variables: dict[str, str | None]

    def run(self, *arguments: str, **variables: str) -> Result:
        env = {**self.variables, **{f"WASPADA_{name.upper()}": value for name, value in variables.items()}}
        return CliRunner(env=env).invoke(main, arguments)

    def list_json(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a list and return its JSON array. Nothing else may be printed."""
        result = self.run(*arguments, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        listed = json.loads(result.stdout)
        assert isinstance(listed, list)
        return listed

    def error_of(self, *arguments: str, **variables: str) -> str:
        """Run a verb that fails with status 1, and return its stderr."""
        result = self.run(*arguments, **variables)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        assert result.stderr.startswith("Error: ")
        return result.stderr


def walk_verbs(group: click.Group, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    """Return every verb below `group`, by its words."""
    found: dict[tuple[str, ...], click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        verb = group.get_command(context, name)
        assert verb is not None
        found[*path, name] = verb
        if isinstance(verb, click.Group):
            found |= walk_verbs(verb, (*path, name))
    return found
