"""Check of the size of screens."""

from __future__ import annotations

import pytest

from tests.helpers.pack_edits import ID, Files, all_diagnostics, edit_pack, line_at

# file, old, new, message, and its line: a file and a text on that line
FAULTS = [
    (ID, "Jauhi lokasi.", "Jauhi lokasi. " * 6, "screens.ticket_urgent: ", (ID, "  ticket_urgent:")),
    (
        ID,
        '  which_place: {heading: "',
        '  which_place: {heading: "' + "apa " * 30,
        "screens.which_place: ",
        (ID, "  which_place:"),
    ),
    (ID, "Nomor Anda sudah", "Nomor Anda " * 10 + "sudah", "screens.erased: ", (ID, "  erased:")),
    (ID, 'apology: "Maaf', 'apology: "' + "Maaf " * 30, "apology: ", (ID, "apology:")),
]


@pytest.mark.parametrize(("file", "old", "new", "message", "line"), FAULTS)
def test_screen_that_is_too_large_is_reported_at_its_line(
    files: Files, file: str, old: str, new: str, message: str, line: tuple[str, str]
) -> None:
    pack = edit_pack(files, file, old, new)

    assert [one for one in all_diagnostics(pack) if one.startswith(f"{line_at(pack, *line)}: {message}")]
