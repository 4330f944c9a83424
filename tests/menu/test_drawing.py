"""A drawing shows the whole menu, whatever the pack says, and says it so that it cannot break the format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from gateway.menu.drawing import edges
from gateway.menu.drawing.svg import mermaid, svg
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu
from gateway.menu.pack.loader import load

Files = dict[str, str]
Edited = Callable[[str, str, str], Menu]
HOSTILE = "</text> <b>&amp; \"Ya\" 'x' `y` #35; | ] -->"
READ = [  # what Mermaid 10, 11 or 12 made something else of until it was escaped so
    *(
        "- item",
        "_stress_ and __bold__",
        "`code`",
        "[a link](http://x.id)",
        "http://x.id",
        "www.x.id",
        "===",
        "12) list",
    ),
    *("style:#abc;", "classDef x:#123;", "%%{init: {}}%%", "fa:fa-bell", "$$x^2$$", r"\new", "&quot;", "#quot;"),
]
SVG = "{http://www.w3.org/2000/svg}"
LANGUAGES = ("id", "jv", "en")


@pytest.fixture
def edited(files: Files) -> Edited:
    def edit(file: str, old: str, new: str) -> Menu:
        assert old in files[file]
        return load({**files, file: files[file].replace(old, new, 1)})

    return edit


def said_in_svg(drawn: str) -> str:
    """All words of an SVG, line breaks being blanks. Fails where it is not XML."""
    root = ElementTree.fromstring(drawn)
    return _flat(" ".join(root.itertext()))


def said_in_mermaid(drawn: str) -> str:
    """All words of a chart as they are shown."""
    return _flat(" ".join(words for label in re.findall(r'"([^"]*)"', drawn) for words in _lines(label)))


def _lines(label: str) -> list[str]:
    """The lines of a label, as Mermaid shows them."""
    shown = (re.sub(r"#(\d+);", lambda number: chr(int(number[1])), line) for line in label.split("<br/>"))
    return [line.replace("\u200b", "") for line in shown]


def _flat(words: str) -> str:
    return " ".join(words.split())


DRAWN = {
    "svg": lambda menu, language: said_in_svg(svg(menu, language)),
    "mermaid": lambda menu, language: said_in_mermaid(mermaid(menu, language)),
}


# All that there is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", DRAWN)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_option_and_shortcut_is_drawn(menu: Menu, language: str, form: str) -> None:
    said = DRAWN[form](menu, language)

    wanted = list(menu.states)
    for state in menu.states.values():
        if not state.kind.runs_effect:
            texts = menu.wordings[language].screens[state.words]
            wanted.append(texts["heading"].split("\n")[0].replace("{svc}", menu.service))
            wanted += [label for name, label in texts.items() if name != "heading"]
        wanted += [state.source] if state.kind.runs_effect else []
        wanted += [f"only if {state.condition.text}"] if state.condition else []
    for keys, shortcut in menu.shortcuts.items():
        given = [menu.label(answer, value, language) for answer, value in shortcut.answers.items()]
        wanted.append(" ".join([f"*{keys}#", *given]))
    assert [words for words in wanted if _flat(words) not in said] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_is_an_arrow_or_stands_on_its_card(menu: Menu, language: str) -> None:
    root = ElementTree.fromstring(svg(menu, language))
    arrows = {title.text for title in root.findall(f".//{SVG}path/{SVG}title")}
    cards = {group.get("id"): _flat(" ".join(group.itertext())) for group in root.iter(f"{SVG}g")}

    for way in edges.menu_edges(menu, language):
        jumps = re.findall(rf"(\S+(?:, \S+)*) [↑↓] {way.target}\b", cards[f"at-{way.source}"])
        drawn = f"{way.source} to {way.target}" in arrows
        resumed = way.target == edges.DROPPED and f"{way.key} ↩" in cards[f"at-{way.source}"]
        assert drawn or resumed or any(way.key in keys.split(", ") for keys in jumps), way


def test_every_way_is_a_link_of_the_chart(menu: Menu) -> None:
    chart = mermaid(menu, "en")

    assert 'at_main -->|"1 Report incident"| at_limit' in chart
    assert 'at_limit -.->|"otherwise"| at_notice' in chart
    assert 'at_kecamatan -->|"typed"| at_place_name' in chart
    assert 'at_category -->|"categories"| at_kecamatan' in chart
    assert 'at_send -->|"kept"| at_saved' in chart
    assert 'at_danger -->|"2 No<br/>3 Do not know"| at_size' in chart
    assert "in_enter_redial --> at_unfinished" in chart
    assert 'at_unfinished -->|"1 Continue"| dropped' in chart
    assert re.search(r"at_ticket\(\[.*\]\):::last", chart)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_node_of_the_chart_shows_every_page_line_by_line(menu: Menu, language: str) -> None:
    labels = dict(re.findall(r'^    at_(\w+)[\[(]+"(.*)"', mermaid(menu, language), re.MULTILINE))

    for state in menu.states.values():
        if not state.kind.runs_effect:
            pages = edges.screens(menu, state, language, DEFAULT).pages
            shown = [line for page in pages for line in page.split("\n")]
            lines = [line for line in _lines(labels[state.name]) if not re.fullmatch(r"\(\d/\d\)", line)]
            assert lines[0] == state.name
            assert lines[-len(shown) :] == shown


def test_a_list_over_several_pages_shows_the_first_and_how_many(menu: Menu) -> None:
    root = ElementTree.fromstring(svg(menu, "id"))
    card = next(group for group in root.iter(f"{SVG}g") if group.get("id") == "at-category")
    texts = [text.text or "" for text in card.findall(f"{SVG}text")]

    assert "1/2" in texts
    assert "98.Lagi" in texts
    assert "9.Lainnya" not in texts
    assert "9.Lainnya" in (card.findtext(f"{SVG}title") or ""), "the other pages are there where the mouse rests"


def test_a_smaller_screen_makes_more_pages(menu: Menu) -> None:
    assert "1/2" in said_in_svg(svg(menu, "id"))
    assert "1/4" in said_in_svg(svg(menu, "id", Limits(septets=110)))
    assert "(1/2)" in said_in_mermaid(mermaid(menu, "id"))
    assert "(4/4)" in said_in_mermaid(mermaid(menu, "id", Limits(septets=110)))


# An SVG of its own -------------------------------------------------------------------------------------------


def test_the_svg_explains_itself_and_needs_nothing_else(menu: Menu) -> None:
    drawn = svg(menu, "id")
    root = ElementTree.fromstring(drawn)
    names = [element.get("id") for element in root.iter() if element.get("id")]

    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title description"
    assert root.findtext(f"{SVG}title") == "Siaga Pilkada (Kota Pekalongan), Indonesia"
    assert "50 states" in (root.findtext(f"{SVG}desc") or "")
    assert len(names) == len(set(names))
    assert not re.search(r"<script|<image|<a |href|@import|@font-face|url\((?!#)", drawn)
    assert "http" not in drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_card_lies_on_another(menu: Menu, language: str) -> None:
    root = ElementTree.fromstring(svg(menu, language))
    boxes = []
    for group in root.iter(f"{SVG}g"):
        card = group.find(f"{SVG}rect[@class='card']")
        if card is not None and not (group.get("id") or "").startswith("at-legend"):
            left, top = map(float, re.findall(r"-?\d+", group.get("transform") or ""))
            boxes.append((left, top, left + float(card.get("width") or 0), top + float(card.get("height") or 0)))

    assert len(boxes) == len(menu.states) + len(edges.entry_points(menu, language))
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        for left2, top2, right2, bottom2 in boxes[number + 1 :]:
            assert right <= left2 or right2 <= left or bottom <= top2 or bottom2 <= top


def test_the_same_menu_gives_the_same_bytes(files: Files) -> None:
    first, second = load(files), load(dict(reversed(files.items())))

    assert svg(first, "id") == svg(second, "id") == svg(first, "id")
    assert mermaid(first, "id") == mermaid(second, "id")


# Whatever the pack says --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", DRAWN)
@pytest.mark.parametrize(
    "words",
    [HOSTILE, "a long name of an option " * 9, "W" * 90, "1. list", "# heading", "{tiket} and {more}", "“é”", *READ],
)
def test_hostile_words_are_words(edited: Edited, form: str, words: str) -> None:
    menu = edited("wording/id.yaml", "report: Lapor kejadian", f"report: {json.dumps(words)}")

    said = DRAWN[form](menu, "id")

    assert _flat(words).replace(" ", "") in said.replace(" ", ""), "a display may break it anywhere"


@pytest.mark.parametrize("form", DRAWN)
def test_what_has_no_picture_is_left_out(edited: Edited, form: str) -> None:
    menu = edited("wording/id.yaml", "report: Lapor kejadian", r'report: "Lapor\0\x07\e[31m\nsekarang"')

    assert not re.search(r"[^\n -~\xa0-\uffff]", svg(menu, "id") if form == "svg" else mermaid(menu, "id"))
    assert "sekarang" in DRAWN[form](menu, "id")


def test_a_state_may_be_called_as_mermaid_calls_its_own(files: Files) -> None:
    renamed = {
        name: text.replace("help: help ", "help: end ").replace("\n  help:", "\n  end:", name != "keywords.yaml")
        for name, text in files.items()
    }
    chart = mermaid(load(renamed), "id")

    assert "in_enter_wrong --> at_end\n" in chart
    assert not re.search(r"^\s*end\b", chart, re.MULTILINE)


@pytest.mark.parametrize("words", ["", HOSTILE, *READ])
def test_nothing_that_is_read_is_in_a_label(edited: Edited, words: str) -> None:
    menu = edited("wording/id.yaml", '"Anda melihat sendiri?"', json.dumps(f"{words}\n{words}"))

    for label in re.findall(r'"([^"]*)"', mermaid(menu, "id")):
        for line in label.split("<br/>"):
            assert re.fullmatch(r"(?:[\w .,:?!/()'+%=-]|#\d+;)*", line), line
            assert not re.search(r":\S|:$|www\.|^[-+=]|^\d+[.)] ", line), line
            assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", line), line
            assert not re.search(r"#36;#36;|#92;n|#58;fa-", line), line
