"""Bare handler: aiohttp, uvloop and redis-py, one GET and one SET per request, a fixed screen.

The yardstick: the simplest handler, without sessions, menus, logs, metrics or privacy.
Run as `python -m tests.bench.bare REDIS_URL PORT`.
"""

from __future__ import annotations

import sys
from urllib.parse import parse_qs

import uvloop
from aiohttp import web
from redis.asyncio import Redis

SCREEN = "CON Siaga Pilkada\nDarurat: telepon 110/112\n1.Lapor kejadian\n2.Tentang layanan ini\n3.Ganti bahasa"


def main() -> None:
    redis = Redis.from_url(sys.argv[1])

    async def ussd(request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode(), keep_blank_values=True)
        key = f"bare:{form['phoneNumber'][0]}"
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.get(key)
            pipeline.set(key, form["text"][0], ex=600)
            await pipeline.execute()
        return web.Response(text=SCREEN)

    app = web.Application()
    app.router.add_post("/ussd", ussd)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[2]), access_log=None, print=None)


if __name__ == "__main__":
    main()
