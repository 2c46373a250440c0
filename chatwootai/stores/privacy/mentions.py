"""Texts that name a contact though they are not theirs: another's conversation, a document, a note of an operator."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from chatwootai.stores.privacy.key_shapes import kind_of
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.privacy.values import Values, text_of
from chatwootai.stores.server.connection import Connection, store_errors

_PASSED: Final = frozenset({"cw:erasure:{account}:{contact}", "cw:erasures"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A text that holds a word of a contact's. `place`: the kind of key; `what`: names, phones, mails, identifiers."""

    place: str
    what: str
    account: str = ""
    conversation: str = ""


class Mentions:
    """Looks for a contact's words in all values, unpacked; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._values = Values(connection)

    async def find(self, subject: Subject) -> list[Mention]:
        """Return all keys in which a word of a contact's stands, whoever's they are.

        Raises:
            StoreUnavailable: Redis is away.
        """
        needles = subject.needles()
        return [one async for one in self._each(needles)] if needles else []

    async def _each(self, needles: dict[str, str]) -> AsyncIterator[Mention]:
        with store_errors(self._connection):
            names = [raw.decode("utf-8", "replace") async for raw in self._connection.scan_iter(count=1_000)]
        for key in names:
            known = kind_of(key)
            place = known[0].pattern if known else key
            if place in _PASSED:
                continue
            parts = known[1] if known else {}
            for what in sorted(await self._words(key, needles)):
                yield Mention(place, what, parts.get("account") or "", parts.get("conversation") or "")

    async def _words(self, key: str, needles: dict[str, str]) -> set[str]:
        found = {kind for needle, kind in needles.items() if needle in key.casefold()}
        async for field, value in self._values.each(key):
            text = text_of(value) + text_of(field)
            found |= {kind for needle, kind in needles.items() if needle in text}
        return found
