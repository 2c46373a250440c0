"""HTTP sessions that connect only where `net` lets them.

An address is judged where it is resolved, and the connection goes to that very address: a name that answers with a
public address first and a private one later (DNS rebinding) gains nothing.
"""

import socket
from collections.abc import Collection
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from chatwootai.net import judge, normal_host, normal_hosts

_CONNECTIONS: Final = 200


class Resolver(AbstractResolver):
    """Resolves as the system does, and refuses names by any of their addresses. `private`: hosts that may be inside."""

    def __init__(self, private: Collection[str] = (), inner: AbstractResolver | None = None) -> None:
        self._private = normal_hosts(private)
        self._inner = inner or DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a host.

        Raises:
            Forbidden: any of them is not public.
            OSError: there is no such host.
        """
        found = await self._inner.resolve(host, port, family)
        judge(host, [each["host"] for each in found], inside=normal_host(host) in self._private)
        return found

    async def close(self) -> None:
        """Close."""
        await self._inner.close()


def session(private: Collection[str] = (), *, decompress: bool = True) -> aiohttp.ClientSession:
    """Return a session whose every connection passes the resolver; no cookies, no proxies.

    Names are judged here, literal addresses are not: `allow` and `judge` do that.
    """
    connector = aiohttp.TCPConnector(resolver=Resolver(private), limit=_CONNECTIONS, ttl_dns_cache=10)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=decompress, trust_env=False
    )
