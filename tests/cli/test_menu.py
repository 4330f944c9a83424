"""`waspada menu draw`: pack, language, format and output, and packs that it refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.cli import main
from tests.helpers.packs import PEKALONGAN


def draw(*arguments: str, **env: str | None) -> Result:
    return CliRunner(env={"WASPADA_CONFIG": None, "WASPADA_PACK": str(PEKALONGAN), **env}).invoke(
        main, ["menu", "draw", *arguments]
    )


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PEKALONGAN, tmp_path / "pack"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_draw_takes_the_pack_in_use_and_its_first_language() -> None:
    result = draw()

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("<svg ")
    assert result.stdout.endswith("</svg>\n")
    assert "Kecamatan mana?" in result.stdout


def test_draw_takes_another_pack_language_and_format(pack: Path) -> None:
    edit(pack / "wording" / "en.yaml", "Report an incident", "Say what happened")
    result = draw("--pack", str(pack), "--language", "en", "--format", "mermaid")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("flowchart TD\n")
    assert "2 Say what happened" in result.stdout


def test_draw_writes_the_same_drawing_to_a_file(tmp_path: Path) -> None:
    result = draw("--output", str(tmp_path / "menu.svg"))

    assert (result.exit_code, result.output) == (0, "")
    assert (tmp_path / "menu.svg").read_text(encoding="utf-8") == draw().stdout


def test_draw_to_a_dash_is_stdout() -> None:
    assert draw("--output", "-").stdout == draw().stdout
    assert not Path("-").exists()


def test_draw_names_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    result = draw("--output", str(tmp_path / "nowhere" / "menu.svg"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "cannot be written" in result.stderr


def test_draw_refuses_a_language_that_the_pack_has_not() -> None:
    result = draw("--language", "fr")

    assert (result.exit_code, result.stdout) == (2, "")
    assert 'unknown language "fr"; expected one of id, jv, en' in result.stderr


def test_draw_shows_screens_that_do_not_fit(pack: Path) -> None:
    edit(pack / "wording" / "id.yaml", "Jauhi lokasi.", "Jauhi lokasi “ini” {sekarang}. " * 9)
    for form in ("svg", "mermaid"):
        result = draw("--pack", str(pack), "--format", form)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "Jauhi lokasi" in result.stdout


def test_draw_refuses_a_broken_pack_as_check_does(pack: Path) -> None:
    edit(pack / "flow.yaml", "next: kecamatan", "next: nowhere")
    result = draw("--pack", str(pack))

    assert (result.exit_code, result.stdout) == (1, "")
    assert 'unknown state "nowhere"' in result.stderr

    checked = CliRunner(env={"WASPADA_CONFIG": None}).invoke(main, ["check", str(pack)])
    assert result.stderr == checked.stderr, "the same words, with the folder"
    assert f"{pack}/flow.yaml:" in result.stderr


def test_draw_of_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    result = draw("--pack", str(tmp_path / "nothing"))

    assert (result.exit_code, result.stdout) == (1, "")
    assert "is not a folder; expected a menu pack" in result.stderr


def test_draw_lays_screens_out_for_the_smallest_channel(tmp_path: Path) -> None:
    config = tmp_path / "waspada.toml"
    channel = 'carrier = "africastalking"\nusername = "sandbox"\napi_key = "key-of-the-account"\n'
    channel += 'secret = "a-secret-of-this-channel"\nservice_code = "*384*3375#"\n'
    config.write_text(f"[channels.wide]\n{channel}\n[channels.narrow]\n{channel}limit = 110\n")

    assert "1/4" not in draw().stdout
    assert "1/4" in draw("--config", str(config)).stdout
