"""Two seeds of the history checker, and some hundred hostile requests. `make chaos` runs more of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.history.hostile import assault
from tests.faults.history.run import run_seed
from tests.helpers.journeys import run_standalone_gateway

SECONDS, RESIDENTS, REQUESTS = 7, 10, 600


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [5, 9])
async def test_history_contradicts_no_promise(seed: int) -> None:
    outcome = await run_seed(seed, SECONDS, RESIDENTS)

    assert list(map(str, outcome.found)) == []
    assert outcome.history.rows
    assert outcome.history.troubles


@pytest.mark.timeout(240)
async def test_hostile_requests_cause_no_failure_while_residents_report(tmp_path: Path) -> None:
    async with run_standalone_gateway(tmp_path / "var") as gateway:
        result = await assault(gateway, REQUESTS, seed=3)

    assert result.faults == []
    assert result.statuses.total() == REQUESTS
    assert result.journeys >= 2
