"""Places in whole reports: everyday sentences without a place, with a name written exactly, and with a slip.

A wrong place is never taken. The rates are printed; `-s` shows them.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from gateway.menu.model import Menu
from gateway.sms.report_text import parse_report
from tests.architecture.documents import ROOT
from tests.helpers.menus import MENUS

SENTENCES = ROOT / "tests" / "fixtures" / "places"
NAMES_PER_TEMPLATE = 12
KEEP_ENDS = 5  # letters of a name in which a slip is made


def lines_of(file: str) -> list[str]:
    lines = (SENTENCES / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def names_of(menu: Menu) -> list[tuple[str, str]]:
    """Return the names and aliases of one area each, with its code, without plain words and names of kecamatan."""
    names = [(name, (code,)) for code, name in menu.areas.places.items()] + [*menu.areas.aliases.items()]
    kecamatan = {name.casefold() for name in menu.areas.regions.values()}
    letters = Counter(name.casefold() for name, _ in names)
    return [
        (name, codes[0])
        for name, codes in names
        if letters[name.casefold()] == 1
        and name.casefold() not in menu.keywords.everyday | menu.keywords.things | kecamatan
    ]


def slip(name: str, chance: random.Random) -> str:
    """Leave out, double or swap letters within `name`."""
    while True:
        at = chance.randrange(1, len(name) - 2)
        before, one, two, after = name[:at], name[at], name[at + 1], name[at + 2 :]
        slipped = chance.choice([before + two + after, before + one + one + two + after, before + two + one + after])
        if slipped != name:
            return slipped


@pytest.mark.parametrize("pack", MENUS)
def test_sentence_without_a_place_is_never_filed_somewhere(pack: str) -> None:
    texts = lines_of("nowhere.txt")
    read = {text: parse_report(text, MENUS[pack]) for text in texts}
    offered = {text: report.places for text, report in read.items() if report.places}

    print(f"{pack}: {len(texts)} sentences without a place, {len(offered)} asked with a suggestion: {[*offered]}")

    assert len(texts) >= 180
    assert {text: report.area for text, report in read.items() if report.area} == {}
    assert len(offered) <= len(texts) * 0.06


@pytest.mark.parametrize("pack", MENUS)
def test_name_written_exactly_is_taken_from_any_sentence(pack: str) -> None:
    menu, chance = MENUS[pack], random.Random(pack)
    names, results = names_of(menu), Counter[str]()
    for template in lines_of("somewhere.txt"):
        for name, code in chance.sample(names, NAMES_PER_TEMPLATE):
            for written in (name, name.upper(), name.replace("-", " ").lower()):
                text = template.replace("{}", written)
                read = parse_report(text, menu)
                results["right" if read.area == code else "wrong" if read.area else "asked"] += 1
                assert read.area in (code, ""), text

    print(f"{pack}: {dict(results)}")

    assert results["right"] / results.total() >= 0.97


@pytest.mark.parametrize("pack", MENUS)
def test_name_that_is_also_a_thing_is_taken_or_asked_and_nothing_else(pack: str) -> None:
    menu, results = MENUS[pack], Counter[str]()
    for template in lines_of("somewhere.txt"):
        for name in menu.keywords.things:
            codes = menu.gazetteer.codes_of([name])
            area = parse_report(template.replace("{}", name), menu).area
            results["right" if area in codes else "wrong" if area else "asked"] += 1

    print(f"{pack}: {dict(results)}")

    assert results["wrong"] == 0
    assert results["right"] / results.total() >= 0.4


@pytest.mark.parametrize("pack", MENUS)
def test_slip_in_a_name_is_taken_where_the_place_belongs_and_asked_elsewhere(pack: str) -> None:
    menu, chance = MENUS[pack], random.Random(pack)
    names = [(name, code) for name, code in names_of(menu) if len(name) >= KEEP_ENDS]
    results = Counter[str]()
    for template in lines_of("somewhere.txt"):
        for name, code in chance.sample(names, NAMES_PER_TEMPLATE):
            text = template.replace("{}", slip(name.lower(), chance))
            read = parse_report(text, menu)
            if read.area:
                results["right" if read.area == code else "wrong"] += 1
            else:
                results["asked, suggested" if code in read.places else "asked"] += 1

    print(f"{pack}: {dict(results)}")

    assert results["wrong"] / results.total() <= 0.005
    assert results["right"] + results["asked, suggested"] >= results.total() * 0.9
