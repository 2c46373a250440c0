"""Tells of a conversation what Chatwoot knows of it and nobody does here: why its newest message is not answered."""

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from chatwootai.stores.installation.incidents import Incidents, Kind
from ops.access import ChatwootRefused, NotFound, chatwoot_clients
from ops.jobs.incidents import print_incident
from ops.times import format_age, format_moment

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account
    from workers.chatwoot.client import Chatwoot
    from workers.chatwoot.records import Conversation, Message

_PATIENCE: Final = 5.0
_BRIEF: Final = 2.0
"""Seconds for what is looked at beside what is remembered."""
_AT_THE_DOOR: Final = frozenset({Kind.SIGNATURE, Kind.RATE})


async def look_for_missed(connection: "Connection", account: "Account", conversation: int) -> dict[str, Any] | None:
    """Return what Chatwoot says of a conversation that rests here, if there is a message of it that never came.

    None: there is none, or Chatwoot does not tell within two seconds.

    Raises:
        StoreUnavailable: Redis is away.
    """
    try:
        found = await look_in_chatwoot(connection, account, conversation, patience=_BRIEF)
    except (NotFound, ChatwootRefused):
        return None
    newest = found["newest"] or {}
    waits = found["status"] == "pending" and newest.get("by") == "the contact"
    return found if waits or (found["opened_by_failure"] and not found["assigned"]) else None


async def look_in_chatwoot(
    connection: "Connection", account: "Account", conversation: int, *, patience: float = _PATIENCE
) -> dict[str, Any]:
    """Return what Chatwoot says of a conversation, and what the doors refused of its account.

    `status`, `inbox`, `assigned`; `opened_at`, `opened_by_failure`: who opened it, where its lines tell; `bot`: the
    agent bot that answers its inbox (None: none does, or the token may not ask, as `bot_known` says); `newest`: of its
    newest message `by` and `at`.

    Raises:
        NotFound: Chatwoot has no such conversation.
        ChatwootRefused: it refuses, or does not answer.
    """
    from workers.chatwoot.errors import ChatwootError, Gone

    async with chatwoot_clients() as client:
        chatwoot = client(account)
        try:
            shown = await chatwoot.conversation(conversation, deadline=time.time() + patience)
            messages = await _messages(chatwoot, shown, patience)
        except Gone:
            raise NotFound(f"Chatwoot has no conversation {conversation} in account {account.key}") from None
        except ChatwootError as error:
            raise ChatwootRefused(f"nothing is remembered of it, and Chatwoot was asked: {error}") from error
    bot, bot_known = await _bot(account, shown.inbox)
    refused = [one for one in await Incidents(connection).all() if one.account == account.key]
    return {
        "status": shown.status, "inbox": shown.inbox, "assigned": shown.assignee_type == "User",
        "bot": bot, "bot_known": bot_known, **_opened(messages), "newest": _newest(messages),
        "history_read": chatwoot.reads_history,
        "refused": [_incident_as_json(one) for one in refused if one.kind in _AT_THE_DOOR],
    }  # fmt: skip


async def _messages(chatwoot: "Chatwoot", shown: "Conversation", patience: float) -> "tuple[Message, ...]":
    if not chatwoot.reads_history:
        return shown.last
    return await chatwoot.messages(shown.id, deadline=time.time() + patience)


def _opened(messages: "tuple[Message, ...]") -> dict[str, Any]:
    """Tell when Chatwoot opened the conversation for a failed webhook, if it is the last thing that it says."""
    from workers.catch_up.opened import tells_of_failure

    lines = [one for one in messages if one.type == "activity"]
    failed = bool(lines) and tells_of_failure(lines[-1])
    return {"opened_at": lines[-1].at if failed else None, "opened_by_failure": failed}


def _newest(messages: "tuple[Message, ...]") -> dict[str, Any] | None:
    said = [one for one in messages if one.type in {"incoming", "outgoing", "template"} and not one.private]
    if not said:
        return None
    by = "the contact" if said[-1].type == "incoming" else "us" if said[-1].mark else "people"
    return {"by": by, "at": said[-1].at, "message": said[-1].id}


async def _bot(account: "Account", inbox: int | None) -> tuple[int | None, bool]:
    """Return the bot that answers an inbox, and whether that could be asked: it takes an administrator's token."""
    import aiohttp

    from workers.chatwoot.admin import Admin
    from workers.chatwoot.errors import AdminError

    if inbox is None or account.user_token is None:
        return None, False
    async with aiohttp.ClientSession() as session:
        try:
            admin = Admin(session, account.installation.url, account.id, account.user_token.reveal())
            return await admin.bot_of(inbox), True
        except AdminError:
            return None, False


def _incident_as_json(one: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(one)


def print_chatwoot(conv: str, found: Mapping[str, Any]) -> None:
    """Print what `look_in_chatwoot` found where nothing is remembered, and what to do."""
    print(f"conversation {conv}: nothing of it is remembered here; Chatwoot says")
    _print_lines(conv, found)


def print_missed(conv: str, found: Mapping[str, Any]) -> None:
    """Print what `look_for_missed` found, and what to do."""
    print("  but Chatwoot has a message that never came here:")
    _print_lines(conv, found)


def _print_lines(conv: str, found: Mapping[str, Any]) -> None:
    for line in _lines(conv.rpartition(":")[0], found):
        print(f"  {line}")
    for one in found["refused"]:
        print_incident(one)


def _lines(account: str, found: Mapping[str, Any]) -> Iterator[str]:
    assigned = ", assigned to a teammate" if found["assigned"] else ""
    yield f"{found['status']}{assigned}, inbox {found['inbox']}, {_bot_text(found)}"
    now, newest = time.time(), found["newest"]
    if newest:
        yield f"newest message: #{newest['message']} by {newest['by']}, {format_age(newest['at'], now)} ago"
    if not found["history_read"]:
        yield "who opened it cannot be told: that takes a user_token in the mapping"
    if found["opened_by_failure"]:
        yield f"opened by Chatwoot at {format_moment(found['opened_at'] or 0)}, because our webhook failed"
    yield from _remedies(account, found)


def _bot_text(found: Mapping[str, Any]) -> str:
    if not found["bot_known"]:
        return "whose bot could not be asked for"
    return f"which bot {found['bot']} answers" if found["bot"] is not None else "which no bot answers"


def _remedies(account: str, found: Mapping[str, Any]) -> Iterator[str]:
    if found["bot_known"] and found["bot"] is None:
        yield f"to do: `chatwootai sync --account {account}` compares the set-up, `chatwootai connect` binds the bot"
    elif found["opened_by_failure"] and not found["assigned"]:
        yield f"to do: `chatwootai doctor --account {account} --problems` names what keeps webhooks from our door; then"
        yield f"       `chatwootai catch-up --opened-by-failure --account {account} --since 24h`"
    elif found["status"] == "pending" and found["newest"] and found["newest"]["by"] == "the contact":
        yield f"to do: `chatwootai catch-up --account {account}`"
    elif found["status"] in {"open", "snoozed", "resolved"}:
        yield f"people own it while it is {found['status']}: nothing is answered until they set it to pending"
