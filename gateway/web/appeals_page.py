"""Public page of the appeals that were sent, `/himbauan`: a forged appeal is recognised by its absence.

Open to everybody, without phone numbers and without scripts. As JSON for clients that accept `application/json`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.appeals.published import MAX_PUBLISHED, PublishedAppeal
from gateway.menu.model import Menu
from gateway.runtime.clock import Clock
from gateway.runtime.postgres import DatabaseUnavailable
from gateway.text.json_values import to_json

_PAGES = Path(__file__).parent / "pages"
CACHE_S = 10
"""Seconds for which the page is answered from memory, so that many readers cost the store one query."""
_UNAVAILABLE = "Maaf, halaman ini sedang terganggu. Coba lagi sebentar. / Please try again soon."


class AppealsPage:
    """Page of the `limit` appeals that `latest` returns, with the time zone and the names of the current pack."""

    def __init__(
        self,
        latest: Callable[[int], Awaitable[Sequence[PublishedAppeal]]],
        menu: Callable[[], Menu],
        clock: Clock,
        limit: int = MAX_PUBLISHED,
    ) -> None:
        self._latest = latest
        self._menu = menu
        self._clock = clock
        self._limit = limit
        self._one_at_a_time = asyncio.Lock()
        self._cache: tuple[float, Sequence[PublishedAppeal]] | None = None
        self._failed_at: float | None = None
        templates = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined)
        self._page = templates.get_template("himbauan.html")
        self._style = (_PAGES / "himbauan.css").read_text(encoding="utf-8")
        digest = base64.b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "Cache-Control": f"public, max-age={CACHE_S}",
            "Vary": "Accept",
        }

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/himbauan", self._show)

    async def _show(self, request: web.Request) -> web.Response:
        try:
            published = await self._cached_latest()
        except DatabaseUnavailable:
            return web.Response(status=503, text=_UNAVAILABLE, headers=self._headers | {"Cache-Control": "no-store"})
        menu = self._menu()
        office = f"{menu.service}, {menu.name}"
        if "application/json" in request.headers.get("Accept", ""):
            document = {"office": office, "appeals": to_json(published)}
            return web.json_response(document, headers=self._headers)
        page = self._page.render(
            office=office,
            all_of_them=len(published) < self._limit,
            place=menu.name,
            appeals=published,
            languages=menu.languages,
            when=self._when,
            style=self._style,
        )
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=self._headers)

    async def _cached_latest(self) -> Sequence[PublishedAppeal]:
        """Return the cached appeals, reloaded when they are old. Raises `DatabaseUnavailable`.

        Requests that wait during an outage share its failure: one query per outage, not one per request.
        """
        asked = self._clock.monotonic()
        async with self._one_at_a_time:
            now = self._clock.monotonic()
            if self._failed_at is not None and self._failed_at >= asked:
                raise DatabaseUnavailable
            if self._cache is None or now - self._cache[0] >= CACHE_S:
                try:
                    self._cache = now, await self._latest(self._limit)
                except DatabaseUnavailable:
                    self._failed_at = self._clock.monotonic()
                    raise
            return self._cache[1]

    def _when(self, one: PublishedAppeal) -> str:
        return one.went_out_at.astimezone(self._menu().timezone).strftime("%d-%m-%Y %H:%M %Z")
