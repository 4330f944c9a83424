"""Fault injection of the built-in carrier: descriptions of faults, and their section of the README."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest

from gateway import carriers
from gateway.carriers.local.faults import Fault, Faults, InvalidFaults, parse_faults, trigger
from tests.helpers.local_carrier import INVALID_FAULTS

README = (Path(carriers.__file__).parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("document", "diagnostic"), INVALID_FAULTS)
def test_parse_faults_names_the_error_and_all_allowed_keys(document: bytes, diagnostic: str) -> None:
    with pytest.raises(InvalidFaults) as refused:
        parse_faults(document)

    error = str(refused.value)
    assert error.startswith(diagnostic)
    assert "slow_answer (times, seconds)" in error
    assert "reordered_reports (times)" in error
    assert "81230004567" not in error


def test_trigger_counts_a_fault_down_to_nothing() -> None:
    fault = Fault(times=1)

    assert (trigger(fault), trigger(fault)) == (fault, None)


def test_trigger_of_a_fault_without_times_never_ends() -> None:
    fault = Fault()

    assert [trigger(fault) for _ in range(3)] == [fault] * 3


# README --------------------------------------------------------------------------------------------------------------


def test_readme_explains_every_fault_and_its_keys() -> None:
    rows = re.findall(r"^\| `(\w+)`((?: `\w+`)*) \| [^|]+ \| [^|]+ \|$", README, re.MULTILINE)
    explained = {name: re.findall(r"\w+", keys) for name, keys in rows if name in Faults.model_fields}
    kinds = {name: get_args(field.annotation)[0] for name, field in Faults.model_fields.items()}

    assert explained == {name: [key for key in kind.model_fields if key != "times"] for name, kind in kinds.items()}


def test_faults_of_the_readme_can_be_set() -> None:
    documents = re.findall(r"^curl -X PUT --json '(.*)' http://127.0.0.1:8080/local/faults$", README, re.MULTILINE)

    assert len(documents) == 3
    for document in documents:
        assert parse_faults(document.encode()).model_dump(exclude_none=True).keys() == json.loads(document).keys()
