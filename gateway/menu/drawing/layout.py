"""Layered graph layout from top to bottom, a small version of the method of Sugiyama, Tagawa and Toda (1981).

Arrows lead down. The longest path to a box decides its layer. An arrow over several layers gets a slot in each, so that
it passes between the boxes. Boxes are ordered to reduce crossings, and then moved towards their neighbours. An arrow
that would lead up, or down too far, is left out: it is a *jump*, which the caller writes into the box. The same input
gives the same layout.
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
    """Slot of a box in a layer, or, with a `target`, of an arrow that passes the layer."""

    name: str
    target: str = ""
    layer: int = 0


class Layout(NamedTuple):
    """Ordered layers of slots, the layer of each box, and the route of each arrow. An arrow without a route jumps."""

    layers: tuple[tuple[Slot, ...], ...]
    layer_of: Mapping[str, int]
    routes: Mapping[Arrow, tuple[Slot, ...]]


def lay_out(names: Sequence[str], arrows: Iterable[Arrow]) -> Layout:
    """Arrange boxes in layers. In a cycle of arrows, the first box named stays on top."""
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
    return Layout(_minimise_crossings(layers, _neighbours(routes)), layer, routes)


def _depth_first(names: Sequence[str], arrows: Sequence[Arrow]) -> list[str]:
    """Sort boxes so that all arrows lead onward, but for those that close a cycle (reverse postorder)."""
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
    """Return the layer of each box, by its longest path. A box without arrows to it is just above its targets."""
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


class _Neighbours(NamedTuple):
    above: Mapping[Slot, Sequence[Slot]]
    below: Mapping[Slot, Sequence[Slot]]


def _neighbours(routes: Mapping[Arrow, tuple[Slot, ...]]) -> _Neighbours:
    above: dict[Slot, list[Slot]] = {}
    below: dict[Slot, list[Slot]] = {}
    for route in routes.values():
        for upper, lower in pairwise(route):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    return _Neighbours(above, below)


# Order within the layers --------------------------------------------------------------------------------------


def _minimise_crossings(layers: list[list[Slot]], neighbours: _Neighbours) -> tuple[tuple[Slot, ...], ...]:
    """Order the layers to reduce crossings: sort each by the middle of its neighbours, down and up in turn."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers, neighbours)
    for sweep in range(_SWEEPS):
        downward = sweep % 2 == 0
        for number in range(1, len(layers)) if downward else range(len(layers) - 2, -1, -1):
            beside = layers[number - 1 if downward else number + 1]
            _sort(layers[number], beside, neighbours.above if downward else neighbours.below)
        if (crossings := _crossings(layers, neighbours)) < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return tuple(tuple(layer) for layer in best)


def _sort(layer: list[Slot], beside: Sequence[Slot], neighbours: Mapping[Slot, Sequence[Slot]]) -> None:
    place = {slot: number for number, slot in enumerate(beside)}
    own = {slot: float(number) for number, slot in enumerate(layer)}

    def middle(slot: Slot) -> float:
        places = [place[other] for other in neighbours.get(slot, ())]
        return sum(places) / len(places) if places else own[slot]

    layer.sort(key=middle)


def _crossings(layers: Sequence[Sequence[Slot]], neighbours: _Neighbours) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        place = {slot: number for number, slot in enumerate(lower)}
        ends = [sorted(place[below] for below in neighbours.below.get(slot, ())) for slot in upper]
        for number, mine in enumerate(ends):
            for others in ends[number + 1 :]:
                count += sum(other < end for end in mine for other in others)
    return count


# Positions of the slots ---------------------------------------------------------------------------------------


def place_slots(layout: Layout, width: Width) -> dict[Slot, float]:
    """Return the middle of every slot, from 0 on, without overlaps and as near to its neighbours as possible."""
    neighbours = _neighbours(layout.routes)
    middle: dict[Slot, float] = {}
    for layer in layout.layers:
        middle.update(_separate(layer, [0.0] * len(layer), width))
    for sweep in range(2 * _SWEEPS):
        downward = sweep % 2 == 0
        for layer in layout.layers if downward else layout.layers[::-1]:
            wanted = [_wanted(slot, neighbours, middle, downward) for slot in layer]
            middle.update(_separate(layer, wanted, width))
    left = min(at - width(slot) / 2 for slot, at in middle.items())
    return {slot: at - left for slot, at in middle.items()}


def _wanted(slot: Slot, neighbours: _Neighbours, middle: Mapping[Slot, float], downward: bool) -> float:
    first, second = (neighbours.above, neighbours.below) if downward else (neighbours.below, neighbours.above)
    near = first.get(slot) or second.get(slot) or [slot]
    return fsum(middle[other] for other in near) / len(near)


def _separate(layer: Sequence[Slot], wanted: Sequence[float], width: Width) -> dict[Slot, float]:
    """Return the middles that are nearest to `wanted` (least squares) without overlaps, in this order.

    Slots that would overlap are pooled and move as one (isotonic regression, pool adjacent violators).
    """
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
