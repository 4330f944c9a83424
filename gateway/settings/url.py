"""URLs in settings: their shape, and the parameters that the drivers of the two stores understand.

No message quotes a URL, which may hold a password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

_UNQUOTED = re.compile(r"#|@.*@|[/?].*@", re.DOTALL)
"""Signs of an unquoted password, behind the `://`: an @ that is not the only one, or not before everything else."""
Parameters = Mapping[str, re.Pattern[str]]

_ANY = re.compile(r".+", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,5}")
_SSL_MODE = re.compile(r"disable|allow|prefer|require|verify-ca|verify-full")
REDIS_PARAMETERS: Parameters = {
    "client_name": _ANY,
    "db": _NUMBER,
    "ssl_ca_certs": _ANY,
    "ssl_cert_reqs": re.compile(r"none|optional|required"),
    "ssl_certfile": _ANY,
    "ssl_check_hostname": re.compile(r"true|false|True|False"),
    "ssl_keyfile": _ANY,
}
POSTGRES_PARAMETERS: Parameters = {
    "application_name": _ANY,
    "host": _ANY,
    "passfile": _ANY,
    "password": _ANY,
    "port": re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*"),
    "prepared_statement_cache_size": _NUMBER,
    "ssl": _SSL_MODE,
    "sslcert": _ANY,
    "sslkey": _ANY,
    "sslmode": _SSL_MODE,
    "sslrootcert": _ANY,
    "statement_cache_size": _NUMBER,
    "target_session_attrs": re.compile(r"any|primary|standby|prefer-standby|read-write|read-only"),
    "user": _ANY,
}


def check_url(text: str, schemes: tuple[str, ...], parameters: Parameters | None = None) -> None:
    """Raise `ValueError` if `text` is no URL of these schemes, or has a parameter that is not among these.

    Several hosts may be named, with commas between them.
    """
    if parameters is not None and _UNQUOTED.search(text.partition("://")[2]):
        raise ValueError("must have %40 for @, %2F for /, %3F for ? and %23 for # in a password")
    begins = [f"{scheme}://" for scheme in schemes]
    if not text.startswith(tuple(begins)):
        raise ValueError(f"must be a URL that begins with {' or '.join(begins)}")
    _check_parts(text)
    if parameters is not None:
        _check_parameters(text, parameters)


def _check_parts(text: str) -> None:
    if re.search(r"\s", text):
        raise ValueError("must be a URL without blanks")
    try:
        url = urlsplit(text)
        for server in url.netloc.rpartition("@")[2].split(","):
            _ = urlsplit(f"//{server}").port
    except ValueError:
        raise ValueError("must be a URL with a port up to 65535, and an address of IPv6 in [ ]") from None
    if not (url.netloc or url.path or url.query):
        raise ValueError("must be a URL that names a host or a socket")


def _check_parameters(text: str, parameters: Parameters) -> None:
    url = urlsplit(text)
    pairs = parse_qsl(url.query, keep_blank_values=True)
    if not parameters and (url.query or url.fragment):
        raise ValueError("must be a URL without a query")
    if url.scheme in ("redis", "rediss") and not re.fullmatch(r"/?|/[0-9]{1,5}", url.path):
        raise ValueError("must end with the number of a database, such as /0")
    for name, value in pairs:
        if name not in parameters:
            raise ValueError(f"has an unknown parameter {name}; expected one of {', '.join(parameters)}")
        if not parameters[name].fullmatch(value):
            raise ValueError(f"has a value for {name} that it cannot have")
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("has the same parameter twice")
