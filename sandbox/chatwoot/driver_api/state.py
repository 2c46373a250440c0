"""State of a conversation as people and tests look at it from outside."""

import time
from typing import Any, Final

from sandbox.chatwoot.app_context import AppContext
from sandbox.chatwoot.sending import shown
from sandbox.chatwoot.sending.wire import wire
from sandbox.chatwoot.world import payloads
from sandbox.chatwoot.world.media import MEDIA
from sandbox.chatwoot.world.records import (
    INCOMING,
    OUTGOING,
    Account,
    Contact,
    Conversation,
    Event,
    Inbox,
    Json,
    Message,
)
from sandbox.chatwoot.world.world import World

_KINDS: Final = ("incoming", "outgoing", "activity", "template")
_SENDERS: Final = {"Contact": "contact", "User": "teammate", "AgentBot": "bot", None: "system"}
_TYPING_ENDS: Final = 30.0


def account(world: World, entry: Account) -> Json:
    """Return an account with its inboxes, teammates and example questions."""
    return {
        "id": entry.id,
        "name": entry.name,
        "questions": entry.questions,
        "inboxes": [inbox(world, found) for found in world.inboxes_of(entry.id)],
        "teammates": [{"id": user.id, "name": user.name, "role": user.role} for user in world.users_of(entry.id)],
    }


def inbox(world: World, entry: Inbox) -> Json:
    """Return an inbox and what its channel is like."""
    medium = world.medium(entry.id)
    return {
        "id": entry.id,
        "account": entry.account_id,
        "name": entry.name,
        "channel": medium.key,
        "label": medium.label,
        "markup": medium.markup,
        "limit": medium.limit,
        "bot": entry.agent_bot_id,
        "lock_to_single": entry.lock_to_single,
    }


def person(world: World, entry: Contact) -> Json:
    """Return a contact, in the words a chat needs."""
    return {
        "id": entry.id,
        "name": entry.name,
        "phone": entry.phone_number,
        "email": entry.email,
        "blocked": entry.blocked,
    }


def summary(app_context: AppContext, thread: Conversation) -> Json:
    """Return a conversation in a list."""
    world, last = app_context.world, thread.last_message
    medium = world.medium(thread.inbox_id)
    return {
        "account": thread.account_id,
        "id": thread.id,
        "inbox": thread.inbox_id,
        "inbox_name": world.inboxes[thread.inbox_id].name,
        "channel": medium.key,
        "label": medium.label,
        "contact": person(world, world.contact_of(thread)),
        "status": thread.status,
        "owner": owner(world, thread),
        "priority": thread.priority,
        "labels": list(thread.labels),
        "subject": thread.additional_attributes.get("mail_subject"),
        "unread": thread.unread,
        "can_reply": payloads.can_reply(world, thread),
        "last_activity_at": thread.last_activity_at,
        "last_text": plain(world, thread, last) if last else "",
        "typing": typing(app_context, thread),
    }


def conversation(app_context: AppContext, thread: Conversation) -> Json:
    """Return a conversation with all its messages."""
    return summary(app_context, thread) | {
        "custom_attributes": thread.custom_attributes,
        "team": thread.team_id,
        "waiting_since": thread.waiting_since,
        "snoozed_until": thread.snoozed_until,
        "messages": [message(app_context.world, thread, entry) for entry in thread.messages],
    }


def owner(world: World, thread: Conversation) -> Json:
    """Return who answers: `kind` is teammate, bot or nobody; `assignee` who is named, `name` who that is."""
    assignee, kind = payloads.owner(world, thread)
    name = assignee["name"] if assignee else None
    bot = world.bot_of(world.inboxes[thread.inbox_id])
    if thread.status == "pending" and bot is not None:
        return {"kind": "bot", "name": bot.name, "assignee": kind}
    answers = "teammate" if kind == "User" else "team"
    return {"kind": answers, "name": name if kind == "User" else None, "assignee": kind}


