"""Promises of deploy/: monitored metrics and events, published ports, and no secret in a file."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import yaml

from gateway.runtime.metrics import Metrics
from gateway.ussd.start import start
from gateway.ussd.transcript import TranscriptVerdict
from gateway.web.webhooks import MAX_BODY, MAX_SMS_BODY
from gateway.wiring.service_gauges import POSTGRES_GAUGES, REDIS_GAUGES
from tests.architecture.documents import ROOT, section, sections

DEPLOY = ROOT / "deploy"
RUNBOOK = DEPLOY / "README.md"
EVENT = re.compile(r"(?:carrier|channel|hook|http|incident|message|receipt|store|ussd|worker)\.[a-z_]+")


def test_runbook_names_every_metric_and_no_other() -> None:
    rendered = Metrics().render().decode()
    exported = {name for name in re.findall(r"^# TYPE (waspada_\w+)", rendered, re.MULTILINE) if "_created" not in name}
    exported |= {f"waspada_{gauge[0]}" for gauge in (*POSTGRES_GAUGES, *REDIS_GAUGES)}
    named = {key for key in section(RUNBOOK, "Watching it").keys if key.startswith("waspada_")}

    assert named == exported


def test_alert_rules_name_metrics_of_the_runbook() -> None:
    (group,) = yaml.safe_load((DEPLOY / "prometheus" / "waspada.rules.yaml").read_text())["groups"]
    watched = section(RUNBOOK, "Watching it").keys

    for rule in group["rules"]:
        assert set(re.findall(r"waspada_\w+", rule["expr"])) <= set(watched)
        assert {"alert", "expr", "labels", "annotations"} <= set(rule)


def test_runbook_names_every_outcome_of_a_turn_and_no_other() -> None:
    (row,) = [line for line in section(RUNBOOK, "Watching it").prose if line.startswith("| `waspada_ussd_turns_total`")]
    named = re.findall(r"`(\w+)`", row.rpartition("|")[0].rpartition("|")[2])

    assert len(named) == len(set(named))
    assert set(named) == {reading.value for reading in TranscriptVerdict} | set(_outcomes())


def _outcomes() -> Iterator[str]:
    """Yield the outcomes that are assigned to a turn, and those that `start` returns, which are assigned to it."""
    for module in ("turn", "next_step"):
        for node in ast.walk(ast.parse((ROOT / "gateway" / "ussd" / f"{module}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "attr", "") == "outcome":
                yield from _texts(node.value)
    for node in ast.walk(ast.parse(inspect.getsource(start))):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
            yield from _texts(node.value.elts[1])


def _texts(value: ast.expr) -> Iterator[str]:
    return (part.value for part in ast.walk(value) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def test_every_event_that_the_runbook_names_is_logged() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    named = {span for found in sections(RUNBOOK) for span in found.spans if EVENT.fullmatch(span)}

    assert named >= {"ussd.failed", "hook.malformed", "incident.kept"}
    assert [event for event in named if f'"{event}"' not in sources] == []


def _compose() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text())
    return compose


def test_containers_are_published_to_this_machine_only() -> None:
    ports = [port for service in _compose()["services"].values() for port in service.get("ports", [])]

    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_containers_get_their_secrets_as_files_that_git_ignores() -> None:
    compose = _compose()
    variables = {name for service in compose["services"].values() for name in service.get("environment", {})}
    files = [secret["file"] for secret in compose["secrets"].values()]

    assert [
        name for name in variables if re.search(r"KEY|PASSWORD|SECRET|DATABASE_URL", name) and name[-5:] != "_FILE"
    ] == []
    assert [file for file in files if not file.startswith("secrets/")] == []
    assert (DEPLOY / "compose" / ".gitignore").read_text().split() == ["secrets/"]


def test_every_secret_of_a_container_is_declared() -> None:
    compose = _compose()
    used = {secret for service in compose["services"].values() for secret in service.get("secrets", [])}

    assert used == set(compose["secrets"])


def test_proxy_logs_no_path_and_bounds_body_and_time() -> None:
    proxy = (DEPLOY / "nginx" / "waspada.conf").read_text()
    line = " ".join(re.findall(r"log_format waspada (.+?);", proxy, re.DOTALL))
    logs = re.findall(r"^\s*(access_log|error_log)\s+\S+ (\w+);", proxy, re.MULTILINE)

    assert "$status" in line
    assert not re.search(r"\$(request|request_uri|uri|document_uri|http_referer|args)\b", line)
    assert logs == [("access_log", "waspada"), ("error_log", "emerg")] * proxy.count("server_name")
    assert f"client_max_body_size        {MAX_BODY // 1024}k;" in proxy
    assert f"client_max_body_size    {MAX_SMS_BODY // 1024}k;" in proxy
    assert sum(int(seconds) for seconds in re.findall(r"^\s*proxy_\w+_timeout\s+(\d+)s;", proxy, re.MULTILINE)) < 10
