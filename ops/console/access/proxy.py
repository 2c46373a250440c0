"""Persons that a reverse proxy has logged in: believed of listed peers that know a secret, and of nobody else."""

import hmac
import ipaddress
from dataclasses import dataclass

from aiohttp import web

from ops.console.access.groups import Groups, identity_by_groups, parse_groups
from ops.console.access.identity import Identity
from ops.console.environment import BadEnvironment

USER = "X-Forwarded-User"
GROUPS = "X-Forwarded-Groups"
SECRET = "X-Console-Secret"  # noqa: S105 - a header's name
_LONGEST = 200

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Proxy:
    """Settings of the proxy: the addresses that it comes from, the secret that it sends, and what its groups may."""

    peers: tuple[Network, ...]
    secret: str
    groups: Groups

    @classmethod
    def read(cls, peers: str, secret: str, groups: str) -> "Proxy | None":
        """Return the settings of three texts; None where no peers are named.

        Args:
            peers: addresses or networks, separated by commas.
            secret: at least 16 characters.
            groups: `name=role` or `name=role:account`, separated by commas; names are compared whole.

        Raises:
            BadEnvironment: one of them means nothing.
        """
        if not peers:
            return None
        if len(secret) < 16:
            raise BadEnvironment(
                "CONSOLE_PROXY_SECRET: at least 16 characters, which the proxy sends as X-Console-Secret"
            )
        try:
            networks = tuple(ipaddress.ip_network(one.strip()) for one in peers.split(","))
        except ValueError as error:
            raise BadEnvironment(f"CONSOLE_PROXY_PEERS: {error}") from None
        return cls(networks, secret, parse_groups(groups, "CONSOLE_PROXY_GROUPS"))

    def who(self, request: web.Request) -> Identity | None:
        """Return the person that the proxy names, with the highest right of their groups; None where it names none."""
        name = request.headers.get(USER, "").strip()
        if not name or len(name) > _LONGEST or not self._is_peer(request.remote or ""):
            return None
        if not hmac.compare_digest(request.headers.get(SECRET, "").encode(), self.secret.encode()):
            return None
        named = (one.strip() for one in request.headers.get(GROUPS, "").split(","))
        return identity_by_groups(name, named, self.groups)

    def _is_peer(self, address: str) -> bool:
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:  # a socket of this machine has no address
            return False
        return any(peer in network for network in self.peers)
