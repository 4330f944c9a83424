"""The only place where the parts are built and joined: the web app, the worker, and both in one with their own stores.

Nothing registers itself, nothing is a global: what a part needs is handed to it.
"""

from gateway.wiring.container import CARRIERS, Parts, appeal_terms, balances, process, redis_client
from gateway.wiring.key_check import key_proven
from gateway.wiring.pack_loading import load_menu, measures
from gateway.wiring.processes import PortTaken, TablesOutdated, health_app, served, web_app, working
from gateway.wiring.running_instance import channel_urls, located, with_pack_in_use
from gateway.wiring.standalone import everything

__all__ = [
    "CARRIERS",
    "Parts",
    "PortTaken",
    "TablesOutdated",
    "appeal_terms",
    "balances",
    "channel_urls",
    "everything",
    "health_app",
    "key_proven",
    "load_menu",
    "located",
    "measures",
    "process",
    "redis_client",
    "served",
    "web_app",
    "with_pack_in_use",
    "working",
]
