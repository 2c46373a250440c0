"""Where a tool may connect to: hosts that an operator named, at the addresses that they really have.

The address is checked where it is resolved, and the connection goes to that very address: a name that answers with a
public address first and a private one later (DNS rebinding) gains nothing. Redirects pass here again.
"""

import ipaddress
import socket
from collections.abc import Collection

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from config.tools import host_of

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64: an IPv4 address inside
_CONNECTIONS = 200


class Forbidden(Exception):
    """Do not connect there; the message names host or scheme, never an address or a path."""


class Resolver(AbstractResolver):
    """Resolves as the system does, and refuses addresses that are not public. `private`: hosts that may have others."""

    def __init__(self, private: Collection[str], inner: AbstractResolver | None = None) -> None:
        self._private = frozenset(each.lower() for each in private)
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            Forbidden: any of them is not public.
            OSError: there is no such host.
        """
        found = await self._inner.resolve(host, port, family)
        if host.lower() not in self._private and not all(public(each["host"]) for each in found):
            raise Forbidden(f"{host} is not at a public address")
        return found

    async def close(self) -> None:
        """Close."""
        await self._inner.close()


def allowed(url: str, hosts: Collection[str], private: Collection[str]) -> None:
    """Refuse a URL whose host is not named, whose scheme is not HTTP, or that holds a private address itself.

    Raises:
        Forbidden: and why.
    """
    host = host_of(url)
    if not url.lower().startswith(("https://", "http://")):
        raise Forbidden("only http and https are allowed")
    if host not in {each.lower() for each in hosts}:
        raise Forbidden(f"the host {host[:100]} is not allowed")
    literal = host.strip("[]")
    if _is_address(literal) and host not in {each.lower() for each in private} and not public(literal):
        raise Forbidden(f"{host} is not a public address")


def public(address: str) -> bool:
    """Whether an address is anybody's on the internet, also in what it wraps."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is None and found in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return public(str(inner))
    return found.is_global and not found.is_multicast


def session(private: Collection[str]) -> aiohttp.ClientSession:
    """A session whose every connection passes the resolver; no cookies, no proxies, no redirects of its own."""
    connector = aiohttp.TCPConnector(resolver=Resolver(private), limit=_CONNECTIONS, ttl_dns_cache=30)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
