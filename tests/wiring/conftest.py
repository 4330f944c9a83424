from tests.helpers.logs import log

__all__ = ["log"]
