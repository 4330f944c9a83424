"""Composition: builds and joins all services of a process, nowhere else.

Nothing registers itself and nothing is a global: a service gets its collaborators as arguments.
"""

from gateway.wiring.carriers import CARRIERS, Carriers, RegisteredCarrier, read_settings
from gateway.wiring.container import AppealServices, Services, open_services, read_balances, redis_client
from gateway.wiring.key_check import verify_key
from gateway.wiring.pack_loading import load_menu, measure_menu
from gateway.wiring.processes import PortTaken, health_app, run_worker, serve, web_app
from gateway.wiring.running_instance import channel_urls, locate, with_pack_in_use
from gateway.wiring.service_options import appeal_settings
from gateway.wiring.standalone import run_standalone

__all__ = [
    "CARRIERS",
    "AppealServices",
    "Carriers",
    "PortTaken",
    "RegisteredCarrier",
    "Services",
    "appeal_settings",
    "channel_urls",
    "health_app",
    "load_menu",
    "locate",
    "measure_menu",
    "open_services",
    "read_balances",
    "read_settings",
    "redis_client",
    "run_standalone",
    "run_worker",
    "serve",
    "verify_key",
    "web_app",
    "with_pack_in_use",
]
