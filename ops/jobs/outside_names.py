"""Finds conversations by names of the outside world: an address in Chatwoot, a phone or mail, a message."""

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from chatwootai.stores.operators.history import ConversationHistories
from ops.access import ChatwootRefused, CommandError, NotFound

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account

URL: Final = re.compile(r"https?://\S+|/?app/accounts/\d+/\S+")
_PATH: Final = re.compile(r"/app/accounts/(?P<account>\d+)/(?:\S*/)?conversations/(?P<conversation>\d+)")
CONTACT: Final = re.compile(r"[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+|\+\d[\d ().-]{5,}\d")
MESSAGE: Final = re.compile(r"#?\d{1,15}")
_AT_ONCE: Final = 8
_MOST: Final = 10


def conversation_of_url(word: str, accounts: "Mapping[str, Account]") -> str:
    """Return the conversation that an address of Chatwoot's shows, as `1:25`.

    Raises:
        NotFound: it is no address of a conversation, or its account is not in the mapping.
    """
    place = _PATH.search(word if word.startswith(("http", "/")) else f"/{word}")
    if place is None:
        raise NotFound(f"{word} is no address of a conversation: .../app/accounts/3/conversations/15 is one")
    host = urlsplit(word).netloc
    fitting = [one for one in accounts.values() if one.id == int(place["account"])]
    exact = [one for one in fitting if urlsplit(one.installation.url).netloc == host]
    found = exact or fitting  # people see Chatwoot under another name than the one we call
    if len(found) == 1:
        return f"{found[0].key}:{place['conversation']}"
    if found:
        raise NotFound(f"several accounts have number {place['account']}: {', '.join(one.key for one in found)}")
    raise NotFound(f"the mapping has no account with Chatwoot's number {place['account']}")


async def conversations_of_contact(word: str, accounts: "Mapping[str, Account]") -> list[str]:
    """Return the conversations of a contact by phone or mail, asked of Chatwoot; the one with the newest words first.

    Raises:
        NotFound: no account knows the contact.
        ChatwootRefused: no account could be asked.
    """
    import aiohttp

    able = [one for one in accounts.values() if one.user_token]
    if not able:
        raise CommandError("a contact is looked for in Chatwoot, which needs a user_token: no account has one")
    room = asyncio.Semaphore(_AT_ONCE)
    async with aiohttp.ClientSession() as session:
        answers = await asyncio.gather(*(_in_account(session, room, one, word) for one in able))
    found = sorted((pair for answer in answers if not isinstance(answer, str) for pair in answer), reverse=True)
    if found:
        return [conv for _, conv in found]
    refusals = [answer for answer in answers if isinstance(answer, str)]
    if len(refusals) == len(able):
        raise ChatwootRefused(f"Chatwoot was asked for that contact: {refusals[0]}")
    left = f" ({len(refusals)} could not be asked: {refusals[0]})" if refusals else ""
    raise NotFound(f"no conversation of that contact is in the {len(able)} accounts that have a user_token{left}")


async def _in_account(
    session: Any, room: asyncio.Semaphore, account: "Account", word: str
) -> list[tuple[float, str]] | str:
    """Return moments and names of a contact's conversations in one account, or why it could not be asked."""
    from workers.chatwoot.admin import Admin
    from workers.chatwoot.errors import AdminError

    assert account.user_token is not None  # noqa: S101 - the caller chose those
    found: list[tuple[float, str]] = []
    async with room:
        try:
            admin = Admin(session, account.installation.url, account.id, account.user_token.reveal())
            for contact in await _contacts(admin, word):
                listed = await admin.call("GET", f"/contacts/{contact}/conversations")
                found += [(at, f"{account.key}:{number}") for at, number in _conversations(listed)]
        except AdminError as error:
            return str(error)
    return found


async def _contacts(admin: Any, word: str) -> list[int]:
    """Return the ids of the contacts whose phone or mail is just this one: Chatwoot's search finds parts of them."""
    answer = await admin.call("GET", f"/contacts/search?q={quote(_plain(word), safe='')}")
    payload = answer.get("payload") if isinstance(answer, dict) else None
    own = [one for one in payload or () if isinstance(one, dict) and isinstance(one.get("id"), int)]
    return [one["id"] for one in own if _plain(word) in {_plain(one.get("email")), _plain(one.get("phone_number"))}][
        :_MOST
    ]


def _plain(address: object) -> str:
    text = str(address or "").strip().casefold()
    return re.sub(r"[ ().-]", "", text) if text.startswith("+") else text


def _conversations(answer: object) -> list[tuple[float, int]]:
    payload = answer.get("payload") if isinstance(answer, dict) else None
    rows = [one for one in payload or () if isinstance(one, dict) and isinstance(one.get("id"), int)]
    return [(float(one.get("last_activity_at") or one.get("timestamp") or 0), one["id"]) for one in rows]


async def conversation_of_message(connection: "Connection", word: str) -> tuple[str, int]:
    """Return the conversation of a message that was admitted or heard in the last days, and its id.

    Raises:
        NotFound: none of that id came.
        StoreUnavailable: Redis is away.
    """
    number = int(word.removeprefix("#"))
    conv = await ConversationHistories(connection).of_message(number)
    if conv is None:
        raise NotFound(f"no message {number} came in the last days; a conversation is written 1:25")
    return conv, number
