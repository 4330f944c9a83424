"""Drawing of a menu as Mermaid text, which many wikis and code hosts render."""

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
_NO_WIDTH = "\u200b"  # put between their characters, it makes them plain text
_CLASSES = """\
    classDef screen fill:#e3edd8,stroke:#475569,color:#1e293b,text-align:left
    classDef effect fill:#ede9fe,stroke:#6d28d9,color:#1e293b
    classDef last fill:#fdecec,stroke:#b42318,color:#1e293b
    classDef entry fill:#1e3a5f,stroke:#1e3a5f,color:#ffffff
"""


def mermaid(menu: Menu, language: str, limits: Limits = DEFAULT) -> str:
    """Draw a menu as Mermaid text: its states with all pages of their screens, and every edge with its label."""
    lines = [*_nodes(menu, language, limits), *_links(menu, language)]
    return "flowchart TD\n" + "".join(f"    {line}\n" for line in lines) + _CLASSES


def _nodes(menu: Menu, language: str, limits: Limits) -> Iterator[str]:
    for entry in edges.entry_points(menu, language):
        yield f"{_id(entry.name)}>{_label(*entry.lines)}]:::entry"
    for state in menu.states.values():
        yield _node(menu, state, language, limits)
    if any(edge.target == edges.DROPPED for edge in edges.menu_edges(menu, language)):
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
    """Yield the lines of all pages, each after its number, unless there is only one."""
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
    grouped: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges.menu_edges(menu, language):
        grouped.setdefault((edge.source, edge.target), []).append(edge)
    for (source, target), several in grouped.items():
        line = "-.->" if all(edge.key == edges.OTHERWISE for edge in several) else "-->"
        yield f"{_id(source)} {line}|{_label(*(edge.words for edge in several))}| {_id(target)}"


def _id(name: str) -> str:
    """Return the identifier of a node, with a prefix, since `end` and other words are reserved by Mermaid."""
    if name == edges.DROPPED:
        return "dropped"
    return f"in_{name.replace('-', '_')}" if "-" in name else f"at_{name}"


def _label(*lines: str) -> str:
    return '"' + "<br/>".join(filter(None, map(_escaped, lines))) + '"'


def _escaped(words: str) -> str:
    """Replace characters that Mermaid, Markdown or HTML would interpret with character references."""
    shown = "".join(character if character.isprintable() else " " for character in words)
    apart = _READ_EVEN_AS_NUMBERS.sub(rf"\g<0>{_NO_WIDTH}", shown.strip())
    return _READ_BY_OTHERS.sub(lambda found: f"#{ord(found[0])};", apart)
