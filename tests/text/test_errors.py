"""Errors whose docstring is their message."""

from __future__ import annotations

from gateway.text.errors import ExplainedError


class _NoSuchThing(ExplainedError, LookupError):
    """There is no such thing. It is looked up
    by its name."""


def test_message_is_the_docstring_on_one_line() -> None:
    assert str(_NoSuchThing()) == "There is no such thing. It is looked up by its name."


def test_raised_class_is_caught_as_either_base() -> None:
    assert isinstance(_NoSuchThing(), ExplainedError)
    assert isinstance(_NoSuchThing(), LookupError)
