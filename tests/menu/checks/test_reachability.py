"""Faults of the paths of a menu: unreachable states, dead ends, length, conditions and shortcuts."""

from __future__ import annotations

import pytest

from gateway.menu.checks.checker import check, check_menu
from gateway.menu.limits import Limits
from gateway.menu.model import Menu
from tests.helpers.pack_edits import Files, all_diagnostics, edit_pack, line_at

LONGEST = (
    "language > main > notice > category (2 pages) > kecamatan > kelurahan > when > danger > size > "
    "seen > describe > contact > confirm > ticket_plain"
)
TYPED_TOO = LONGEST.replace("kelurahan > when", "kelurahan > place_name > which_place > when")


def test_pack_of_pekalongan_can_go_live(menu: Menu) -> None:
    proof = check_menu(menu)

    assert proof.diagnostics == []
    assert str(proof.longest) == LONGEST
    assert (proof.longest.screens, proof.longest.seconds) == (14, 168)
    assert proof.largest <= 160


# old, new, what is said, and the text on the line where it is said; all in flow.yaml
NEVER_HOLDS = "danger: its only_if never holds when a dialogue comes here"
WAYS = [
    ("before: date}", "before: seen}", "date: no state leads here", "  date:"),
    (
        "when in [now, hour]",
        "when is now and when is hour",
        NEVER_HOLDS,
        "  danger:",
    ),
    ("when in [now, hour]", "seen is self", NEVER_HOLDS, "  danger:"),
    ("{add: add_size}", "{add: add_words}", "add_seen: only add_size leads here, and cannot be reached", "  add_seen:"),
    (
        "reports_today at least 5",
        "when is not now",
        "notice: no dialogue comes here: the condition of limit always holds",
        "  notice:",
    ),
    ("erase: erase}", "erase: details}", "erase: no state leads here", "  erase:"),
    ("erase: erase}", "erase: details}", "erasing: only erase leads here, and cannot be reached", "  erasing:"),
    (
        "resume: unfinished",
        "",
        "unfinished: only ask_delete leads here, and cannot be reached",
        "  unfinished:",
    ),
    (
        "choose: {yes: confirm, no: confirm}",
        "choose: {yes: describe, no: describe}",
        "contact: no end can be reached from here",
        "  contact:",
    ),
    (
        "choose: {yes: confirm, no: confirm}",
        "choose: {yes: describe, no: describe}",
        "kecamatan: no end can be reached from here",
        "  kecamatan:",
    ),
    (
        "  notice:\n",
        "  notice:\n    only_if: reports_today at least 6\n    otherwise: limit\n",
        "limit: otherwise leads in a cycle, and no only_if in it need hold: limit, notice",
        "  limit:",
    ),
    (
        "  main:\n",
        "  main:\n    only_if: reports_today at least 1\n    otherwise: about\n",
        "main: it is shown whatever its only_if says: home leads here",
        "  main:",
    ),
    (
        "self: describe",
        "self: which_place",
        "which_place: it can be reached without an answer to place_name",
        "  which_place:",
    ),
    (
        "self: describe",
        "self: kelurahan",
        "kelurahan: it can be reached without an answer to kecamatan",
        "  kelurahan:",
    ),
    (
        "failed: not_sent",
        "failed: send_urgent",
        "send_urgent: effects lead to one another in a cycle without a screen: send_urgent",
        "  send_urgent:",
    ),
    (
        "    next: when\n    or_type: place_name",
        "    next: place_name\n    or_type: place_name",
        f"{TYPED_TOO}: 16 screens take 192 s; a session ends at 180 s",
        "  language:",
    ),
    (
        "{to: limit, answers: {category: asn}",
        "{to: ask_ticket, answers: {category: asn}",
        "shortcut 11: it gives the answer category, but no path from ask_ticket asks for it; lead to category",
        "  11: {to",
    ),
    (
        "{to: limit, answers: {category: asn}",
        "{to: main, answers: {category: asn}",
        "shortcut 11: it gives the answer category, but no path from main asks for it; lead to category",
        "  11: {to",
    ),
    ("20: {to: ask_ticket", "20: {to: ticket", "shortcut 20: it leads to ticket_plain, which is an end", "  20: {to"),
    (
        "20: {to: ask_ticket",
        "20: {to: send",
        "shortcut 20: it leads to send, which files a report before anything is asked",
        "  20: {to",
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "line"), WAYS, ids=[message for _, _, message, _ in WAYS])
def test_fault_of_paths_is_reported_at_its_line(files: Files, old: str, new: str, message: str, line: str) -> None:
    pack = edit_pack(files, "flow.yaml", old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, 'flow.yaml', line)}: {message}")]


def test_length_faults_respect_the_hops_of_a_channel(menu: Menu) -> None:
    thirteen, fourteen = (list(map(str, check(menu, Limits(hops=hops)))) for hops in (13, 14))

    assert [one for one in thirteen if f"{LONGEST}: 14 screens; a dialogue ends after 13" in one]
    assert not [one for one in fourteen if "a dialogue ends" in one]
