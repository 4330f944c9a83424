"""Built-in carrier: simulates Africa's Talking on this machine, for the demo, for drills and for tests.

It takes the same requests as Africa's Talking, gives the same answers and calls the same webhooks, so that the gateway
runs its real code against it. Nothing leaves the machine: sent messages are kept in memory, and shown. Each of its
sides is a module: `messaging` (the API), `delivery_reports`, `phones` and `handset` (simulated phones), and `faults`
(fault injection).
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from aiohttp import ClientSession, web

from gateway.carriers.local.delivery_reports import DeliveryReports, SentMessage
from gateway.carriers.local.faults import Faults, InvalidFaults, parse_faults
from gateway.carriers.local.handset import WebhookUrls
from gateway.carriers.local.json_api import error_response, require_json
from gateway.carriers.local.messaging import MessagingApi, SenderAccount
from gateway.carriers.local.phones import SimulatedPhones
from gateway.runtime.clock import Clock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class LocalCarrier:
    """Routes of the built-in carrier. A gateway sends to it if `api_url` is the server's address and `/local`."""

    def __init__(
        self,
        http: ClientSession,
        hooks: WebhookUrls,
        clock: Clock,
        *,
        username: str,
        api_key: str,
        service_code: str,
        short_code: str,
        region: str = "",
        hosts: Collection[str] = (),
        report_seconds: float = 0.5,
    ) -> None:
        """Make the carrier of one account, which calls the webhooks `hooks`.

        `report_seconds` pass before each delivery report. Inbound SMS without a recipient go to `short_code`. Clients
        may call this machine by one of `hosts`, beside `localhost` and the loopback addresses. Without a country code,
        numbers are read as in `region` (ISO 3166), if there is one.
        """
        self._hosts = frozenset(map(str.lower, hosts))
        self._messaging = MessagingApi(
            SenderAccount(username, api_key),
            DeliveryReports(http, hooks.receipt, repeat_seconds=2 * report_seconds),
            clock,
            report_seconds,
        )
        self._phones = SimulatedPhones(
            http, hooks, clock, service_code=service_code, short_code=short_code, region=region
        )

    @property
    def messages(self) -> deque[SentMessage]:
        """Messages that it was asked to send: the last 10,000, oldest first."""
        return self._messaging.messages

    @property
    def faults(self) -> Faults:
        return self._messaging.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._messaging.faults = faults

    def add_to(self, app: web.Application) -> None:
        """Serve `/local`, to clients on this machine only, until `app` shuts down."""
        for method, path, handler in (
            ("POST", "/local/version1/messaging", self._messaging.send),
            ("GET", "/local/version1/user", self._messaging.show_account),
            ("GET", "/local/messages", self._show_messages),
            ("GET", "/local/faults", self._show_faults),
            ("PUT", "/local/faults", self._set_faults),
            ("DELETE", "/local/faults", self._clear_faults),
            ("POST", "/local/ussd", self._phones.ussd),
            ("POST", "/local/sms", self._phones.sms),
            ("POST", "/local/number", self._phones.number),
        ):
            app.router.add_route(method, path, self._for_this_machine(handler))
        app.on_shutdown.append(self._shut_down)

    async def close(self) -> None:
        """Hang up on every client and phone, and stop the delivery reports. `http` is needed until then."""
        await self._messaging.close()
        await self._phones.close()

    async def _shut_down(self, _: web.Application) -> None:
        await self.close()

    async def _show_messages(self, _: web.Request) -> web.Response:
        return web.json_response([message.for_json() for message in self.messages])

    async def _show_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self.faults.model_dump(exclude_none=True))

    async def _set_faults(self, request: web.Request) -> web.Response:
        require_json(request)
        try:
            self.faults = parse_faults(await request.read())
        except InvalidFaults as error:
            return error_response(400, str(error))
        return await self._show_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self.faults = Faults()
        return await self._show_faults(request)

    def _for_this_machine(self, handler: Handler) -> Handler:
        """Guard `handler`, so that only clients on this machine reach it: messages and numbers are not masked here.

        A page of another site cannot read it either. It would have to make its own name lead to this machine (DNS
        rebinding), and then the header `Host` has that name.
        """

        async def guarded(request: web.Request) -> web.StreamResponse:
            if not _is_on_this_machine(request):
                return error_response(403, "the built-in carrier is for clients on this machine")
            host = _host_name(request)
            if host not in self._hosts and not _is_loopback(host):
                return error_response(403, "the built-in carrier answers to localhost only")
            return await handler(request)

        return guarded


def _is_on_this_machine(request: web.Request) -> bool:
    """Return True if the client has a loopback address, or the one that it has called."""
    called = request.transport.get_extra_info("sockname") if request.transport else None
    return request.remote is None or _is_loopback(request.remote) or bool(called and called[0] == request.remote)


def _host_name(request: web.Request) -> str:
    """Return the host of the header `Host`, without port and brackets. Empty if there is none, or are several."""
    written = request.headers.getall("Host", [])
    try:
        return (urlsplit(f"//{written[0]}").hostname or "") if len(written) == 1 else ""
    except ValueError:  # a bracket too many
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
