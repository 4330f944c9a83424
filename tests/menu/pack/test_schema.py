"""Schemas of the files of a pack: a value of another form is refused at its line."""

from __future__ import annotations

import pytest

from gateway.menu.kinds.table import KINDS
from gateway.menu.pack.schema import FLOW_SCHEMA, flow_schema
from tests.helpers.pack_edits import Files, diagnostics_after

EDITS = [
    ("flow.yaml", "keep: seen", "kept: seen", "unknown key"),
    ("flow.yaml", "max: 182", "max: many", "states.add_words.limits.max"),
    ("flow.yaml", "max: 182", "max: 183", "add_words: limits: a USSD string holds no more than 182"),
    ("flow.yaml", "max: 182", "max: 1000000", "states.add_words.limits.max: should be less than or equal to 999999"),
    ("flow.yaml", "max: 182", "max: 0", "states.add_words.limits.max: should be greater"),
    ("pack.yaml", "Asia/Jakarta", "Asia/Pekalongan", 'unknown time zone "Asia/Pekalongan"'),
    ("flow.yaml", "zero: {skip: contact}", "zero: {skip: contact, stop: main}", "states.describe.zero"),
    ("pack.yaml", 'more: "98"', 'more: "9898"', "keys.more: "),
    ("rules.yaml", "hours: 24", "hours: 73", "resume.hours: should be less than or equal to 72"),
    ("stages.yaml", "last: 2024-11-23", "last: 2024-09-24", "last is before first"),
    *(
        ("rules.yaml", 'to: "07:00"', f'to: "{wrong}"', 'must be a time of day from "00:00" to "23:59", without a zone')
        for wrong in (
            "07:00Z",
            "07:00+07:00",
            "07:00-00:30",
            "07:00 WIB",
            "07.00",
            "7:00",
            "24:00",
            "07:00:30",
            "7am",
            "420",
        )
    ),
    *(
        (
            "stages.yaml",
            "first: 2024-11-24",
            f"first: {wrong}",
            "must be a day such as 2024-11-27, or a time of a day such as 2024-11-27T07:00",
        )
        for wrong in (
            "1732406400",
            "20241124",
            "2024-11-24T00:00:00Z",
            "2024-11-24 00:00",
            "24/11/2024",
            "2024-11",
            "-1",
        )
    ),
    ("stages.yaml", "first: 2024-11-24", "first: 2024-11-31", "1.first: "),
    (
        "keywords.yaml",
        "id: [BANTUAN, ",
        "id: [\u201cBANTUAN\u201d, ",
        "commands.help.id.0: no SMS can match '\\u201cBANTUAN\\u201d'",
    ),
    ("keywords.yaml", "id: [BANTUAN, ", "id: [BANTUAN, TULUNG\u200b, ", "commands.help.id.1: no SMS can match"),
    ("keywords.yaml", "id: [BANTUAN, ", "id: [\U0001f198, ", "commands.help.id.0: no SMS can match"),
    ("keywords.yaml", "id: [BANTUAN, ", "id: [MA'AF, ", "commands.help.id.0: no SMS can match"),
    ("keywords.yaml", "gesekan: [gesekan", "gesekan: [tawur-an, gesekan", "words.gesekan.0: no SMS can match"),
    ("keywords.yaml", "thanks: [", "thanks: [terima  kasih!, ", "thanks.0: no SMS can match"),
    ("keywords.yaml", "filler: [", "filler: [tawuran, ", "tawuran is no filler: it means gesekan"),
    (
        "keywords.yaml",
        "  apk: [apk",
        "  apk: [amplop, apk",
        "amplop means uang already; if it fits both kinds, name it in undecided",
    ),
    ("keywords.yaml", "undecided: [", "undecided: [tawuran, ", "tawuran fits 1 kinds"),
    ("keywords.yaml", "undecided: [", "undecided: [xyzzy, ", "xyzzy fits 0 kinds"),
    ("keywords.yaml", "asked: [", "asked: [xyzzy, ", "xyzzy is none of the words of a kind"),
    ("keywords.yaml", "weak: [", "weak: [xyzzy, ", "xyzzy is none of the words of a kind"),
    ("keywords.yaml", "  doubts: [", "  doubts: [tawuran, ", "tawuran cannot be one of doubts: it means gesekan"),
    ("keywords.yaml", "  before: [", "  before: [anti-, ", "no_report.before.0: no SMS can match"),
    ("keywords.yaml", "pairs:\n  uang", "pairs:\n  wang", 'unknown category "wang"'),
    ("keywords.yaml", "actors:\n  asn", "actors:\n  pns", 'unknown category "pns"'),
    ("keywords.yaml", "      other: [bagi", "      others: [bagi", "pairs.uang.0"),
    ("keywords.yaml", "    does: [", "    do: [", "actors.asn"),
    ("keywords.yaml", "  contact:\n    yes", "  kontak:\n    yes", 'unknown state "kontak"'),
    ("keywords.yaml", "    unknown: [tidak tahu", "    unclear: [tidak tahu", 'unknown option "unclear"'),
    ("keywords.yaml", "    cancel: [batal,", "    cancel: [ok, batal,", "ok means send already"),
    ("keywords.yaml", "  jv: [jawa,", "  jw: [jawa,", "jw"),
    ("keywords.yaml", "report:", "rapport:", "commands.rapport: unknown key; expected 'report', 'status'"),
]


@pytest.mark.parametrize(("file", "old", "new", "said"), EDITS)
def test_value_of_another_form_is_refused_at_its_line(files: Files, file: str, old: str, new: str, said: str) -> None:
    found = [one for one in diagnostics_after(files, file, old, new) if said in one]

    assert found
    assert all(one.startswith(f"{file}:") and one.split(":")[1].isdigit() for one in found)


def test_flow_schema_knows_only_the_kinds_that_it_is_made_of() -> None:
    ends = flow_schema({"end": KINDS["end"]})
    flow = {"start": "a", "home": "a", "states": {"a": {"tell": "true"}}}

    assert [kind.name for kind in FLOW_SCHEMA.model_validate(flow).states["a"].kinds] == ["tell"]
    with pytest.raises(ValueError, match="tell"):
        ends.model_validate(flow)
