"""Shards: the Redis servers of an installation, and which of them an account lives on. Pure.

A shard is a whole cell: its accounts' conversations, jobs and records, and its own copy of what concerns all. Without
`CHATWOOTAI_REDIS_SHARDS` there is one without a name, of `REDIS_URL`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from chatwootai.stores.server.address import DEFAULT_URL, BadRedisUrl, address

VARIABLE: Final = "CHATWOOTAI_REDIS_SHARDS"
_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_NEXT: Final = re.compile(r",(?=[^,=/@?]*=[a-z+]+://)")
"""Between two shards: an address has commas too, between its sentinels."""
_READS: Final = "write name=address, separated by commas, as a=redis://one:6379/0,b=redis://two:6379/0"


class BadShards(ValueError):
    """CHATWOOTAI_REDIS_SHARDS cannot be used; the message says what to write, and repeats no address."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{VARIABLE}: {why}")


class UnknownShard(LookupError):
    """There is no shard of this name; the message names those that there are."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One Redis. `name`: empty for the only one, of REDIS_URL."""

    name: str
    url: str = field(repr=False)

    @property
    def setting(self) -> str:
        """Return where its address is written, for messages to operators."""
        return f"{VARIABLE}, shard {self.name}" if self.name else "REDIS_URL"


class Shards:
    """All shards of an installation, in the order in which they are written."""

    def __init__(self, shards: tuple[Shard, ...]) -> None:
        self._shards = shards
        self._by_name = {each.name: each for each in shards}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Shards":
        """Read CHATWOOTAI_REDIS_SHARDS, or REDIS_URL where that is unset or empty.

        Raises:
            BadShards: an entry is no `name=address`, a name is none or stands twice, or an address cannot be read.
        """
        said = environ.get(VARIABLE, "").strip()
        if not said:
            return cls((Shard("", environ.get("REDIS_URL") or DEFAULT_URL),))
        shards = tuple(_shard(entry.strip()) for entry in _NEXT.split(said))
        names = [each.name for each in shards]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise BadShards(f"there are two shards {twice}; give each a name of its own")
        return cls(shards)

    def __iter__(self) -> Iterator[Shard]:
        """Return each shard."""
        return iter(self._shards)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._shards)

    @property
    def first(self) -> Shard:
        """Return the one that is written first."""
        return self._shards[0]

    @property
    def names(self) -> tuple[str, ...]:
        """Return their names; none where the only one is REDIS_URL's."""
        return tuple(name for name in self._by_name if name)

    def named(self, name: str) -> Shard:
        """Return the shard of a name.

        Raises:
            UnknownShard: there is none.
        """
        if (found := self._by_name.get(name)) is None:
            known = ", ".join(self.names) or f"none, since {VARIABLE} is not set"
            raise UnknownShard(f"there is no shard {name[:32]!r}; known: {known}")
        return found

    def of(self, account_key: str, pin: str | None = None) -> Shard:
        """Return the shard of an account: the one it is pinned to, else the one with the highest score for its key.

        So a further shard takes its own part of the accounts, and no account changes between the others (rendezvous
        hashing). With one shard there is nothing to choose.

        Raises:
            UnknownShard: it is pinned to a shard that there is not, among several or named ones.
        """
        if pin is not None and self.names:
            return self.named(pin)
        if len(self._shards) == 1:
            return self._shards[0]
        return max(self._shards, key=lambda shard: (_score(shard.name, account_key), shard.name))


def _score(name: str, account_key: str) -> bytes:
    return blake2b(f"{name}\0{account_key}".encode(), digest_size=8).digest()


def _shard(entry: str) -> Shard:
    name, parted, url = entry.partition("=")
    if not parted or "://" in name:
        raise BadShards(_READS)
    if not _NAME.fullmatch(name):
        raise BadShards("the name of a shard has 1 to 32 small letters, digits and hyphens")
    if "," in url and "sentinel" not in url.partition("://")[0]:
        raise BadShards(f"shard {name}: {_READS}; a comma within an address is %2C")
    try:
        address(url)
    except BadRedisUrl as error:
        raise BadShards(f"shard {name}: {error.why}") from None
    return Shard(name, url)
