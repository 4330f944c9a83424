"""The emergency number is on every screen of the danger way."""

from __future__ import annotations

from gateway.menu.checks.danger_way import danger_faults, danger_way
from gateway.menu.pack.loader import parse_pack
from tests.helpers.pack_edits import Files

FLOW = """
start: main
home: main
states:
  main: {choose: {urgent: urgent, report: category}}
  urgent: {choose: {yes: urgent_kind}, keep: danger}
  urgent_kind: {choose: {flood: urgent_village}, keep: category}
  urgent_village: {choose_from: kelurahan, words: village, keep: area, next: send}
  category: {choose_from: categories, keep: category, next: village}
  village: {choose_from: kelurahan, keep: area, next: send}
  send: {do: file_report, then: {filed: ticket, kept: saved, failed: not_sent}}
  ticket: {choose: {add: words}}
  words: {ask: text, keep: description, next: done}
  done: {end: true}
  saved: {end: true}
  not_sent: {end: true}
"""
WORDING = """
navigation: {back: Back, home: Start, more: More}
errors: {choice: "No.", empty: "No.", long: "No.", place: "No.", ticket: "No.", lost: "Again."}
labels: {category: {flood: Flood}}
screens:
  main: {heading: "{sos}", urgent: Danger, report: Report}
  urgent: {heading: "Call {sos}", yes: Send}
  urgent_kind: {heading: "What? {sos}", flood: Flood}
  category: {heading: "What?"}
  village: {heading: "Where? {sos}"}
  ticket: {heading: "Sent. {sos}", add: Add}
  words: {heading: "Say more"}
  done: {heading: "Thanks"}
  saved: {heading: "Saved. {sos}"}
  not_sent: {heading: "Not sent. {sos}"}
sms: {received: "{ticket}"}
apology: "Sorry"
"""
PACK = """
name: Two
service: Watch
timezone: Asia/Jakarta
region: ID
languages: {en: English}
keys: {back: 0, back_elsewhere: 99, home: 00, more: 98}
constants: {sos: 112}
"""


def pack(flow: str = FLOW, wording: str = WORDING) -> Files:
    areas = (
        "code,name,kecamatan_code,kecamatan\n33.75.01.1002,Medono,33.75.01,Barat\n33.75.01.1003,Podo,33.75.01,Barat\n"
    )
    return {
        "pack.yaml": PACK,
        "flow.yaml": flow,
        "wording/en.yaml": wording,
        "categories.yaml": "- flood\n",
        "areas.csv": areas,
    }


def faults(files: Files) -> list[str]:
    menu = parse_pack(files).menu
    assert menu is not None
    return [str(one) for one in danger_faults(menu)]


def test_danger_way_leads_from_the_first_screen_to_the_filed_report() -> None:
    menu = parse_pack(pack()).menu
    assert menu is not None

    assert danger_way(menu) == [
        *("main", "urgent", "urgent_kind", "urgent_village", "send", "ticket", "saved", "not_sent")
    ]


def test_way_with_the_number_on_every_screen_has_no_fault() -> None:
    assert parse_pack(pack()).diagnostics == []
    assert faults(pack()) == []


def test_screen_of_the_way_without_the_number_is_named_at_its_line() -> None:
    found = faults(pack(wording=WORDING.replace("What? {sos}", "What?").replace("Where? {sos}", "Where?")))

    assert found == [
        "wording/en.yaml:8: screens.urgent_kind.heading: somebody in danger sees no emergency number here; write {sos}",
        "wording/en.yaml:10: screens.village.heading: somebody in danger sees no emergency number here; write {sos}",
    ]


def test_number_written_as_digits_is_not_the_constant() -> None:
    assert len(faults(pack(wording=WORDING.replace("Call {sos}", "Call 112")))) == 1


def test_pack_that_does_not_ask_about_danger_has_no_danger_way() -> None:
    assert faults(pack(FLOW.replace("keep: danger", "keep: seen"), WORDING.replace("What? {sos}", "What?"))) == []
