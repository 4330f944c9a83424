"""Handset in the browser, `/phone`, over the built-in carrier's `/local` (gateway/carriers/local/carrier.py)."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.carriers.local.handset import NETWORK_ERROR
from gateway.carriers.local.phones import SESSION_SECONDS

_PAGES = Path(__file__).parent / "pages"
_ASSETS = _PAGES / "phone"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add_handset_page(app: web.Application, service_code: str, screen_septets: int = 160) -> None:
    """Serve a phone that dials `service_code`, unless another code is typed.

    It shows how much of `screen_septets`, the limit of the channel, each screen takes.
    """
    templates = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
    page = templates.get_template("phone.html").render(
        service_code=service_code,
        screen_septets=screen_septets,
        session_seconds=int(SESSION_SECONDS),
        network_error=NETWORK_ERROR,
    )

    async def phone(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html", headers=_HEADERS)

    # Known names only: a name from outside never becomes a path.
    files = {path.relative_to(_ASSETS).as_posix(): path for path in _ASSETS.rglob("*") if path.is_file()}

    async def asset(request: web.Request) -> web.StreamResponse:
        path = files.get(request.match_info["name"])
        return web.FileResponse(path, headers=_HEADERS) if path else web.Response(status=404)

    app.router.add_get("/phone", phone)
    app.router.add_get("/phone/static/{name:.+}", asset)
