"""Everything that the Indonesian handbook quotes is in the pack of Pekalongan: screens, SMS, typed texts and tables."""

from __future__ import annotations

import re

import pytest
import yaml

from gateway.sms.understanding import understand
from tests.architecture.documents import ROOT, Block, pages, section, sections
from tests.helpers.packs import FILES, MENU

FOLDER = ROOT / "menus" / "panduan"
PAGE = FOLDER / "petugas.md"
DIALOGUES = ROOT / "tests" / "dialogues"
ROLES = ("Operator", "Supervisor atau kepala desk", "Bawaslu", "Administrator")
DUTY = "Pelapor bertugas: FKDM, RT, Linmas, Panwaslu"
MOST_LINES_OF_A_ROLE = 60
WORDING = yaml.load(FILES["wording/id.yaml"], yaml.BaseLoader)
PACK = yaml.load(FILES["pack.yaml"], yaml.BaseLoader)
TEXTS = {"sms": WORDING["sms"], "imbauan": WORDING["appeals"]}
_SIZE = re.compile(r"\[\d+ septets.*\]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_COMMANDS = frozenset(("report", "all_quiet", "add_info", "status", "help"))
_PROVEN = frozenset(("sh", "diff", "text", "layar", "sms", "imbauan", "ketik"))  # the first three by other tests
BLOCKS = [block for page in sorted(FOLDER.glob("*.md")) for found in sections(page) for block in found.blocks]


def _blocks(*languages: str) -> list[Block]:
    return [block for block in BLOCKS if block.language in languages]


def _screens(dialogue: str) -> list[str]:
    """Return the screens of a golden dialogue, without what the gateway did before them."""
    screens: list[str] = []
    lines: list[str] = []
    for line in (DIALOGUES / dialogue).read_text(encoding="utf-8").splitlines():
        shown = line.removeprefix("    ")
        if shown == line:
            lines = []
        elif _SIZE.fullmatch(shown):
            screens.append("\n".join(lines))
        elif not shown.startswith("~ "):
            lines.append(shown)
    return screens


def _fits(template: str, text: str) -> bool:
    """Return True if the text is the template with values. Constants of the pack have their own value."""
    names = _PLACEHOLDER.split(template)
    known = {**PACK["constants"], "svc": PACK["service"], "stop": WORDING["opt_out"]["reply"]}
    parts = [
        (re.escape(known[part]) if part in known else ".+") if index % 2 else re.escape(part)
        for index, part in enumerate(names)
    ]
    return re.fullmatch("".join(parts), text) is not None


def test_handbook_is_among_the_pages_whose_commands_and_links_are_checked() -> None:
    assert {PAGE, FOLDER / "mengubah-menu.md"} <= set(pages())


@pytest.mark.parametrize("role", [*ROLES, DUTY])
def test_every_role_has_one_page(role: str) -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"## {role}")
    end = next(at for at, line in enumerate(lines) if at > start and line.startswith("#"))

    assert section(PAGE, role).blocks
    assert end - start <= MOST_LINES_OF_A_ROLE


def test_every_block_is_of_a_kind_that_is_proven() -> None:
    assert {block.language for block in BLOCKS} == _PROVEN


@pytest.mark.parametrize("block", _blocks("layar"), ids=lambda block: block.title)
def test_quoted_screen_is_in_a_golden_dialogue(block: Block) -> None:
    assert block.text.rstrip("\n") in _screens(block.title)


@pytest.mark.parametrize("block", _blocks("sms", "imbauan"), ids=lambda block: block.title)
def test_quoted_sms_is_a_text_of_the_pack(block: Block) -> None:
    assert _fits(TEXTS[block.language][block.title], block.text.rstrip("\n"))


@pytest.mark.parametrize("text", ["Laporan 7340-2816: telepon 999.", "Laporan: telepon 110/112.", "Lapor 7340-2816"])
def test_text_that_differs_from_the_pack_is_found(text: str) -> None:
    assert not _fits("Laporan {ticket}: telepon {sos}.", text)


@pytest.mark.parametrize("text", [line for block in _blocks("ketik") for line in block.text.splitlines()])
def test_quoted_text_to_send_is_understood(text: str) -> None:
    command = understand(text, [], MENU).command.name

    assert command in _COMMANDS


def test_all_kinds_of_text_to_send_are_quoted() -> None:
    texts = [line for block in _blocks("ketik") for line in block.text.splitlines()]

    assert {understand(text, [], MENU).command.name for text in texts} == _COMMANDS


def test_table_of_states_has_the_labels_of_the_pack() -> None:
    assert section(PAGE, "Status laporan").examples == WORDING["labels"]["status"]


def test_table_of_codes_has_the_kinds_of_the_pack() -> None:
    codes = yaml.load(FILES["keywords.yaml"], yaml.BaseLoader)["codes"]

    assert section(PAGE, "Kode jenis kejadian").examples == {
        code: WORDING["labels"]["category"][kind] for code, kind in codes.items()
    }


def test_table_of_hours_has_the_roles_with_a_daily_report() -> None:
    roles = yaml.load(FILES["roles.yaml"], yaml.BaseLoader)

    assert section(PAGE, "Jam laporan harian").examples == {
        role: fields["daily_report_by"] for role, fields in roles.items() if "daily_report_by" in fields
    }
