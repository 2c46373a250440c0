"""Finds each key, member, row and answer that is a contact's, by looking at all keys.

`of_person` in key_list.py says what each kind holds; what holds words or ids is found by its name (a conversation's, a
contact's), by its value, by its members or by its rows, or it is not to be told whose it is (`UNTRACED`).
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from chatwootai.stores import keys
from chatwootai.stores.conversation.entries import BrokenEntry, unpack_delivery
from chatwootai.stores.figures.ended_turn import read_row
from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.privacy.values import Values
from chatwootai.stores.server.connection import Connection, store_errors

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Holding:
    """One thing that is kept of a contact. `place`: the kind of key, as in the list.

    `members`: those of the key that are theirs; None: the whole key is. `conversation`: its display id, where it is of
    one. `shared`: whose it was is not kept: it is all of the account's.
    """

    place: str
    key: str
    members: tuple[bytes, ...] | None = None
    conversation: int | None = None
    shared: bool = False


Theirs = Callable[[Subject, bytes], bool]


def _of_conv(subject: Subject, raw: bytes) -> bool:
    account, _, conversation = raw.decode("utf-8", "replace").rpartition(":")
    return subject.owns(account, conversation)


def _of_turn(subject: Subject, raw: bytes) -> bool:
    return raw.decode("utf-8", "replace") in subject.turns


def _of_job(subject: Subject, raw: bytes) -> bool:
    return subject.owns_job(raw.decode("utf-8", "replace"))


def _of_row(subject: Subject, raw: bytes) -> bool:
    turn = read_row(raw)
    return turn is not None and subject.owns(turn.account, turn.conversation)


def _of_line(subject: Subject, raw: bytes) -> bool:
    said = _json(raw)
    conv = str(said.get("conv") or said.get("conversation") or "")
    if ":" in conv:
        return _of_conv(subject, conv.encode())
    return subject.owns(said.get("account"), conv) or subject.owns_job(str(said.get("job") or ""))


def _of_would_be_hit(subject: Subject, raw: bytes) -> bool:
    said = _json(raw)
    return any(subject.owns(subject.account, said.get(name)) for name in ("asked", "answered"))


def _turn_record(subject: Subject, raw: bytes) -> bool:
    said = _json(raw)
    return subject.owns(said.get("account"), said.get("conversation"))


def _letter(subject: Subject, raw: bytes) -> bool:
    said = _json(raw)
    if _of_conv(subject, str(said.get("conv") or "").encode()):
        return True
    held = said.get("deliveries")
    return any(_is_theirs(subject, one) for one in held if isinstance(one, dict)) if isinstance(held, list) else False


def _is_theirs(subject: Subject, delivery: Mapping[str, Any]) -> bool:
    contact = delivery.get("contact")
    return (
        isinstance(contact, dict)
        and str(delivery.get("account")) == subject.account
        and contact.get("id") == subject.contact
    )


def _seen_request(subject: Subject, raw: bytes) -> bool:
    return _of_conv(subject, raw.partition(b" ")[0])


def _shown(subject: Subject, raw: bytes) -> bool:
    return subject.owns(subject.account, raw.decode("utf-8", "replace"))


BY_VALUE: Final[Mapping[str, Theirs]] = {
    "cw:seen:d:{account}:{delivery}": _seen_request,
    "cw:turn:{turn}": _turn_record,
    "cw:dead:{turn}": _letter,
    "cw:worked:{account}": _shown,
}
BY_MEMBER: Final[Mapping[str, Theirs]] = {
    "cw:timers": _of_conv,
    "cw:open": _of_conv,
    "cw:dead": _of_turn,
    "cw:thumbs:{account}": _of_turn,
    "cw:scheduled": _of_job,
    "cw:leases": _of_job,
    "cw:owners": _of_job,
    "cw:ready:{lane}:{account}": _of_job,
    "cw:parked:{account}": _of_job,
    "arq:queue": _of_job,
    "cw:shadow:{account}:rows": _of_would_be_hit,
    "cw:alike:{account}:{scope}": _shown,
}
BY_ROW: Final[Mapping[str, Theirs]] = {
    "cw:turns:{account}": _of_row,
    "cw:turns-recent": _of_row,
    "cw:events:info": _of_line,
    "cw:events:trouble": _of_line,
}
INDEX: Final = "cw:contact:{account}:{contact}"
WORK: Final = frozenset({
    "cw:box:{conv}", "cw:conv:{conv}", "cw:outbox:{conv}", "cw:job:{job}", "cw:timers", "cw:open", "cw:scheduled",
    "cw:leases", "cw:owners", "cw:ready:{lane}:{account}", "cw:parked:{account}", "arq:queue", "arq:job:{job}",
    "arq:retry:{job}", "arq:in-progress:{job}",
})  # fmt: skip
"""The places of a conversation's work, which stays where the contact has written since the erasure began."""
UNTRACED: Final = frozenset({"cw:done:{account}:{digest}", "cw:vector:{account}"})
"""Answers and embeddings of questions that are kept without a word of whose they were: all of the account's go."""
STAYS: Final = frozenset({"cw:audit"})
"""The chain of operators' actions, which a removal would break: it names conversations by their numbers alone."""
OWN: Final = frozenset({"cw:erasures", "cw:erasures:done", "cw:copy:{stream}"})
"""The keys of erasures themselves, which they take away when they end."""
_NAMED_FIELDS: Final = frozenset({"cw:owners", "cw:alike:{account}:{scope}", "cw:thumbs:{account}"})
"""Hashes whose fields, not values, say whose they are."""


def found_by_name(pattern: str) -> bool:
    """Tell whether the name of such a key says whose it is."""
    return any(part in pattern for part in ("{conv}", "{contact}", "{job}")) or pattern.startswith("cw:spent:")


