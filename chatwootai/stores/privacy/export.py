"""All that is kept of a contact, in words that a person can read."""

from collections import defaultdict
from typing import Any, Final

from chatwootai.stores.figures.ended_turn import read_row
from chatwootai.stores.privacy.holdings import BY_ROW, Holding, Holdings
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.privacy.values import Values, readable
from chatwootai.stores.server.connection import Connection, store_errors

_NAMES: Final = {
    "cw:box:{conv}": "waiting_messages",
    "cw:kept:{conv}": "messages_dealt_with",
    "cw:context:{conv}": "said_before",
    "cw:outbox:{conv}": "decided_and_not_yet_sent",
    "cw:media:{conv}:{message}": "read_in_attachments",
    "cw:calls:{conv}:{burst}": "done_by_tools",
    "cw:life:{conv}": "steps",
    "cw:conv:{conv}": "state",
    "cw:turn:{turn}": "turns",
    "cw:dead:{turn}": "dead_letters",
}
"""Places shown with their content; all others are counted in `places`."""
_EXCHANGE: Final = ("who", "text", "at")


class ContactExport:
    """Reads; changes nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Any = connection
        self._holdings = Holdings(connection)
        self._values = Values(connection)

    async def read(self, subject: Subject) -> dict[str, Any]:
        """Return all of it: who they are, their conversations with what is kept of each, what they spent, places.

        Raises:
            StoreUnavailable: Redis is away.
        """
        await self._holdings.identify(subject)
        conversations: dict[int, dict[str, Any]] = {one: {"conversation": one} for one in sorted(subject.conversations)}
        places: dict[str, int] = defaultdict(int)
        spent, log = list[Any](), list[Any]()
        async for holding in self._holdings.find(subject):
            places[holding.place] += len(holding.members or (b"",))
            if holding.place in _NAMES and holding.conversation in conversations:
                await self._add(conversations[holding.conversation], holding)
            elif holding.place.startswith("cw:spent:"):
                spent.append(
                    {"of": holding.key.removeprefix("cw:spent:"), **dict(await self._values.readable(holding.key))}
                )
            elif holding.place in BY_ROW:
                log += await self._rows(holding)
        return {
            "account": subject.account,
            "contact": subject.contact,
            "who": {name: sorted(getattr(subject, name)) for name in ("names", "phones", "mails", "identifiers")},
            "conversations": list(conversations.values()),
            "spent": spent,
            "log_and_index": log,
            "places": [{"place": name, "found": count} for name, count in sorted(places.items())],
        }

    async def _add(self, conversation: dict[str, Any], holding: Holding) -> None:
        name, value = _NAMES[holding.place], await self._values.readable(holding.key)
        if name == "said_before":
            value = [dict(zip(_EXCHANGE, one, strict=False)) if isinstance(one, list) else one for one in value]
        if holding.place.count("{") > 1 or holding.place in {"cw:turn:{turn}", "cw:dead:{turn}"}:
            of = holding.key.rpartition(":")[2]
            conversation.setdefault(name, []).append({"of": of, "kept": value})
        else:
            conversation[name] = value

    async def _rows(self, holding: Holding) -> list[Any]:
        found = list[Any]()
        for entry in holding.members or ():
            with store_errors(self._connection):
                rows = await self._connection.xrange(holding.key, min=entry, max=entry)
            for _, fields in rows:
                found += [_row(value) for value in fields.values()]
        return found


def _row(value: bytes) -> Any:
    turn = read_row(value)
    if turn is None:
        return readable(value)
    return {name: getattr(turn, name) for name in turn.__slots__}
