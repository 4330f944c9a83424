"""Change of a text while `waspada run` runs: new calls read the new text, open ones the old."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.helpers.journeys import CODE, KEYS, StandaloneGateway, run_standalone_gateway, walk
from tests.helpers.program import ROOT
from tests.helpers.waiting import until

OLD, NEW = "Ada kejadian apa?", "Apa yang terjadi?"


async def logged(gateway: StandaloneGateway, event: str) -> dict[str, Any]:
    """Wait for the first line of this event and return it."""
    found: list[dict[str, Any]] = []

    async def it_is() -> bool:
        lines = gateway.program.log.read_text().splitlines()
        found.extend(line for line in map(json.loads, filter(str.strip, lines)) if line["event"] == event)
        return bool(found)

    await until(it_is)
    return found[0]


async def test_text_changed_during_calls_is_shown_to_new_calls(tmp_path: Path) -> None:
    pack = Path(shutil.copytree(ROOT / "menus" / "pekalongan", tmp_path / "pack"))
    wording, flow = pack / "wording" / "id.yaml", pack / "flow.yaml"
    async with (
        run_standalone_gateway(tmp_path / "var", "--pack", str(pack)) as gateway,
        gateway.phone() as early,
        gateway.phone() as late,
    ):
        await walk(early, KEYS["id"][:2])
        wording.write_text(wording.read_text().replace(OLD, NEW))

        assert (await logged(gateway, "pack.changed"))["pack"] == "pack"

        screen = await early.answer(KEYS["id"][2])
        assert screen.text.startswith(OLD), "an open dialogue keeps its texts"

        screen = await walk(late, KEYS["id"][:3])
        assert screen.text.startswith(NEW)

        flow.write_text(flow.read_text().replace("next: kecamatan\n", "next: nowhere\n", 1))
        refused = await logged(gateway, "pack.refused")
        assert "nowhere" in str(refused["complaints"])

        for handset in (early, late):
            for keys in KEYS["id"][3:]:
                screen = await handset.answer(keys)
            assert screen.text.startswith("Terima kasih."), "a refused pack is not used"
        screen = await late.dial(CODE)
        assert screen.open
        assert "Traceback" not in gateway.program.log.read_text()
