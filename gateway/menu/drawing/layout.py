"""Boxes and arrows in layers, from top to bottom: the classical way (Sugiyama, Tagawa and Toda, 1981) kept small.

An arrow leads down where it can. The longest way to a box says in which layer it lies; an arrow over several layers
gets a slot of its own in each, so that it passes between the boxes. Boxes are ordered so that few arrows cross, and
then moved towards what they are joined with. An arrow that would lead up, or down too far, is left out: it is a *jump*,
which the caller writes into the box. The same input gives the same layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from math import fsum
from typing import NamedTuple

Arrow = tuple[str, str]
Width = Callable[["Slot"], float]

FARTHEST = 3  # layers that an arrow may lead down
_SWEEPS = 12


class Slot(NamedTuple):
    """A place in a layer: of a box, or, with a `target`, of the arrow that passes from one box to another."""

    name: str
    target: str = ""
    layer: int = 0


class Layout(NamedTuple):
    """The boxes in their layers, each in order, and the number of each box's layer; and the way of each arrow, slot
    by slot. An arrow without a way jumps.
    """

    layers: tuple[tuple[Slot, ...], ...]
    layer_of: Mapping[str, int]
    routes: Mapping[Arrow, tuple[Slot, ...]]


def lay_out(names: Sequence[str], arrows: Iterable[Arrow]) -> Layout:
    """Layers of the boxes `names`. Where arrows form a ring, the first box named stays on top."""
    arrows = list(dict.fromkeys(arrows))
    order = _depth_first(names, arrows)
    place = {name: number for number, name in enumerate(order)}
    down = [(source, target) for source, target in arrows if place[source] < place[target]]
    layer = _layers(order, down)
    down = [(source, target) for source, target in down if layer[target] - layer[source] <= FARTHEST]
    routes = {arrow: _route(arrow, layer) for arrow in down}
    layers: list[list[Slot]] = [[] for _ in range(max(layer.values()) + 1)]
    for name in order:
        layers[layer[name]].append(Slot(name))
        for arrow in down:
            if arrow[0] == name:
                for slot in routes[arrow][1:-1]:
                    layers[slot.layer].append(slot)
    return Layout(_uncrossed(layers, _joined(routes)), layer, routes)


def _depth_first(names: Sequence[str], arrows: Sequence[Arrow]) -> list[str]:
    """The boxes so that all arrows lead onward, but for those that close a ring (reverse postorder)."""
    onward: dict[str, list[str]] = {name: [] for name in names}
    for source, target in arrows:
        onward[source].append(target)
    seen: set[str] = set()
    done: list[str] = []
    for name in names:
        path = [] if name in seen else [(name, iter(reversed(onward[name])))]
        seen.add(name)
        while path:
            at, rest = path[-1]
            unseen = next((target for target in rest if target not in seen), None)
            if unseen is None:
                done.append(at)
                path.pop()
            else:
                seen.add(unseen)
                path.append((unseen, iter(reversed(onward[unseen]))))
    return done[::-1]


def _layers(order: Sequence[str], down: Sequence[Arrow]) -> dict[str, int]:
    """The longest way to each box; one that nothing leads to stands just above what it leads to."""
    layer = dict.fromkeys(order, 0)
    for name in order:
        for source, target in down:
            if source == name:
                layer[target] = max(layer[target], layer[name] + 1)
    entered = {target for _, target in down}
    for name in order:
        below = [layer[target] for source, target in down if source == name]
        if name not in entered and below:
            layer[name] = min(below) - 1
    return layer


def _route(arrow: Arrow, layer: Mapping[str, int]) -> tuple[Slot, ...]:
    source, target = arrow
    passing = (Slot(source, target, number) for number in range(layer[source] + 1, layer[target]))
    return (Slot(source), *passing, Slot(target))


class _Joined(NamedTuple):
    above: Mapping[Slot, Sequence[Slot]]
    below: Mapping[Slot, Sequence[Slot]]


def _joined(routes: Mapping[Arrow, tuple[Slot, ...]]) -> _Joined:
    above: dict[Slot, list[Slot]] = {}
    below: dict[Slot, list[Slot]] = {}
    for route in routes.values():
        for upper, lower in pairwise(route):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    return _Joined(above, below)


# The order within the layers ----------------------------------------------------------------------------------


def _uncrossed(layers: list[list[Slot]], joined: _Joined) -> tuple[tuple[Slot, ...], ...]:
    """The layers in the best order found by sorting each by the middle of its neighbours, down and up in turn."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers, joined)
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for number in range(1, len(layers)) if downward else range(len(layers) - 2, -1, -1):
            beside = layers[number - 1 if downward else number + 1]
            _sort(layers[number], beside, joined.above if downward else joined.below)
        if (crossings := _crossings(layers, joined)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return tuple(tuple(layer) for layer in best)


def _sort(layer: list[Slot], beside: Sequence[Slot], joined: Mapping[Slot, Sequence[Slot]]) -> None:
    place = {slot: number for number, slot in enumerate(beside)}
    own = {slot: float(number) for number, slot in enumerate(layer)}

    def middle(slot: Slot) -> float:
        places = [place[other] for other in joined.get(slot, ())]
        return sum(places) / len(places) if places else own[slot]

    layer.sort(key=middle)


def _crossings(layers: Sequence[Sequence[Slot]], joined: _Joined) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        place = {slot: number for number, slot in enumerate(lower)}
        ends = [sorted(place[below] for below in joined.below.get(slot, ())) for slot in upper]
        for number, mine in enumerate(ends):
            for others in ends[number + 1 :]:
                count += sum(other < end for end in mine for other in others)
    return count


# Where the slots lie ------------------------------------------------------------------------------------------


def place_slots(layout: Layout, width: Width) -> dict[Slot, float]:
    """The middle of every slot, from 0 on: none overlaps its neighbour, each as near to what it is joined with as
    the others let it."""
    joined = _joined(layout.routes)
    middle: dict[Slot, float] = {}
    for layer in layout.layers:
        middle.update(_spread(layer, [0.0] * len(layer), width))
    for sweep in range(2 * _SWEEPS):
        downward = sweep % 2 == 0
        for layer in layout.layers if downward else layout.layers[::-1]:
            wanted = [_wanted(slot, joined, middle, downward) for slot in layer]
            middle.update(_spread(layer, wanted, width))
    left = min(at - width(slot) / 2 for slot, at in middle.items())
    return {slot: at - left for slot, at in middle.items()}


def _wanted(slot: Slot, joined: _Joined, middle: Mapping[Slot, float], downward: bool) -> float:
    first, second = (joined.above, joined.below) if downward else (joined.below, joined.above)
    near = first.get(slot) or second.get(slot) or [slot]
    return fsum(middle[other] for other in near) / len(near)


def _spread(layer: Sequence[Slot], wanted: Sequence[float], width: Width) -> dict[Slot, float]:
    """Middles as near to `wanted` (least squares) as the order and the widths allow: neighbours that would overlap
    are pooled and move as one."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + (width(one) + width(other)) / 2)
    pools: list[tuple[float, int]] = []  # (where its slots would begin, how many they are)
    for offset, wish in zip(offsets, wanted, strict=False):
        pools.append((wish - offset, 1))
        while len(pools) > 1 and pools[-2][0] >= pools[-1][0]:
            (right, many), (left, few) = pools.pop(), pools.pop()
            pools.append(((right * many + left * few) / (many + few), many + few))
    starts = [start for start, count in pools for _ in range(count)]
    return {slot: start + offset for slot, start, offset in zip(layer, starts, offsets, strict=False)}
