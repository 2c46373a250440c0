"""Reads the console's variables of the environment (docs/reference/environment.md)."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatwootai.stores.server.shards import BadShards, Shard, Shards

HOST = "127.0.0.1"
PORT = 9200


class BadEnvironment(ValueError):
    """A variable or option has a value that cannot be used; the message names it and says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Addresses and paths of the console. `port` 0 is a free one, which the line "listening" names.

    `shards`: all Redis of the installation; None: the one of `redis_url`.

    `public_url`: the address that browsers use, where it is not the one listened on; empty: that of each request.
    `base_path`: the path below which browsers see it, as `/console`; empty: the root.
    `proxy`: peers, secret and groups of one that logs people in (access/proxy.py). `chatwoot_login`: administrators in
    Chatwoot may enter with their own access token. `oidc`: issuer, client, its secret, groups, and the claim that has
    them (access/oidc.py).
    """

    config: Path
    redis_url: str
    host: str
    port: int
    shards: Shards | None = None
    public_url: str = ""
    base_path: str = ""
    proxy: tuple[str, str, str] = ("", "", "")
    chatwoot_login: bool = False
    oidc: tuple[str, str, str, str, str] = ("", "", "", "", "")

    @classmethod
    def read(
        cls,
        environ: Mapping[str, str] = os.environ,
        *,
        config: Path,
        host: str | None = None,
        port: str | None = None,
        base_path: str | None = None,
    ) -> "Environment":
        """Read the variables; an option goes before its variable, and an empty one counts as unset.

        Raises:
            BadEnvironment: the port is no port, CONSOLE_URL no address, or CHATWOOTAI_REDIS_SHARDS cannot be read.
        """
        shards = _parse_shards(environ)
        return cls(
            config=config,
            redis_url=shards.first.url,
            shards=shards,
            host=host or environ.get("CONSOLE_HOST") or HOST,
            port=_parse_port(port or environ.get("CONSOLE_PORT") or str(PORT)),
            public_url=_parse_url(environ.get("CONSOLE_URL") or ""),
            base_path=_parse_base_path(base_path or environ.get("CONSOLE_BASE_PATH") or ""),
            proxy=(
                environ.get("CONSOLE_PROXY_PEERS") or "",
                environ.get("CONSOLE_PROXY_SECRET") or "",
                environ.get("CONSOLE_PROXY_GROUPS") or "",
            ),
            oidc=(
                (environ.get("CONSOLE_OIDC_ISSUER") or "").rstrip("/"),
                environ.get("CONSOLE_OIDC_CLIENT") or "",
                environ.get("CONSOLE_OIDC_SECRET") or "",
                environ.get("CONSOLE_OIDC_GROUPS") or "",
                environ.get("CONSOLE_OIDC_CLAIM") or "groups",
            ),
            chatwoot_login=_parse_chatwoot_login(environ.get("CONSOLE_CHATWOOT_LOGIN") or ""),
        )

    @property
    def all_shards(self) -> Shards:
        """Return all Redis of the installation."""
        return self.shards or Shards((Shard("", self.redis_url),))

    @property
    def loopback(self) -> bool:
        """Tell whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def _parse_shards(environ: Mapping[str, str]) -> Shards:
    try:
        return Shards.from_environment(environ)
    except BadShards as error:
        raise BadEnvironment(str(error)) from error


def _parse_port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and int(value) <= 65_535):
        raise BadEnvironment(f"the console's port is {value!r}: use a number from 0 (a free port) to 65535")
    return int(value)


def _parse_chatwoot_login(value: str) -> bool:
    if value not in {"", "administrators"}:
        raise BadEnvironment(f"CONSOLE_CHATWOOT_LOGIN is {value!r}: leave it out, or write administrators")
    return bool(value)


def _parse_url(value: str) -> str:
    if value and not re.fullmatch(r"https?://[^\s/@?#]+/?", value):
        raise BadEnvironment(f"CONSOLE_URL is {value!r}: write it as https://console.example.com, without a path")
    return value.rstrip("/")


def below_base(base_path: str, path: str) -> str:
    """Return what stands below the base path in a path; a proxy may hand it on with that or without."""
    return path.removeprefix(base_path) or "/" if re.match(rf"{re.escape(base_path)}(?![^/?])", path) else path


def _parse_base_path(value: str) -> str:
    path = value.rstrip("/")
    if path and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", path):
        raise BadEnvironment(f"the console's base path is {value!r}: write it as /console")
    return path
