"""Reads this process's variables of the environment (docs/reference/environment.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from chatwootai.stores.conversation.mailbox import MOST_WAITING
from chatwootai.stores.server.shards import BadShards, Shards
from ingress.body_limits import HIGHEST_MIB, MIB, MOST_MIB

MOST_CONNECTIONS = 4096


class BadEnvironment(ValueError):
    """A variable has a value that cannot be used; the message names it and says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Addresses, paths and limits. `port` 0 is a free one, which the line "listening" names.

    `most_waiting`: messages that may wait for one account before the door says 429; `most_body`: bytes of a webhook's
    body; `most_connections`: how many may be open at once. `drain`: seconds from SIGTERM to the closed
    socket. `strict`: start with the folder or not at all.
    """

    config: Path
    shards: Shards
    host: str
    port: int
    journal: Path
    most_waiting: int
    most_body: int
    most_connections: int
    drain: int
    strict: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str], *, strict: bool = False) -> "Environment":
        """Read the variables; an empty one counts as unset.

        Raises:
            BadEnvironment: INGRESS_PORT is no port, a number is none or out of its range, or CHATWOOTAI_REDIS_SHARDS
                cannot be read.
        """

        def value(name: str, default: str) -> str:
            return environ.get(name) or default

        return cls(
            config=Path(value("CHATWOOTAI_CONFIG", "config")),
            shards=_shards(environ),
            host=value("INGRESS_HOST", "0.0.0.0"),  # noqa: S104 - a container's port is published on purpose
            port=_parse_port(value("INGRESS_PORT", "8080")),
            journal=Path(value("JOURNAL_DIR", "var/journal")),
            most_waiting=_parse_count(value("INGRESS_MOST_WAITING", str(MOST_WAITING))),
            most_body=MIB * _parse_in_range(value, "INGRESS_MOST_BODY_MIB", MOST_MIB, 1, HIGHEST_MIB),
            most_connections=_parse_in_range(value, "INGRESS_MOST_CONNECTIONS", MOST_CONNECTIONS, 64, 60_000),
            drain=_parse_in_range(value, "INGRESS_DRAIN_SECONDS", 0, 0, 300),
            strict=strict,
        )


def _shards(environ: Mapping[str, str]) -> Shards:
    try:
        return Shards.from_environment(environ)
    except BadShards as error:
        raise BadEnvironment(str(error)) from None


def _parse_port(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 5 and int(value) <= 65_535):
        raise BadEnvironment(f"INGRESS_PORT is {value!r}: use a number from 0 (a free port) to 65535")
    return int(value)


def _parse_count(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 9 and int(value) > 0):
        raise BadEnvironment(f"INGRESS_MOST_WAITING is {value!r}: use a number of messages from 1, as {MOST_WAITING}")
    return int(value)


def _parse_in_range(value: Callable[[str, str], str], name: str, default: int, least: int, most: int) -> int:
    said = value(name, str(default))
    if not (said.isascii() and said.isdigit() and len(said) <= 6 and least <= int(said) <= most):
        raise BadEnvironment(f"{name} is {said!r}: use a number from {least} to {most}, as {default}")
    return int(said)
