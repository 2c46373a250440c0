"""REDIS_URL, read: every form that an operator may write, in redis-py's words. Nothing of it is repeated in an error.

`redis://`, `rediss://` (TLS), `unix://`, `redis+sentinel://`, `rediss+sentinel://` (TLS to both, Sentinel and Redis).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

DEFAULT_URL: Final = "redis://127.0.0.1:6379/0"
_REDIS_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379
_SCHEMES: Final = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_READS: Final = (
    "it reads redis://[user:password@]host:port/number, or unix:///path?db=number; "
    "in a password, @ : / ? # and % are written as %40 %3A %2F %3F %23 and %25"
)
_READS_SENTINEL: Final = (
    "a sentinel URL reads redis+sentinel://[user:password@]host:port,host:port/service/number; "
    "an IPv6 address stands in brackets, [::1]:26379"
)
_HOST: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|(?P<name>[^\[\]:\s]+))(?::(?P<port>\d{1,5}))?")
_TLS_NAMES: Final = ("tls", "ssl")


class BadRedisUrl(ValueError):
    """REDIS_URL means nothing, or not what it seems to; the message says how it reads, without repeating it."""

    def __init__(self, why: str) -> None:
        super().__init__(f"REDIS_URL: {why}")
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """The address of Redis. `options` and `sentinel_options` are redis-py's, for Redis itself and for the sentinels.

    `hosts`: the sentinels, or one server; none for a unix socket, whose `path` is in `options`.
    `service`: what the sentinels call it; empty without them.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    tls: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    sentinel_options: Mapping[str, Any] = field(default_factory=dict)


def address(url: str) -> Address:
    """Read a URL.

    Raises:
        BadRedisUrl: it has another scheme, a part that means nothing, or an option that is not known.
    """
    scheme, parted, rest = url.partition("://")
    if not parted or scheme not in _SCHEMES:
        named = f"{scheme}:// is not" if parted and re.fullmatch(r"[A-Za-z0-9+.-]{1,20}", scheme) else "it is none of"
        raise BadRedisUrl(f"{named} redis://, rediss://, unix:// or redis+sentinel://")
    place, _, query = rest.partition("?")
    if "@" in query:  # a password with a bare ? in it
        raise BadRedisUrl(_READS)
    said = dict(parse_qsl(query, keep_blank_values=True))
    tls = _tls(said, scheme)
    options = _tls_options(said, tls=tls)
    read = _socket if scheme == "unix" else _sentinels if "sentinel" in scheme else _server
    found = read(place, said, options, tls)
    _must_be_known(said, scheme)  # last: only now is it sure that these are options
    return found


def _server(place: str, said: dict[str, str], options: dict[str, Any], tls: bool) -> Address:
    login, netloc, path = _parts(place)
    database = said.get("db") or path
    if "/" in path or not re.fullmatch(r"\d{0,5}", database):
        raise BadRedisUrl(_READS)
    host = _host(netloc, _REDIS_PORT) if netloc else ("localhost", _REDIS_PORT)
    if host is None:
        raise BadRedisUrl(_READS)
    found = {"host": host[0], "port": host[1], "db": int(database or 0)}
    return Address(hosts=(host,), tls=tls, options={**found, **login, **_plain(said), **options})


def _socket(place: str, said: dict[str, str], options: dict[str, Any], _tls: bool) -> Address:
    at = place.rpartition("@")
    login = _login(at[0])
    database = said.get("db") or "0"
    if not at[2].startswith("/") or not database.isdecimal():
        raise BadRedisUrl(_READS)
    return Address(options={"path": unquote(at[2]), "db": int(database), **login, **_plain(said), **options})


def _sentinels(place: str, said: dict[str, str], options: dict[str, Any], tls: bool) -> Address:
    login, netloc, path = _parts(place)
    service, _, number = path.partition("/")
    database = said.get("db") or number
    hosts = [_host(item, _SENTINEL_PORT) for item in netloc.split(",") if item]
    known = tuple(host for host in hosts if host is not None)
    if not known or len(known) < len(hosts) or not service or not re.fullmatch(r"\d{0,5}", database):
        raise BadRedisUrl(_READS_SENTINEL)
    asked = {"username": said.get("sentinel_username"), "password": said.get("sentinel_password")}
    if asked["username"] and not asked["password"]:
        raise BadRedisUrl("sentinel_username is of no use without sentinel_password")
    own = {name: value for name, value in asked.items() if value}
    return Address(
        hosts=known,
        service=unquote(service),
        tls=tls,
        options={"db": int(database or 0), **login, **_plain(said), **options},
        sentinel_options={**own, **options, **({"ssl": True} if tls else {})},
    )


