"""A menu as Mermaid text, which many wikis and code hosts show as a picture."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.menu import ways
from gateway.menu.definition import Kind, Menu, State
from gateway.menu.ways import Way

_HARMLESS = " .,:;?!/()'+%-=_"
_CLASSES = """\
    classDef screen fill:#e3edd8,stroke:#475569,color:#1e293b
    classDef effect fill:#ede9fe,stroke:#6d28d9,color:#1e293b
    classDef last fill:#fdecec,stroke:#b42318,color:#1e293b
    classDef entry fill:#1e3a5f,stroke:#1e3a5f,color:#ffffff
"""


def mermaid(menu: Menu, language: str) -> str:
    """The flow of `menu`: its states with the first line of their screens, and every way with its words."""
    lines = [*_nodes(menu, language), *_links(menu, language)]
    return "flowchart TD\n" + "".join(f"    {line}\n" for line in lines) + _CLASSES


def _nodes(menu: Menu, language: str) -> Iterator[str]:
    for entry in ways.entries(menu, language):
        yield f"{_id(entry.name)}>{_label(*entry.lines)}]:::entry"
    for state in menu.states.values():
        yield _node(menu, state, language)
    if any(way.target == ways.DROPPED for way in ways.ways(menu, language)):
        yield f"{_id(ways.DROPPED)}>{_label('where it was dropped')}]:::entry"


def _node(menu: Menu, state: State, language: str) -> str:
    first = state.source if state.kind is Kind.DO else ways.heading(menu, state, language).split("\n")[0]
    label = _label(state.name, first, *ways.notes(menu, state))
    match state.kind:
        case Kind.DO:
            return f"{_id(state.name)}({label}):::effect"
        case Kind.END:
            return f"{_id(state.name)}([{label}]):::last"
    return f"{_id(state.name)}[{label}]:::screen"


def _links(menu: Menu, language: str) -> Iterator[str]:
    for entry in ways.entries(menu, language):
        yield f"{_id(entry.name)} --> {_id(entry.target)}"
    joined: dict[tuple[str, str], list[Way]] = {}
    for way in ways.ways(menu, language):
        joined.setdefault((way.source, way.target), []).append(way)
    for (source, target), several in joined.items():
        line = "-.->" if all(way.key == ways.OTHERWISE for way in several) else "-->"
        yield f"{_id(source)} {line}|{_label(*(way.words for way in several))}| {_id(target)}"


def _id(name: str) -> str:
    """A prefix, since `end` and other words of Mermaid's own are no names there."""
    if name == ways.DROPPED:
        return "dropped"
    return f"in_{name.replace('-', '_')}" if "-" in name else f"at_{name}"


def _label(*lines: str) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(words: str) -> str:
    """Letters, digits and what is harmless stay; what Mermaid, Markdown or HTML would read becomes its number."""
    return "".join(_character(character) for character in words if character.isprintable())


def _character(character: str) -> str:
    return character if character.isalnum() or character in _HARMLESS else f"#{ord(character)};"
