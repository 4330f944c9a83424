"""JSON requests to the built-in carrier."""

from __future__ import annotations

import pytest

from tests.helpers.local_carrier import LocalCarrierSetup


@pytest.mark.parametrize(("method", "path"), [("POST", "ussd"), ("POST", "sms"), ("PUT", "faults")])
async def test_requests_that_a_page_of_another_site_could_send_get_415(
    setup: LocalCarrierSetup, method: str, path: str
) -> None:
    """A form or a plain-text request of a browser crosses sites without being asked. JSON does not."""
    async with setup.http.request(
        method, f"{setup.url}/local/{path}", data="{}", headers={"Content-Type": "text/plain"}
    ) as response:
        assert response.status == 415
