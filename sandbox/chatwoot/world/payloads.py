"""Payloads of Chatwoot's webhooks: flat bodies, in Chatwoot's key order. Contract tests hold examples against them."""

import datetime as dt
from typing import Any

from sandbox.chatwoot.world.records import (
    INCOMING,
    AgentBot,
    Contact,
    ContactInbox,
    Conversation,
    Event,
    Json,
    Message,
    User,
)
from sandbox.chatwoot.world.world import World

_TYPE_NAMES = ("incoming", "outgoing", "activity", "template")


def build(world: World, event: Event) -> Json:
    """Write the body that tells of an event."""
    if event.message is not None and event.conversation is not None:
        body = _message(world, event.conversation, event.message)
    elif event.name.startswith("conversation_typing"):
        return _typing(world, event)
    elif event.name == "webwidget_triggered":
        return _widget(world, event)
    elif event.conversation is not None:
        body = conversation(world, event.conversation)
    elif event.contact is not None:
        body = contact(world, event.contact)
    else:
        raise ValueError(f"event {event.name} is about nothing")
    return body | {"event": event.name} | _changes(event)


def _changes(event: Event) -> Json:
    if event.name == "conversation_status_changed":
        return {"changed_attributes": None}
    if event.name in ("conversation_updated", "contact_updated"):
        pairs = [{name: {"previous_value": old, "current_value": new}} for name, old, new in event.changed]
        return {"changed_attributes": pairs or None}
    return {}


def _typing(world: World, event: Event) -> Json:
    assert event.conversation is not None  # noqa: S101 - typing is always about a conversation
    return {
        "event": event.name,
        "user": actor(world, event.actor),
        "conversation": conversation(world, event.conversation),
        "is_private": event.is_private,
    }


def _widget(world: World, event: Event) -> Json:
    place = event.contact_inbox
    assert place is not None  # noqa: S101 - a widget is always opened by someone, somewhere
    inbox = world.inboxes[place.inbox_id]
    current = event.conversation
    return {
        "id": place.id,
        "contact": contact(world, world.contacts[place.contact_id]),
        "inbox": {"id": inbox.id, "name": inbox.name},
        "account": account(world, event.account_id),
        "current_conversation": conversation(world, current) if current else None,
        "source_id": place.source_id,
        "event": event.name,
        "event_info": event.info,
    }


def _message(world: World, thread: Conversation, message: Message) -> Json:
    inbox = world.inboxes[message.inbox_id]
    body: Json = {
        "account": account(world, message.account_id),
        "additional_attributes": message.additional_attributes,
        "content_attributes": message.content_attributes,
        "content_type": message.content_type,
        "content": _outside_content(world, thread, message),
        "conversation": conversation(world, thread),
        "created_at": iso(message.created_at),
        "id": message.id,
        "inbox": {"id": inbox.id, "name": inbox.name},
        "message_type": _TYPE_NAMES[message.message_type],
        "private": message.private,
        "sender": _webhook_sender(world, message),
        "source_id": message.source_id,
    }
    return body | ({"attachments": message.attachments} if message.attachments else {})


def _outside_content(world: World, thread: Conversation, message: Message) -> str | None:
    """Return the content outside the widget, where a CSAT question carries the link to its survey."""
    if message.content_type == "input_csat" and world.medium(thread.inbox_id).key != "webchat":
        return f"{message.content}, https://chat.example.test/survey/responses/{thread.uuid}"
    return message.content


def conversation(world: World, thread: Conversation) -> Json:
    """Return the conversation as webhooks show it; `id` is the display id."""
    place = world.contact_inboxes[thread.contact_inbox_id]
    last = thread.last_message
    return {
        "additional_attributes": thread.additional_attributes,
        "can_reply": can_reply(world, thread),
        "channel": world.medium(thread.inbox_id).chatwoot,
        "contact_inbox": contact_inbox(place),
        "id": thread.id,
        "inbox_id": thread.inbox_id,
        "messages": [pushed_message(world, thread, last)] if last else [],
        "labels": list(thread.labels),
        "meta": _meta(world, thread, place),
        "status": thread.status,
        "custom_attributes": thread.custom_attributes,
        "snoozed_until": iso(thread.snoozed_until) if thread.snoozed_until else None,
        "unread_count": min(thread.unread, 10),
        "first_reply_created_at": iso(thread.first_reply_at) if thread.first_reply_at else None,
        "priority": thread.priority,
        "waiting_since": int(thread.waiting_since),
        "agent_last_seen_at": 0,
        "contact_last_seen_at": 0,
        "last_activity_at": int(thread.last_activity_at),
        "timestamp": int(thread.last_activity_at),
        "created_at": int(thread.created_at),
        "updated_at": round(thread.updated_at, 3),
        "account": account(world, thread.account_id),
    }


def _meta(world: World, thread: Conversation, place: ContactInbox) -> Json:
    assignee, kind = owner(world, thread)
    team = world.teams.get(thread.team_id) if thread.team_id is not None else None
    return {
        "sender": pushed_contact(world.contacts[place.contact_id]),
        "assignee": assignee,
        "assignee_type": kind,
        "team": {"id": team.id, "name": team.name} if team else None,
        "hmac_verified": place.hmac_verified,
    }


def owner(world: World, thread: Conversation) -> tuple[Json | None, str | None]:
    """Return who a conversation is assigned to, in push format, and of which kind."""
    if thread.assignee_id is not None:
        return pushed_user(world.users[thread.assignee_id]), "User"
    if thread.assignee_bot_id is not None:
        return pushed_bot(world.agent_bots[thread.assignee_bot_id]), "AgentBot"
    return None, None


