"""Pure: base classes of errors whose message is written for people."""

from __future__ import annotations


class UserError(Exception):
    """Base class of an error whose message tells a user what is wrong, and what to do."""


class ExplainedError(UserError):
    """Base class of an error that always has the same message: the docstring of its class, on one line."""

    def __init__(self) -> None:
        super().__init__(" ".join((self.__doc__ or "").split()))


class StoreUnavailable(Exception):
    """Base class of an error: Redis or PostgreSQL cannot be reached, cannot work now, or did not answer in time.

    `reason` tells a user why, in sentences that name no host, no user and no secret. It is empty if nothing is known.
    """

    store = "The gateway's store"

    def __init__(self, message: str = "", reason: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason
