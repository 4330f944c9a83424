"""Pure: base class of errors whose docstring is their message."""

from __future__ import annotations


class ExplainedError(Exception):
    """Base class of an error that always has the same message: the docstring of its class, on one line."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))
