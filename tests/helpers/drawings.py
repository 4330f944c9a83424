"""Words of a drawing as a reader sees them, and texts that try to break one."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree import ElementTree

from gateway.menu.model import Menu

SVG = "{http://www.w3.org/2000/svg}"


def words_of_svg(drawn: str) -> str:
    """Return all words of an SVG on one line. Fails if it is not XML."""
    root = ElementTree.fromstring(drawn)
    return one_line(" ".join(root.itertext()))


def words_of_mermaid(drawn: str) -> str:
    """Return all words of a chart on one line, as Mermaid shows them."""
    return one_line(" ".join(words for label in re.findall(r'"([^"]*)"', drawn) for words in lines_of_label(label)))


def lines_of_label(label: str) -> list[str]:
    """Return the lines of a label, as Mermaid shows them."""
    shown = (re.sub(r"#(\d+);", lambda number: chr(int(number[1])), line) for line in label.split("<br/>"))
    return [line.replace("\u200b", "") for line in shown]


def one_line(words: str) -> str:
    return " ".join(words.split())


HOSTILE = "</text> <b>&amp; \"Ya\" 'x' `y` #35; | ] -->"

READ = [  # what Mermaid 10, 11 or 12 interpreted until it was escaped
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

LANGUAGES = ("id", "jv", "en")

Edited = Callable[[str, str, str], Menu]
