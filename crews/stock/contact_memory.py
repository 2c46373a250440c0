"""Memory of crews with `memory: true` of a contact: in this process alone, bounded, and for a day.

Each contact of each account has a shelf of its own, one for each folder that its inboxes are answered from; nothing
that one of them said can be recalled for another. Nothing is written to disk or to Redis: another worker, and this
one once it is started anew, remembers nothing of it.
"""

import math
import time
from array import array
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from chatwootai.bounded_cache import BoundedCache
from crews.model_calls.call import Target

TENANTS, OF_A_TENANT, OF_A_CONTACT = 16, 512, 20
"""The most that is kept: tenants, and records of each; what was used longest ago goes first."""
LIFETIME = 24 * 3600.0
"""Seconds that a record is kept."""
LONGEST = 600
"""Characters of a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """Something to remember. `vector` None where no endpoint made one; `at`: unix seconds."""

    text: str
    vector: "array[float] | None"
    at: float


class ContactRecords:
    """One contact's records, oldest first."""

    def __init__(self) -> None:
        self._records: list[Record] = []

    def __len__(self) -> int:
        return len(self._records)

    def keep(self, texts: Sequence[str], vectors: Sequence[Sequence[float]] | None) -> None:
        """Remember texts; what is known word for word already is only renewed."""
        now = time.time()
        made = [_unit(vector) for vector in vectors] if vectors else [None] * len(texts)
        new = {
            text[:LONGEST]: Record(text[:LONGEST], vector, now)
            for text, vector in zip(texts, made, strict=True)
            if text
        }
        kept = [each for each in self._fresh() if each.text not in new]
        self._records = [*kept, *new.values()][-OF_A_CONTACT:]

    def recall(self, vector: Sequence[float] | None, most: int) -> list[tuple[Record, float]]:
        """Return the nearest records with their nearness (0 to 1); without a vector the newest."""
        records = self._fresh()
        if vector is None:
            return [(each, 0.5) for each in reversed(records[-most:])]
        asked = _unit(vector)
        found = [(each, _nearness(asked, each.vector)) for each in records]
        return sorted(found, key=lambda each: each[1], reverse=True)[:most]

    def _fresh(self) -> list[Record]:
        since = time.time() - LIFETIME
        return [each for each in self._records if each.at >= since]


class ContactMemoryStore:
    """Holds the records of each contact that this worker remembers."""

    def __init__(self) -> None:
        self._tenants: BoundedCache[tuple[str, str], BoundedCache[int, ContactRecords]] = BoundedCache(TENANTS)

    def of(self, account: str, folder: str, contact: int) -> ContactRecords:
        """Return the records of a contact, none yet for one who is new."""
        contacts = self._tenants.get_or_make((account, folder), lambda: BoundedCache(OF_A_TENANT))
        records = contacts.get_or_make(contact, ContactRecords)
        # No records count as one: contacts of whom nothing could be kept are many, too.
        while len(contacts) > 1 and sum(max(1, len(each)) for each in contacts.values()) > OF_A_TENANT - OF_A_CONTACT:
            contacts.evict()
        return records

    def forget(self, account: str, contact: int) -> int:
        """Forget a contact, whatever folder answered; return how many records there were."""
        gone = 0
        for (owner, _), contacts in self._tenants.items():
            if owner == account and (records := contacts.pop(contact)) is not None:
                gone += len(records)
        return gone


@dataclass(frozen=True, slots=True)
class MemoryBackend:
    """Memory of a worker's crews: the contacts' records, and `embed` (target, texts, deadline) where there is one."""

    store: ContactMemoryStore = field(default_factory=ContactMemoryStore)
    embed: Callable[[Target, Sequence[str], float], Coroutine[Any, Any, list[list[float]]]] | None = None


def _unit(vector: Sequence[float]) -> "array[float]":
    length = math.sqrt(sum(map(mul, vector, vector))) or 1.0
    return array("f", (each / length for each in vector))


def _nearness(one: "array[float]", other: "array[float] | None") -> float:
    """Return the nearness of two unit vectors; 0 where they cannot be compared, as after a change of model."""
    if other is None or len(other) != len(one):
        return 0.0
    return max(0.0, math.fsum(map(mul, one, other)))
