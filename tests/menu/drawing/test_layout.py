"""Layered layout: properties of every layout, and a few known ones."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from gateway.menu.drawing.layout import FARTHEST, Layout, Slot, lay_out, place_slots

BOXES = [f"box{number}" for number in range(9)]
ARROWS = some.lists(some.tuples(some.sampled_from(BOXES), some.sampled_from(BOXES)), max_size=30)


def layers(layout: Layout) -> list[set[str]]:
    return [{slot.name for slot in layer if not slot.target} for layer in layout.layers]


def test_longest_path_decides_the_layer() -> None:
    layout = lay_out(["a", "b", "c", "d"], [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])

    assert layers(layout) == [{"a"}, {"b"}, {"c"}, {"d"}]
    assert layout.routes["a", "c"] == (Slot("a"), Slot("a", "c", 1), Slot("c"))


def test_cycle_is_cut_at_the_arrow_to_its_first_box() -> None:
    layout = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("c", "a"), ("b", "b")])

    assert layers(layout) == [{"a"}, {"b"}, {"c"}]
    assert set(layout.routes) == {("a", "b"), ("b", "c")}


def test_arrow_over_too_many_layers_jumps() -> None:
    names = [f"box{number}" for number in range(FARTHEST + 2)]
    layout = lay_out(names, [*pairwise(names), (names[0], names[-2]), (names[0], names[-1])])

    assert (names[0], names[-2]) in layout.routes
    assert (names[0], names[-1]) not in layout.routes


def test_box_without_arrows_to_it_is_just_above_its_target() -> None:
    layout = lay_out(["in", "a", "b", "c"], [("a", "b"), ("b", "c"), ("in", "c")])

    assert layers(layout) == [{"a"}, {"b", "in"}, {"c"}]


def test_crossed_arrows_are_uncrossed() -> None:
    layout = lay_out(["top", "a", "b", "x", "y"], [("top", "a"), ("top", "b"), ("a", "y"), ("b", "x")])
    place = {slot.name: number for layer in layout.layers for number, slot in enumerate(layer)}

    assert (place["a"] < place["b"]) == (place["y"] < place["x"])


@given(ARROWS)
def test_every_box_has_one_place_and_every_route_leads_down(arrows: list[tuple[str, str]]) -> None:
    layout = lay_out(BOXES, arrows)

    assert sorted(slot.name for layer in layout.layers for slot in layer if not slot.target) == sorted(BOXES)
    number = {slot: place for place, layer in enumerate(layout.layers) for slot in layer}
    for (source, target), route in layout.routes.items():
        assert (route[0], route[-1]) == (Slot(source), Slot(target))
        assert [number[slot] for slot in route] == list(range(number[route[0]], number[route[-1]] + 1))
    for source, target in set(arrows) - layout.routes.keys():
        assert not 0 < layout.layer_of[target] - layout.layer_of[source] <= FARTHEST


@given(ARROWS)
def test_slots_do_not_overlap(arrows: list[tuple[str, str]]) -> None:
    def width(slot: Slot) -> float:
        return 10 if slot.target else 50 + 10 * BOXES.index(slot.name)

    layout = lay_out(BOXES, arrows)
    middle = place_slots(layout, width)

    assert min(middle[slot] - width(slot) / 2 for slot in middle) == pytest.approx(0)
    for layer in layout.layers:
        for left, right in pairwise(layer):
            assert middle[left] + width(left) / 2 <= middle[right] - width(right) / 2 + 1e-6
