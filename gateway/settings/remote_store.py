"""Stores on other machines: their TLS certificate must be verified, unless the network to them is trusted.

A driver left to itself takes any certificate, or none: whoever is on the way reads every report, and the password.
"""

from __future__ import annotations

import os
import socket
import ssl
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import parse_qsl, unquote, urlsplit

_OTHERWISE = "or set trusted_network = true if the network between is yours alone"
_POSTGRES_UNVERIFIED = (
    "names another machine without verified TLS: put sslmode=verify-full and sslrootcert=FILE (the certificates to "
    f"trust) behind a ? in the URL, {_OTHERWISE}"
)
_REDIS_UNVERIFIED = (
    "names another machine without verified TLS: begin with rediss:// and leave out ssl_cert_reqs=none and "
    f"ssl_check_hostname=false, {_OTHERWISE}"
)


def check_verified(url: str) -> None:
    """Raise `ValueError` if a store on another machine would be talked to without verified TLS.

    The URL must have the right shape (`gateway.settings.url`). Its host must be in the certificate, too.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    if parts.scheme == "unix":
        return
    if parts.scheme.startswith("redis"):
        if _is_remote(parts.netloc) and not _redis_verifies(parts.scheme, query):
            raise ValueError(_REDIS_UNVERIFIED)
        return
    # In the order of the driver, which goes by PGHOST if the URL names no host.
    servers = parts.netloc.rpartition("@")[2] or query.get("host") or os.environ.get("PGHOST", "")
    verifies = query.get("ssl", query.get("sslmode")) == "verify-full"
    if not verifies and any(_is_remote(server) for server in servers.split(",")):
        raise ValueError(_POSTGRES_UNVERIFIED)


def check_certificate_file(url: str) -> None:
    """Raise `ValueError` if the file of trusted certificates cannot be read: the store would count as unreachable."""
    query = dict(parse_qsl(urlsplit(url).query))
    for name in ("sslrootcert", "ssl_ca_certs"):
        if name in query:
            try:
                ssl.create_default_context(cafile=query[name])
            except OSError as error:
                reason = "it has no certificates" if isinstance(error, ssl.SSLError) else error.strerror or error
                raise ValueError(f"has a file of certificates that cannot be used, {query[name]}: {reason}") from None


def _redis_verifies(scheme: str, query: dict[str, str]) -> bool:
    named = query.get("ssl_check_hostname", "true").lower() == "true"
    return scheme == "rediss" and named and query.get("ssl_cert_reqs") != "none"


def _is_remote(server: str) -> bool:
    """Return True if a server, with or without a port, is no socket, no loopback address and not this machine."""
    if unquote(server).startswith("/"):
        return False
    host = unquote(urlsplit(f"//{server}").hostname or "")
    if host in ("", "localhost", socket.gethostname().lower()):
        return False
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return True
    return not (getattr(address, "ipv4_mapped", None) or address).is_loopback
