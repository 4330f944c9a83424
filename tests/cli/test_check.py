"""`waspada check`: a pack is checked for every channel, and every fault has its file and line."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.cli import API_KEY, CONFIG, SECRET, Shell
from tests.helpers.packs import PEKALONGAN

PACKS = sorted(path.parent for path in PEKALONGAN.parent.glob("*/flow.yaml"))
WIDE = f"""
[channels.wide]
carrier = "africastalking"
username = "sandbox"
api_key = "{API_KEY}"
secret = "{SECRET}"
service_code = "*384*3376#"
limit = 182
"""
OWN_KEYS = """
[channels.wide.keys]
back = "91"
back_elsewhere = "97"
home = "900"
more = "96"
"""


def test_check_of_a_valid_pack_shows_its_measures(shell: Shell) -> None:
    result = shell.run("check")

    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].endswith(": Kota Pekalongan, every screen and SMS fits")
    assert lines[1] == "  languages       Indonesia (id), Jawa (jv), English (en)"
    assert [line[:16].strip() for line in lines[2:6]] == ["states", "largest screen", "longest way", "warnings"]
    assert re.fullmatch(r"1\d\d of 160 septets \(\w+, (id|jv|en)\)", lines[3][18:])
    assert re.fullmatch(r"1[0-5] screens, 1\d\d seconds", lines[4][18:])
    assert "stages.yaml:6: all stages are past (rekapitulasi ended on 2024-12-16)" in lines[6]


@pytest.mark.parametrize("channels", [f"{CONFIG}\n{WIDE}{OWN_KEYS}", f"{WIDE}{OWN_KEYS}"])
def test_check_passes_every_pack_on_a_channel_with_own_screens_and_keys(
    shell: Shell, tmp_path: Path, channels: str
) -> None:
    (tmp_path / "waspada.toml").write_text(channels)
    result = shell.run("check", *map(str, PACKS))

    assert (result.exit_code, result.stderr) == (0, "")

    septets = 160 if "channels.at" in channels else 182
    heads = [line.partition(": ")[0] for line in result.stdout.splitlines() if not line.startswith(" ")]
    assert heads == list(map(str, PACKS))
    assert result.stdout.count(f"of {septets} septets (") == len(PACKS), "measured on the smallest screens"


@pytest.mark.parametrize(
    ("limits", "diagnostic"),
    [
        ("limit = 90\n", " septets over the 90 of a screen"),
        (f"limit = 182\n{OWN_KEYS.replace('96', '1')}", "language: the key more is 1, the number of an option"),
        (f"limit = 182\n{OWN_KEYS.replace('96', '97')}", "keys: back_elsewhere and more are both 97"),
    ],
)
def test_check_covers_every_channel(shell: Shell, tmp_path: Path, limits: str, diagnostic: str) -> None:
    (tmp_path / "waspada.toml").write_text(f"{CONFIG}\n{WIDE.replace('limit = 182', limits)}")
    assert diagnostic in shell.error_of("check", str(PEKALONGAN))


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PEKALONGAN, tmp_path / "pack"))


def broken(pack: Path, file: str, old: str, new: str) -> int:
    """Replace the first `old` in a file of the pack. Returns its line."""
    text = (pack / file).read_text()
    (pack / file).write_text(text.replace(old, new, 1))
    return text[: text.index(old)].count("\n") + 1


def test_check_of_a_broken_pack_shows_every_diagnostic(shell: Shell, pack: Path) -> None:
    places = [
        ("wording/id.yaml", broken(pack, "wording/id.yaml", "Kirim laporan ini?", "Kirim laporan ini? " * 9) - 1),
        ("wording/jv.yaml", broken(pack, "wording/jv.yaml", "Kedadosan punapa?", "Kedadosan punapa “?”")),
        ("wording/en.yaml", broken(pack, "wording/en.yaml", "{ticket}", "{tikcet}")),
    ]
    message = shell.error_of("check", str(pack))

    for file, line in places:  # a fault of a whole screen is reported at the screen, not at its heading
        assert f"{file}:{line}: screens." in message, message
    assert "Traceback" not in message


def test_check_reports_on_every_given_pack(shell: Shell, pack: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(pack, tmp_path / "other"))
    line = broken(pack, "wording/jv.yaml", "Kedadosan punapa?", "Kedadosan punapa \u201c?\u201d")
    moved = broken(other, "flow.yaml", "before: date}", "before: seen}")

    result = shell.run("check", str(PEKALONGAN), str(pack), str(tmp_path / "nothing"), str(other))

    assert result.exit_code == 1
    assert result.stdout.startswith(f"{PEKALONGAN}: ")
    assert [line for line in result.stdout.splitlines() if not line.startswith(" ")] == result.stdout.splitlines()[:1]
    assert f"{pack}/wording/jv.yaml:{line}: screens.category.heading: " in result.stderr
    assert f"{tmp_path / 'nothing'} is not a folder" in result.stderr
    assert f"{other}/flow.yaml:{moved + 3}: date: no state leads here" in result.stderr


def test_check_of_a_folder_without_a_pack_is_refused(shell: Shell, tmp_path: Path) -> None:
    assert "is not a folder; expected a menu pack" in shell.error_of("check", str(tmp_path / "nothing"))

    (tmp_path / "empty").mkdir()
    assert "pack.yaml" in shell.error_of("check", str(tmp_path / "empty"))


def test_check_refuses_stores_elsewhere_without_verified_tls(shell: Shell) -> None:
    stores = {
        "WASPADA_REDIS_URL": "redis://:hunter2@cache/0",
        "WASPADA_DATABASE_URL": "postgresql://w:hunter2@db/w?sslmode=require",
    }
    message = replace(shell, variables={**shell.variables, **stores}).error_of("check")

    assert message.count("names another machine without verified TLS") == 2
    assert "WASPADA_REDIS_URL: redis_url: " in message
    assert "sslmode=verify-full" in message
    assert "hunter2" not in message