def pushed_message(world: World, thread: Conversation, message: Message) -> Json:
    """Return a message as it stands in `conversation.messages`: numbers for type and time, and more keys."""
    body: Json = {
        "id": message.id,
        "content": message.content,
        "account_id": message.account_id,
        "inbox_id": message.inbox_id,
        "conversation_id": message.conversation_id,
        "message_type": message.message_type,
        "created_at": int(message.created_at),
        "updated_at": iso(message.updated_at),
        "private": message.private,
        "status": message.status,
        "source_id": message.source_id,
        "content_type": message.content_type,
        "content_attributes": message.content_attributes,
        "sender_type": message.sender_type,
        "sender_id": message.sender_id,
        "external_source_ids": {},
        "additional_attributes": message.additional_attributes,
        "processed_message_content": message.processed if message.processed is not None else message.content,
        "sentiment": {},
        "conversation": _around(world, thread),
    }
    if message.attachments:
        body["attachments"] = message.attachments
    sender = pushed_sender(world, message)
    return body | ({"sender": sender} if sender else {})


def _around(world: World, thread: Conversation) -> Json:
    return {
        "assignee_id": thread.assignee_id,
        "unread_count": min(thread.unread, 10),
        "last_activity_at": int(thread.last_activity_at),
        "contact_inbox": {"source_id": world.contact_inboxes[thread.contact_inbox_id].source_id},
    }


def pushed_sender(world: World, message: Message) -> Json | None:
    """Return who wrote, in push format (a contact says so in `type`)."""
    match message.sender_type:
        case "Contact":
            return pushed_contact(world.contacts[message.sender_id or 0])
        case "User":
            return pushed_user(world.users[message.sender_id or 0])
        case "AgentBot":
            return pushed_bot(world.agent_bots[message.sender_id or 0])
        case _:
            return None


def _webhook_sender(world: World, message: Message) -> Json | None:
    if message.sender_type is None or message.sender_id is None:
        return None
    return actor(world, (message.sender_type, message.sender_id))


def actor(world: World, who: tuple[str, int] | None) -> Json | None:
    """Return who acted, in webhook format (a contact has no `type` there)."""
    match who:
        case ("Contact", id_):
            return contact(world, world.contacts[id_])
        case ("User", id_):
            user = world.users[id_]
            return {"id": user.id, "name": user.name, "email": user.email, "type": "user"}
        case ("AgentBot", id_):
            return {"id": id_, "name": world.agent_bots[id_].name, "type": "agent_bot"}
        case _:
            return None


def account(world: World, account_id: int) -> Json:
    """Return an account in two words."""
    return {"id": account_id, "name": world.accounts[account_id].name}


def contact(world: World, person: Contact) -> Json:
    """Return a contact in webhook format: no `type`, but its account."""
    return {
        "account": account(world, person.account_id),
        "additional_attributes": person.additional_attributes,
        "avatar": "",
        "custom_attributes": person.custom_attributes,
        "email": person.email,
        "id": person.id,
        "identifier": person.identifier,
        "name": person.name,
        "phone_number": person.phone_number,
        "thumbnail": "",
        "blocked": person.blocked,
    }


def pushed_contact(person: Contact) -> Json:
    """Return a contact in push format."""
    return {
        "additional_attributes": person.additional_attributes,
        "custom_attributes": person.custom_attributes,
        "email": person.email,
        "id": person.id,
        "identifier": person.identifier,
        "name": person.name,
        "phone_number": person.phone_number,
        "thumbnail": "",
        "blocked": person.blocked,
        "type": "contact",
    }


def pushed_user(user: User) -> Json:
    """Return a teammate in push format."""
    return {
        "id": user.id,
        "name": user.name,
        "available_name": user.name.split()[0],
        "avatar_url": "",
        "type": "user",
        "availability_status": user.availability,
        "thumbnail": "",
    }


def pushed_bot(bot: AgentBot) -> Json:
    """Return an agent bot in push format."""
    return {"id": bot.id, "name": bot.name, "avatar_url": "", "type": "agent_bot"}


def contact_inbox(place: ContactInbox) -> Json:
    """Return the contact's address, with the secret that Chatwoot sends along."""
    return {
        "id": place.id,
        "contact_id": place.contact_id,
        "inbox_id": place.inbox_id,
        "source_id": place.source_id,
        "created_at": iso(place.created_at),
        "updated_at": iso(place.created_at),
        "hmac_verified": place.hmac_verified,
        "pubsub_token": place.pubsub_token,
    }


def can_reply(world: World, thread: Conversation) -> bool:
    """Tell whether the channel's window for free text is open: counted from the contact's last message."""
    window = world.medium(thread.inbox_id).window
    if window is None:
        return True
    last = next((m.created_at for m in reversed(thread.messages) if m.message_type == INCOMING), None)
    return not thread.window_closed and last is not None and world.clock() - last < window


def iso(moment: float) -> str:
    """Return a moment as Chatwoot writes it: ISO 8601 in UTC with milliseconds and a Z."""
    text = dt.datetime.fromtimestamp(moment, dt.UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def as_value(value: Any) -> Any:
    """Return a changed attribute's value: moments as ISO strings, everything else as it is."""
    return iso(value) if isinstance(value, float) else value
