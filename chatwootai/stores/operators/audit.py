"""The audit: what people did to this installation, in a chain of which each entry names the digest of the one before.

An entry holds who, what, of which account or conversation, how many, and with which options: no customer's name,
address or words.
"""

import hashlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.server.connection import Connection, StoreUnavailable, store_errors
from chatwootai.stores.server.scripts import Runner

KEPT: Final = 20_000
"""Entries kept, of about 400 bytes each; older ones go, and `audit -o jsonl` keeps them elsewhere."""
_MOST_CHARACTERS: Final = 200
_MOST_DETAILS: Final = 12
_PAGE: Final = 500
_TRIES: Final = 20
_SKEW_SECONDS: Final = 3600.0
"""Seconds that Redis's clock, which numbers the stream, may differ from the one that wrote `at`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One thing that a person did. `number` counts from 1; `at`: unix seconds; `digest`: SHA-256 of its body, in hex.

    `of`: the conversation, turn or version it was done to, empty where it was done to many; `count`: to how many.
    """

    number: int
    at: float
    who: str
    what: str
    account: str
    of: str
    count: int
    details: Mapping[str, str] = field(default_factory=dict)
    previous: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The result of following the chain. `first` and `last`: the numbers kept; `faults`: a sentence each."""

    entries: int
    first: int
    last: int
    digest: str
    faults: tuple[str, ...]


class AuditLog:
    """The audit of one installation. Entries are appended and read, never changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._runner = Runner.of(connection)

    async def append(
        self, who: str, what: str, *, account: str = "", of: str = "", count: int = 1,
        details: Mapping[str, str] | None = None,
    ) -> AuditEntry:  # fmt: skip
        """Append an entry and return it; two people at once are put one after the other.

        Raises:
            StoreUnavailable: Redis is away, or others append all the time.
        """
        kept = {name: _printable(value) for name, value in list((details or {}).items())[:_MOST_DETAILS]}
        own = {"who": _printable(who), "what": what, "account": account, "of": of, "count": count, "details": kept}
        for _ in range(_TRIES):
            number, previous = await self._head()
            entry: dict[str, Any] = {**own, "number": number + 1, "at": round(time.time(), 3), "previous": previous}
            body = orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)
            digest = hashlib.sha256(body).hexdigest()
            newest = await self._runner.run("audit", previous=previous, body=body, digest=digest, most=KEPT)
            if not newest or newest.decode() == digest:  # appended; or it was, by a try whose answer was lost
                return AuditEntry(**entry, digest=digest)
        raise StoreUnavailable("the audit changes all the time")

    async def _head(self) -> tuple[int, str]:
        with store_errors(self._connection):
            number, digest = await self._connection.hmget(keys.AUDIT_HEAD, "number", "digest")
        return int(number or 0), (digest or b"").decode()

    async def entries(self, since: float = 0.0, until: float | None = None) -> AsyncIterator[AuditEntry]:
        """Yield the entries between two moments (unix seconds), the oldest first; what cannot be read is left out.

        Raises:
            StoreUnavailable: Redis is away.
        """
        async for body, digest in self._pages(max(0, int((since - _SKEW_SECONDS) * 1000))):
            entry = _entry(body, digest)
            if entry is not None and since <= entry.at <= (until or entry.at):
                yield entry

    async def newest(self, takes: Callable[[AuditEntry], bool], most: int) -> list[AuditEntry]:
        """Return the newest entries that are wanted, the newest first, at most so many.

        Raises:
            StoreUnavailable: Redis is away.
        """
        found: list[AuditEntry] = []
        newest = "+"
        while len(found) < most:
            with store_errors(self._connection):
                page = await self._connection.xrevrange(keys.AUDIT, max=newest, count=_PAGE)
            for _, fields in page:
                entry = _entry(fields.get(b"body", b""), fields.get(b"digest", b"").decode("utf-8", "replace"))
                if entry is not None and takes(entry) and len(found) < most:
                    found.append(entry)
            if len(page) < _PAGE:
                break
            newest = f"({page[-1][0].decode()}"
        return found

    async def _pages(self, since_ms: int = 0) -> AsyncIterator[tuple[bytes, str]]:
        start = str(since_ms)
        while True:
            with store_errors(self._connection):
                page = await self._connection.xrange(keys.AUDIT, min=start, count=_PAGE)
            for _, fields in page:
                yield fields.get(b"body", b""), fields.get(b"digest", b"").decode("utf-8", "replace")
            if len(page) < _PAGE:
                return
            start = f"({page[-1][0].decode()}"

    async def verify(self) -> Verification:
        """Follow the chain from the oldest entry kept to the newest.

        Raises:
            StoreUnavailable: Redis is away.
        """
        faults: list[str] = []
        first = last = count = 0
        digest = ""
        async for body, kept in self._pages():
            count += 1
            entry = _entry(body, kept)
            if entry is None:
                faults.append(f"the entry after number {last} cannot be read")
                continue
            faults += _faults(entry, hashlib.sha256(body).hexdigest(), last, digest)
            first, last, digest = first or entry.number, entry.number, entry.digest
        head = await self._head()
        if head != (last, digest):
            faults.append(
                f"the newest entry here is number {last}, and number {head[0]} was written last: the end is missing"
            )
        return Verification(entries=count, first=first, last=last, digest=digest, faults=tuple(faults))


def _faults(entry: AuditEntry, digest: str, before: int, previous: str) -> list[str]:
    """Return what is wrong with an entry that follows number `before`, whose digest is `previous`."""
    found = []
    if digest != entry.digest:
        found.append(
            f"entry {entry.number} was changed: its digest is {digest[:12]}, and {entry.digest[:12]} is written"
        )
    if before and entry.number != before + 1:
        found.append(f"entry {entry.number} follows entry {before}: those between are missing, or the order is another")
    elif before and entry.previous != previous:
        found.append(f"entry {entry.number} does not follow entry {before} as that stands here")
    elif not before and entry.number > 1 and not entry.previous:
        found.append(f"entry {entry.number} names none before it")
    return found


def _entry(body: bytes, digest: str) -> AuditEntry | None:
    try:
        said = orjson.loads(body)
        names = AuditEntry.__slots__
        return AuditEntry(**{**{name: said[name] for name in names if name in said}, "digest": digest})
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None


def _printable(text: str) -> str:
    return "".join(each for each in str(text) if each.isprintable())[:_MOST_CHARACTERS]


def entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry as `audit` prints it."""
    return asdict(entry)
