"""Slow carrier that accepts everything: `python -m tests.bench.slow_carrier PORT SECONDS`.

It speaks just enough HTTP and Africa's Talking's messaging API. `GET /` returns the number of recipients since the last
`GET /`. `GET /arrivals` returns the first arrival of each text, in seconds of the machine's clock.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from itertools import count
from urllib.parse import parse_qs

import uvloop


class _Carrier:
    def __init__(self, thinks_s: float) -> None:
        self._thinks_s = thinks_s
        self._ids = count(1)
        self._asked = 0
        self._arrivals: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET /arrivals "):
                    body = json.dumps(self._arrivals).encode()
                elif head.startswith(b"GET "):
                    body, self._asked = str(self._asked).encode(), 0
                else:
                    lowered = head.lower()
                    at = lowered.index(b"content-length:") + 15
                    form = parse_qs((await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))).decode())
                    self._arrivals.setdefault(form["message"][0], time.time())
                    numbers = form["to"][0].split(",")
                    self._asked += len(numbers)
                    await asyncio.sleep(self._thinks_s)
                    body = self._accepted(numbers)
                writer.write(
                    b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: "
                    + str(len(body)).encode()
                    + b"\r\n\r\n"
                    + body
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _accepted(self, numbers: list[str]) -> bytes:
        recipients = [
            {
                "cost": "IDR 350.0000",
                "messageId": f"ATXid_{next(self._ids):032x}",
                "number": number,
                "status": "Success",
                "statusCode": 102,
            }
            for number in numbers
        ]
        return json.dumps({"SMSMessageData": {"Message": "Sent", "Recipients": recipients}}).encode()


async def main() -> None:
    server = await asyncio.start_server(_Carrier(float(sys.argv[2])).serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
