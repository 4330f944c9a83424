"""A menu as Mermaid text, which many wikis and code hosts show as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.menu.drawing import edges
from gateway.menu.drawing.edges import Edge
from gateway.menu.limits import DEFAULT, Limits
from gateway.menu.model import Menu, State

_READ_BY_OTHERS = re.compile(
    r"[^\w .,:?!/()'+%=-]"  # what Mermaid or HTML reads: quotes, number signs, backticks, brackets, ...
    r"|:(?! )"  # in `style:#` Mermaid looks for a colour, in `http:` Markdown for an address
    r"|(?<=www)\."  # and here too
    r"|^[-+=]"  # a list, or a line under a heading
    r"|(?<=^\d)[.)](?= )|(?<=^\d\d)[.)](?= )"  # a list with numbers
    r"|(?<![^\W_])_|_(?![^\W_])"  # stress, unless it joins two words
)
_READ_EVEN_AS_NUMBERS = re.compile(r"(?:(?<=fa)|(?<=fa[bklrs])):(?=fa-)|\$(?=\$)|\\(?=n)")  # icons, formulas, breaks
_NO_WIDTH = "\u200b"  # stands between their characters, which then are characters
_CLASSES = """\
    classDef screen fill:#e3edd8,stroke:#475569,color:#1e293b,text-align:left
    classDef effect fill:#ede9fe,stroke:#6d28d9,color:#1e293b
    classDef last fill:#fdecec,stroke:#b42318,color:#1e293b
    classDef entry fill:#1e3a5f,stroke:#1e3a5f,color:#ffffff
"""


def mermaid(menu: Menu, language: str, limits: Limits = DEFAULT) -> str:
    """The flow of `menu`: its states with all pages of their screens, and every way with its words."""
    lines = [*_nodes(menu, language, limits), *_links(menu, language)]
    return "flowchart TD\n" + "".join(f"    {line}\n" for line in lines) + _CLASSES


def _nodes(menu: Menu, language: str, limits: Limits) -> Iterator[str]:
    for entry in edges.entry_points(menu, language):
        yield f"{_id(entry.name)}>{_label(*entry.lines)}]:::entry"
    for state in menu.states.values():
        yield _node(menu, state, language, limits)
    if any(way.target == edges.DROPPED for way in edges.menu_edges(menu, language)):
        yield f"{_id(edges.DROPPED)}>{_label('where it was dropped')}]:::entry"


def _node(menu: Menu, state: State, language: str, limits: Limits) -> str:
    shown = [state.source] if state.kind.runs_effect else _screens(menu, state, language, limits)
    label = _label(state.name, *edges.state_notes(menu, state), *shown)
    if state.kind.runs_effect:
        return f"{_id(state.name)}({label}):::effect"
    if state.kind.is_end:
        return f"{_id(state.name)}([{label}]):::last"
    return f"{_id(state.name)}[{label}]:::screen"


def _screens(menu: Menu, state: State, language: str, limits: Limits) -> Iterator[str]:
    """The lines of all pages; each page begins with its number, unless it is the only one."""
    pages, example = edges.screens(menu, state, language, limits)
    if example:
        yield f"e.g. {example}"
    for number, page in enumerate(pages, start=1):
        if len(pages) > 1:
            yield f"({number}/{len(pages)})"
        yield from page.split("\n")


def _links(menu: Menu, language: str) -> Iterator[str]:
    for entry in edges.entry_points(menu, language):
        yield f"{_id(entry.name)} --> {_id(entry.target)}"
    joined: dict[tuple[str, str], list[Edge]] = {}
    for way in edges.menu_edges(menu, language):
        joined.setdefault((way.source, way.target), []).append(way)
    for (source, target), several in joined.items():
        line = "-.->" if all(way.key == edges.OTHERWISE for way in several) else "-->"
        yield f"{_id(source)} {line}|{_label(*(way.words for way in several))}| {_id(target)}"


def _id(name: str) -> str:
    """A prefix, since `end` and other words of Mermaid's own are no names there."""
    if name == edges.DROPPED:
        return "dropped"
    return f"in_{name.replace('-', '_')}" if "-" in name else f"at_{name}"


def _label(*lines: str) -> str:
    return '"' + "<br/>".join(filter(None, map(_escaped, lines))) + '"'


def _escaped(words: str) -> str:
    """One line, in which whatever Mermaid, Markdown or HTML would read as its own has become a number."""
    shown = "".join(character if character.isprintable() else " " for character in words)
    apart = _READ_EVEN_AS_NUMBERS.sub(rf"\g<0>{_NO_WIDTH}", shown.strip())
    return _READ_BY_OTHERS.sub(lambda found: f"#{ord(found[0])};", apart)
