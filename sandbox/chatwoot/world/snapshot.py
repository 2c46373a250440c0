"""A world on disk, so that a sandbox comes back as it was: plain JSON, written whole or not at all."""

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

from sandbox.chatwoot.world.records import (
    Account,
    AgentBot,
    Article,
    Contact,
    ContactInbox,
    Conversation,
    Inbox,
    Json,
    Label,
    Message,
    Team,
    User,
    Webhook,
)
from sandbox.chatwoot.world.world import World

_TABLES: Final[dict[str, type[Any]]] = {
    "accounts": Account,
    "users": User,
    "agent_bots": AgentBot,
    "inboxes": Inbox,
    "contacts": Contact,
    "contact_inboxes": ContactInbox,
    "teams": Team,
    "labels": Label,
    "webhooks": Webhook,
    "articles": Article,
}
_VERSION: Final = 1


class Unreadable(ValueError):
    """The state file is no state of this sandbox; remove it to begin anew."""


def dump(world: World) -> Json:
    """Return all records as plain data."""
    tables = {name: [dataclasses.asdict(record) for record in getattr(world, name).values()] for name in _TABLES}
    threads = [dataclasses.asdict(thread) for thread in world.conversations.values()]
    return {
        "version": _VERSION,
        "seed": world.seed,
        "sequences": world.sequences,
        "tables": tables,
        "conversations": threads,
    }


def restore(world: World, state: Json) -> World:
    """Fill an empty world from what `dump` wrote. Raises Unreadable."""
    if state.get("version") != _VERSION:
        raise Unreadable("the state file is of another version; remove it to begin anew")
    try:
        world.sequences |= state["sequences"]
        for name, kind in _TABLES.items():
            getattr(world, name).update({entry["id"]: kind(**entry) for entry in state["tables"].get(name, ())})
        for entry in state["conversations"]:
            _restore_thread(world, entry)
    except (KeyError, TypeError) as error:
        raise Unreadable(f"the state file is damaged ({error}); remove it to begin anew") from error
    return world


def _restore_thread(world: World, entry: Json) -> None:
    messages = [Message(**message) for message in entry["messages"]]
    thread = Conversation(**entry | {"messages": messages})
    world.conversations[thread.key] = thread
    world.messages |= {message.id: message for message in messages}


def save(world: World, path: Path) -> None:
    """Write the state beside its old self and put it in its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(path.suffix + ".new")
    fresh.write_text(json.dumps(dump(world), ensure_ascii=False))
    fresh.replace(path)


def load(world: World, path: Path) -> World | None:
    """Read a state into an empty world; None where there is no file. Raises Unreadable."""
    if not path.exists():
        return None
    try:
        state = json.loads(path.read_text())
    except ValueError as error:
        raise Unreadable(f"{path} is not JSON; remove it to begin anew") from error
    if not isinstance(state, dict):
        raise Unreadable(f"{path} holds no state; remove it to begin anew")
    return restore(world, state)