def _parts(place: str) -> tuple[dict[str, str], str, str]:
    """Login, hosts and path. What stands before the last @ of the hosts is the login: a / in it must be written %2F."""
    netloc, _, path = place.partition("/")
    login, _, hosts = netloc.rpartition("@")
    return _login(login), hosts, path.strip("/")


def _login(text: str) -> dict[str, str]:
    name, _, password = text.partition(":")
    return {key: unquote(value) for key, value in (("username", name), ("password", password)) if value}


def _host(text: str, port: int) -> tuple[str, int] | None:
    found = _HOST.fullmatch(text)
    if found is None or int(found["port"] or port) not in range(1, 65_536):
        return None
    return unquote(found["six"] or found["name"]), int(found["port"] or port)


# Options


def _path(value: str) -> str:
    if not Path(value).exists():
        raise ValueError("names no file")
    return value


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value.lower().removeprefix("cert_") not in allowed:
            raise ValueError(f"is one of {', '.join(allowed)}")
        return value.lower().removeprefix("cert_")

    return read


def _truth(value: str) -> bool:
    if value.lower() not in {"true", "false", "1", "0", "yes", "no"}:
        raise ValueError("is true or false")
    return value.lower() in {"true", "1", "yes"}


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < 3600:
        raise ValueError("is a number of seconds")
    return seconds


_TLS: Final[Mapping[str, Callable[[str], Any]]] = {
    "ssl_cert_reqs": _one_of("none", "optional", "required"),
    "ssl_ca_certs": _path,
    "ssl_certfile": _path,
    "ssl_keyfile": _path,
    "ssl_check_hostname": _truth,
}
_PLAIN: Final[Mapping[str, Callable[[str], Any]]] = {
    "client_name": str,
    "socket_timeout": _seconds,
    "socket_connect_timeout": _seconds,
    "socket_keepalive": _truth,
}
_EITHER: Final = ("family", "0")
"""As other clients write it: addresses of either family, which is so here anyway."""
_SENTINEL: Final = ("sentinel_username", "sentinel_password")


def _must_be_known(said: dict[str, str], scheme: str) -> None:
    known = {"db", *_TLS_NAMES, *_TLS, *_PLAIN, *(_SENTINEL if "sentinel" in scheme else ())}
    if strangers := [name for name, value in said.items() if name not in known and (name, value) != _EITHER]:
        shown = ", ".join(repr(name) if re.fullmatch(r"\w{1,40}", name) else "a part" for name in strangers)
        raise BadRedisUrl(f"{shown} after the ? is no option of {scheme}://; known are {', '.join(sorted(known))}")


def _tls(said: dict[str, str], scheme: str) -> bool:
    wanted = [_value(name, said[name], _truth) for name in _TLS_NAMES if name in said]
    by_scheme = scheme.startswith("rediss")
    if wanted and ((by_scheme and not all(wanted)) or (scheme == "unix" and any(wanted))):
        raise BadRedisUrl(f"{scheme}:// and what tls says after the ? contradict each other")
    return by_scheme or any(wanted)


def _tls_options(said: dict[str, str], *, tls: bool) -> dict[str, Any]:
    found = {name: _value(name, said[name], read) for name, read in _TLS.items() if name in said}
    if found and not tls:
        raise BadRedisUrl(f"{next(iter(found))} is about TLS: write rediss://")
    if tls and found.get("ssl_cert_reqs") != "none":  # redis-py takes any certificate that a known authority signed
        found.setdefault("ssl_check_hostname", True)
    return found


def _plain(said: dict[str, str]) -> dict[str, Any]:
    return {name: _value(name, said[name], read) for name, read in _PLAIN.items() if name in said}


def _value(name: str, value: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(value)
    except ValueError as error:
        raise BadRedisUrl(f"{name} {error}") from None