class Holdings:
    """Looks through all keys; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._values = Values(connection)

    async def identify(self, subject: Subject) -> None:
        """Add to a subject the conversations, names and addresses that mailboxes, kept deliveries and letters tell.

        Raises:
            StoreUnavailable: Redis is away.
        """
        with store_errors(self._connection):
            index = await self._connection.zrange(keys.contact(subject.account, subject.contact), 0, -1)
        subject.conversations |= {int(one) for one in index if one.isdigit()}
        for pattern in (f"cw:box:{_quoted(subject.account)}:*", f"cw:kept:{_quoted(subject.account)}:*", "cw:dead:*"):
            async for page in self._scan(pattern):
                for key in page:
                    await self._learn(subject, key)

    async def _learn(self, subject: Subject, key: str) -> None:
        async for _, value in self._values.each(key):
            held = _json(value)
            for one in [held] if "message" in held else held.get("deliveries") or []:
                if isinstance(one, dict) and _is_theirs(subject, one):
                    _take(subject, one)

    async def find(self, subject: Subject, awake: Set[int] = frozenset()) -> AsyncIterator[Holding]:
        """Yield all that is kept of a subject whose conversations are known; adds the turns that it meets.

        Args:
            subject: whose.
            awake: conversations in which they wrote since; what those have to do is left out.

        Raises:
            StoreUnavailable: Redis is away.
        """
        later = list[tuple[str, str]]()
        asleep = replace(subject, conversations=subject.conversations - awake)
        async for page in self._scan("*"):
            for holding in await self._of_page(subject, page, later):
                if holding.place not in WORK or holding.conversation not in awake:
                    yield holding
        for place, key in later:  # the turns are known by now
            found = [one async for one in self._members(asleep if place in WORK else subject, place, key)]
            if found:
                yield Holding(place, key, tuple(found))

    async def _of_page(self, subject: Subject, page: Sequence[str], later: list[tuple[str, str]]) -> list[Holding]:
        found, by_value = list[Holding](), list[tuple[str, str]]()
        for key in page:
            known = kind_of(key)
            if known is None:
                continue
            (kind, parts), place = known, known[0].pattern
            if parts.get("account", subject.account) != subject.account:
                continue
            if place in BY_VALUE:
                by_value.append((place, key))
            elif (
                place in BY_MEMBER
                or place in BY_ROW
                or (place == INDEX and _name_is_theirs(subject, place, key, parts))
            ):
                later.append((place, key))
            elif place in UNTRACED:
                found.append(Holding(place, key, shared=True))
            elif place != INDEX and kind.of_person != "nothing" and _name_is_theirs(subject, place, key, parts):
                found.append(Holding(place, key, conversation=_of_name(parts)))
        return found + await self._of_values(subject, by_value)

    async def _of_values(self, subject: Subject, wanted: Sequence[tuple[str, str]]) -> list[Holding]:
        if not wanted:
            return []
        with store_errors(self._connection):
            values = await self._connection.mget([key for _, key in wanted])
        found = list[Holding]()
        for (place, key), value in zip(wanted, values, strict=True):
            if value is not None and BY_VALUE[place](subject, value):
                found.append(Holding(place, key, conversation=_conversation(value)))
                if place in {"cw:turn:{turn}", "cw:dead:{turn}"}:
                    subject.turns.add(key.split(":", 2)[2])
        return found

    async def _members(self, subject: Subject, place: str, key: str) -> AsyncIterator[bytes]:
        if place == INDEX:
            with store_errors(self._connection):
                for member in await self._connection.zrangebyscore(key, "-inf", subject.at_ms or "+inf"):
                    yield member
            return
        if place in BY_ROW:
            async for entry, fields in self._values.stream(key):
                if any(BY_ROW[place](subject, value) for value in fields.values()):
                    yield entry
            return
        async for field, value in self._values.each(key):
            member = field if place in _NAMED_FIELDS else value
            if BY_MEMBER[place](subject, member):
                yield member

    async def _scan(self, pattern: str) -> AsyncIterator[list[str]]:
        page = list[str]()
        with store_errors(self._connection):
            async for raw in self._connection.scan_iter(match=pattern, count=_PAGE):
                page.append(raw.decode("utf-8", "replace"))
                if len(page) == _PAGE:
                    yield page
                    page = []
        yield page


def _name_is_theirs(subject: Subject, place: str, key: str, parts: Mapping[str, str]) -> bool:
    if place.startswith("cw:spent:"):
        return key.startswith(keys.spent_by_contact(subject.account, subject.contact))
    if "job" in parts:
        return subject.owns_job(parts["job"])
    if "contact" in parts:
        return int(parts["contact"]) == subject.contact
    return "conversation" in parts and subject.owns(parts["account"], parts["conversation"])


def _of_name(parts: Mapping[str, str]) -> int | None:
    """Return the conversation that a key's name tells, by itself or in a job's name."""
    job = parts.get("job", "").removeprefix("turn:").rpartition(":")[0]
    name = parts.get("conversation") or job.rpartition(":")[2]
    return int(name) if name.isdigit() else None


def _take(subject: Subject, delivery: dict[str, Any]) -> None:
    try:
        read = unpack_delivery(orjson.dumps(delivery))
    except BrokenEntry:
        return
    subject.learn(read.contact)
    subject.conversations.add(read.conversation)


def _conversation(value: bytes) -> int | None:
    said = _json(value)
    name = str(said.get("conversation") or said.get("conv") or "").rpartition(":")[2]
    return int(name) if name.isdigit() else None


def _json(raw: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _quoted(account: str) -> str:
    """Return an account's key as a pattern of SCAN has it."""
    return "".join(f"\\{each}" if each in "*?[]\\^" else each for each in account)
