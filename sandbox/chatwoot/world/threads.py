"""Changes of a conversation, and which events tell of each."""

from typing import Any, Final

from sandbox.chatwoot.world import payloads
from sandbox.chatwoot.world.records import (
    ACTIVITY,
    ContactInbox,
    Conversation,
    Event,
    Json,
    Message,
    Status,
)
from sandbox.chatwoot.world.world import World

ERROR_NOTICE: Final = "Conversation was marked open by system due to an error with the agent bot."
# Our field -> Chatwoot's column, in the order in which Chatwoot lists what changed.
_COLUMNS: Final = {
    "status": "status",
    "assignee_id": "assignee_id",
    "labels": "label_list",
    "updated_at": "updated_at",
    "snoozed_until": "snoozed_until",
    "custom_attributes": "custom_attributes",
    "team_id": "team_id",
    "first_reply_at": "first_reply_created_at",
    "priority": "priority",
    "waiting_since": "waiting_since",
    "cached_labels": "cached_label_list",
    "assignee_bot_id": "assignee_agent_bot_id",
}


def begin(
    world: World, place: ContactInbox, attributes: Json | None = None, status: Status | None = None
) -> Conversation:
    """Open a conversation: pending in a bot's inbox, resolved for a blocked contact, else open."""
    inbox = world.inboxes[place.inbox_id]
    bot = world.bot_of(inbox)
    now = world.clock()
    display_id = world.next_id(f"conversation:{inbox.account_id}")
    thread = Conversation(
        id=display_id, account_id=inbox.account_id, inbox_id=inbox.id, contact_inbox_id=place.id, uuid=world.uuid(),
        created_at=now, updated_at=now, waiting_since=now, last_activity_at=now,
        status=status or ("pending" if bot else "open"), additional_attributes=attributes or {},
    )  # fmt: skip
    if world.contacts[place.contact_id].blocked:
        thread.status = "resolved"
    if bot and world.assigns_bot and thread.status == "pending":
        thread.assignee_bot_id = bot.id
    world.conversations[thread.key] = thread
    return thread


def announce(world: World, thread: Conversation) -> None:
    """Tell of a conversation's beginning: Chatwoot does so once its first message is there."""
    if not thread.announced:
        thread.announced = True
        world.emit(Event("conversation_created", thread.account_id, conversation=thread))


def update(world: World, thread: Conversation, /, **changes: Any) -> bool:
    """Change fields of a conversation and tell of what really changed. Returns whether anything did."""
    before = {name: getattr(thread, name) for name in changes}
    changed = {name: value for name, value in changes.items() if before[name] != value}
    if not changed:
        return False
    for name, value in changed.items():
        setattr(thread, name, value)
    moved = thread.updated_at
    thread.updated_at = max(world.clock(), moved)
    listed = {name: (before[name], changed[name]) for name in changed} | {"updated_at": (moved, thread.updated_at)}
    if "labels" in changed:
        listed["cached_labels"] = (", ".join(before["labels"]) or None, ", ".join(changed["labels"]) or None)
    if "status" in changed:
        _tell_status(world, thread)
    pairs = tuple((_COLUMNS[name], *_values(name, *listed[name])) for name in _COLUMNS if name in listed)
    world.emit(Event("conversation_updated", thread.account_id, conversation=thread, changed=pairs))
    return True


def _values(name: str, old: Any, new: Any) -> tuple[Any, Any]:
    if name in ("updated_at", "waiting_since", "first_reply_at", "snoozed_until"):
        return (payloads.iso(old) if old else None, payloads.iso(new) if new else None)
    return old, new


def _tell_status(world: World, thread: Conversation) -> None:
    names = {"open": ["conversation_opened"], "resolved": ["conversation_resolved"]}.get(thread.status, [])
    for name in [*names, "conversation_status_changed"]:
        world.emit(Event(name, thread.account_id, conversation=thread))


def activity(world: World, thread: Conversation, text: str) -> Message:
    """Add a line that only teammates see and no webhook tells of."""
    now = world.clock()
    message = Message(
        id=world.next_id("message"), account_id=thread.account_id, inbox_id=thread.inbox_id,
        conversation_id=thread.id, message_type=ACTIVITY, content=text, created_at=now, updated_at=now,
    )  # fmt: skip
    thread.messages.append(message)
    world.messages[message.id] = message
    world.emit(Event("message_created", thread.account_id, conversation=thread, message=message))
    return message


def set_status(world: World, thread: Conversation, status: Status, by: str, until: float | None = None) -> None:
    """Move a conversation to a status in someone's name."""
    if update(world, thread, status=status, snoozed_until=until if status == "snoozed" else None):
        activity(world, thread, f"{by} set the conversation to {status}.")


def hand_off(world: World, thread: Conversation, by: str) -> None:
    """Open a pending conversation, as a bot's token does: people are waited for, the bot lets go."""
    update(world, thread, status="open", waiting_since=world.clock(), assignee_bot_id=None)
    activity(world, thread, f"{by} handed the conversation to the team.")


def open_after_failure(world: World, thread: Conversation) -> None:
    """Give people the conversation of an agent bot that cannot be reached; the bot stays named."""
    if thread.status == "pending" and not world.accounts[thread.account_id].keep_pending:
        update(world, thread, status="open")
        activity(world, thread, ERROR_NOTICE)


def take_over(world: World, thread: Conversation, user_id: int) -> None:
    """Let a teammate step in: open, and theirs."""
    name = world.users[user_id].name
    if update(world, thread, status="open", assignee_id=user_id, assignee_bot_id=None, snoozed_until=None):
        activity(world, thread, f"{name} took the conversation over.")


def hand_back(world: World, thread: Conversation, user_id: int, *, assign_bot: bool = False) -> None:
    """Let a teammate give the conversation back: pending. The assignee stays, unless the bot is named."""
    bot = world.bot_of(world.inboxes[thread.inbox_id])
    changes: Json = {"status": "pending", "snoozed_until": None}
    if assign_bot and bot:
        changes |= {"assignee_id": None, "assignee_bot_id": bot.id}
    if update(world, thread, **changes):
        activity(world, thread, f"{world.users[user_id].name} gave the conversation back to the bot.")


def reopen(world: World, thread: Conversation) -> None:
    """Wake a thread that rests, as a contact's message does: pending in a bot's inbox, else open; snoozed: open."""
    if thread.status == "snoozed":
        update(world, thread, status="open", snoozed_until=None)
    elif thread.status == "resolved" and not world.contact_of(thread).blocked:
        status = "pending" if world.bot_of(world.inboxes[thread.inbox_id]) else "open"
        update(world, thread, status=status)
        activity(world, thread, "The conversation began again with a new message.")


def latest(world: World, place: ContactInbox) -> Conversation | None:
    """Return the newest conversation of a contact in an inbox."""
    return next((c for c in reversed(world.conversations.values()) if c.contact_inbox_id == place.id), None)


def continued(world: World, place: ContactInbox, chosen: Conversation | None = None) -> Conversation | None:
    """Return the conversation that a contact's next message joins, if there is one.

    A resolved one only where it may.
    """
    thread = chosen or latest(world, place)
    if thread is None:
        return None
    inbox = world.inboxes[place.inbox_id]
    keeps = inbox.lock_to_single or world.medium(inbox.id).continues
    return thread if keeps or thread.status != "resolved" else None
