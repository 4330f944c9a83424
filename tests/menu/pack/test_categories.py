"""Kinds of incident of a pack: as a mapping with keys, or as a plain list of names."""

from __future__ import annotations

from gateway.menu.definitions.rules import Category
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load
from tests.helpers.menus import MENUS
from tests.helpers.pack_edits import EN, ID, JV, Files, all_diagnostics, diagnostics_after, edit_pack, line_at

CATEGORIES = "categories.yaml"
RESTRICTED = '  received_restricted: "'


def test_category_has_what_the_pack_says_about_it(files: Files) -> None:
    menu = load(edit_pack(files, CATEGORIES, "gesekan: {", "gesekan: {watch_group: violence, "))

    assert menu.category("gesekan") == Category(
        "gesekan", urgent=True, recipients=("polres", "bawaslu", "camat", "fkub", "fkdm"), watch_group="violence"
    )
    assert menu.category("asn").restricted_to == {"bawaslu"}
    assert menu.category("asn").is_restricted
    assert menu.category("asn").confirmation == "received_restricted"
    assert menu.category("lain") == Category("lain")


def test_category_that_the_pack_does_not_have_has_its_name_only(menu: Menu) -> None:
    assert menu.category("perang") == Category("perang")


def test_plain_list_of_names_makes_open_categories_in_its_order(files: Files) -> None:
    names = [*MENUS["pekalongan"].categories]
    menu = load(
        {
            **{name: _without_restricted(text) for name, text in files.items()},
            CATEGORIES: "".join(f"- {name}\n" for name in reversed(names)),
        }
    )

    assert [*menu.categories] == names[::-1]
    assert all(category == Category(name) for name, category in menu.categories.items())


def _without_restricted(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(RESTRICTED))


def test_text_that_a_category_names_is_needed_in_every_language(files: Files) -> None:
    missing = {**files, JV: _without_restricted(files[JV])}

    assert all_diagnostics(missing) == [f"{line_at(missing, JV, 'sms:')}: sms.received_restricted is missing"]


def test_text_that_no_category_names_is_unknown(files: Files) -> None:
    found = diagnostics_after(files, CATEGORIES, "  confirmation: received_restricted", "  confirmation: received")

    assert [one for one in found if "unknown key" in one] == [
        f"{line_at(files, file, RESTRICTED)}: sms.received_restricted: unknown key" for file in (EN, ID, JV)
    ]


def test_reminder_of_a_category_is_needed_only_where_the_pack_reminds(files: Files) -> None:
    named = edit_pack(files, CATEGORIES, "  confirmation:", "  reminder: resume_restricted\n  confirmation:")
    silent = edit_pack(named, "rules.yaml", "sms: true", "sms: false")

    assert all_diagnostics(named) == [
        f"{line_at(named, file, 'sms:')}: sms.resume_restricted is missing" for file in (EN, ID, JV)
    ]
    assert all_diagnostics(silent) == []


def test_confirmation_of_a_restricted_category_may_show_no_answer_and_not_its_name(files: Files) -> None:
    text = f"{RESTRICTED}Bakesbangpol: laporan {{ticket}} diterima sebagai informasi awal"
    shown = edit_pack(files, ID, text, f"{RESTRICTED}{{ticket}} {{kel}} {{cat}}")
    named = edit_pack(files, EN, f"{RESTRICTED}Bakesbangpol: your report", f"{RESTRICTED}Biased OFFICIALS")

    assert [one for one in all_diagnostics(shown) if "is in the text of" not in one] == [
        f"{line_at(shown, ID, RESTRICTED)}: sms.received_restricted: it is the confirmation of asn, which is restricted"
        ", so it may not say {cat}, {kel}; change it, or name another text as confirmation of asn in categories.yaml"
    ]
    (diagnostic,) = all_diagnostics(named)
    assert "so it may not say Biased officials; change it" in diagnostic


def test_reminder_of_a_restricted_category_may_show_no_answer(files: Files) -> None:
    shown = edit_pack(files, ID, "Laporan Anda BELUM", "Laporan {kel} BELUM")

    assert [one for one in all_diagnostics(shown) if "it is the reminder of asn" in one] == [
        f"{line_at(shown, ID, '  resume: ')}: sms.resume: it is the reminder of asn, which is restricted, so it may"
        " not say {kel}; change it, or name another text as reminder of asn in categories.yaml"
    ]