def visible(world: World, thread: Conversation, entry: Message) -> list[shown.Node]:
    """Return what the channel's client shows of a message; of a note, what colleagues see.

    Of a contact's own, its text.
    """
    if entry.private and entry.content:
        return shown.from_html(wire(MEDIA["webchat"], entry.content))
    if entry.wire is not None:
        return shown.show(world.medium(thread.inbox_id).markup, entry.wire)
    return shown.from_text(entry.content) if entry.content else []


def plain(world: World, thread: Conversation, entry: Message) -> str:
    """Return the text of it, in one short line."""
    return " ".join(shown.text_of(visible(world, thread, entry)).split())[:120]


def message(world: World, thread: Conversation, entry: Message) -> Json:
    """Return a message with what the contact is shown of it."""
    mark = entry.content_attributes.get("chatwootai")
    mark = mark if isinstance(mark, dict) else {}
    return {
        "id": entry.id,
        "kind": "note" if entry.private else _KINDS[entry.message_type],
        "sender": sender(world, entry),
        "at": entry.created_at,
        "after": _after(thread, entry),
        "text": entry.content,
        "wire": entry.wire,
        "shown": visible(world, thread, entry),
        "plain": plain(world, thread, entry),
        "content_type": entry.content_type,
        "content_attributes": entry.content_attributes,
        "attachments": entry.attachments,
        "status": entry.status,
        "error": entry.content_attributes.get("external_error"),
        "source_id": entry.source_id,
        "template": entry.additional_attributes.get("template_params"),
        "turn": mark.get("turn"),
        "part": mark.get("part"),
    }


def sender(world: World, entry: Message) -> Json:
    """Return who wrote: kind (contact, teammate, bot, system) and name."""
    pushed = payloads.pushed_sender(world, entry)
    kind = _SENDERS.get(entry.sender_type, "system")
    if entry.content_attributes.get("external_echo"):
        return {"kind": "teammate", "name": "Channel's own app"}
    return {"kind": kind, "name": pushed["name"] if pushed else None}


def _after(thread: Conversation, entry: Message) -> float | None:
    """Return seconds since the last thing the contact wrote, for what answers it."""
    if entry.message_type != OUTGOING or entry.private:
        return None
    said = [m.created_at for m in thread.messages if m.message_type == INCOMING and m.id < entry.id]
    return round(entry.created_at - said[-1], 3) if said else None


def typing(app_context: AppContext, thread: Conversation) -> list[str]:
    """Return who is typing: contact, bot or teammate."""
    now = time.monotonic()
    return sorted(kind for kind, until in app_context.typing.get(thread.key, {}).items() if until > now)


def watch(app_context: AppContext, event: Event) -> None:
    """Write an event down for whoever waits for it, and keep track of who types."""
    _track_typing(app_context, event)
    thread = event.conversation
    entry: Json = {"name": event.name, "account": event.account_id, "conversation": thread.id if thread else None}
    if event.message is not None and thread is not None:
        entry["message"] = message(app_context.world, thread, event.message)
    if thread is not None:
        entry |= {"inbox": thread.inbox_id, "status": thread.status, "owner": owner(app_context.world, thread)}
        entry["typing"] = typing(app_context, thread)
    if event.contact is not None:
        entry["contact"] = person(app_context.world, event.contact)
    if event.changed:
        entry["changed"] = {name: _plain(new) for name, _, new in event.changed}
    app_context.events.add(entry)


def _track_typing(app_context: AppContext, event: Event) -> None:
    if event.conversation is None:
        return
    kinds = app_context.typing.setdefault(event.conversation.key, {})
    if event.name == "conversation_typing_on" and event.actor and not event.is_private:
        kinds[_SENDERS[event.actor[0]]] = time.monotonic() + _TYPING_ENDS
    elif event.name == "conversation_typing_off" and event.actor:
        kinds.pop(_SENDERS[event.actor[0]], None)
    elif event.name == "message_created" and event.message and not event.message.private:
        kinds.pop(_SENDERS.get(event.message.sender_type, "system"), None)


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, list, dict, type(None))) else str(value)
