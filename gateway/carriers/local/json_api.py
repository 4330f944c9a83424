"""JSON over HTTP, as all routes of the built-in carrier speak it that Africa's Talking does not have."""

from __future__ import annotations

import json
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

T = TypeVar("T")


class StrictJson(BaseModel):
    """Base of a JSON object: unknown keys are refused, and no value is converted to another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


async def read_json(request: web.Request, shape: TypeAdapter[T], expected: str) -> T:
    """Read and validate the body. Raises 415 for another content type, and 400 with `expected` for a wrong body."""
    require_json(request)
    try:
        return shape.validate_json(await request.read())
    except ValidationError:
        reason = json.dumps({"error": f"expected {expected}; a phone is + and its country code and number"})
        raise web.HTTPBadRequest(text=reason, content_type="application/json") from None


def require_json(request: web.Request) -> None:
    """Raise 415 for anything but JSON: a page of another site cannot post JSON here."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send it as application/json")


def error_response(status: int, reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=status)
