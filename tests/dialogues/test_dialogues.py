"""Golden dialogues: each file reads as the phone does, and the real pack must answer exactly so.

`> 1` is what the resident types; below it stands the screen, and its size. `make test TEST_ARGS=--update` writes the
screens anew: the difference is the review.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.menu import engine
from gateway.menu.definition import Menu
from gateway.menu.loading import load
from gateway.runtime.packs import read_pack
from gateway.text import gsm

HERE = Path(__file__).parent
DIALOGUES = sorted(HERE.glob("*.txt"))
GIVEN = {"ussd": "*384*3375#"}
TODAY = date(2026, 11, 28)


@pytest.fixture(scope="module")
def menu() -> Menu:
    return load(read_pack(HERE.parents[1] / "menus" / "pekalongan"))


@pytest.mark.parametrize("path", DIALOGUES, ids=lambda path: path.stem)
def test_dialogue(path: Path, menu: Menu, request: pytest.FixtureRequest) -> None:
    recorded = path.read_text(encoding="utf-8")
    said = "".join(_played(menu, recorded))
    if request.config.getoption("--update"):
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def test_every_category_and_language_has_a_dialogue(menu: Menu) -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in DIALOGUES)

    for category in menu.categories:
        assert any(f"{menu.label('category', category, language)}\n" in texts for language in menu.languages)
    for wording in menu.wordings.values():
        assert wording.heading("ticket").splitlines()[0].format(ticket="7340-2816") in texts


def _played(menu: Menu, recorded: str) -> Iterator[str]:
    """The file anew: its comments and inputs as they are, the screens from the menu."""
    led = engine.begin(menu, given=GIVEN)
    for line in recorded.splitlines():
        if line.startswith("#"):
            yield f"{line}\n"
        elif line.startswith("dial "):
            yield f"{line}\n{_shown(led)}"
        elif line.startswith(">"):
            led = engine.step(menu, led.session, line[1:].strip(), given=GIVEN, today=TODAY)
            if led.effect:
                led = engine.resume(menu, led.session, "filed", {"ticket": "7340-2816"}, given=GIVEN)
            yield f"{line}\n{_shown(led)}"


def _shown(led: engine.Step) -> str:
    lines = "".join(f"    {line}\n" for line in led.screen.splitlines())
    ending = ", the end" if led.end else ""
    return f"{lines}    [{gsm.septets(led.screen)} septets{ending}]\n"
