"""Writing of messages into a conversation, and what each does to it."""

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.chatwoot.world import liquid, threads
from sandbox.chatwoot.world.records import (
    INCOMING,
    OUTGOING,
    TEMPLATE,
    Conversation,
    Event,
    Json,
    Message,
)
from sandbox.chatwoot.world.world import World

LONGEST: Final = 150_000
PER_MINUTE: Final = 200
DELETED: Final = "This message was deleted"
CONTENT_TYPES: Final = frozenset(
    [
        "text",
        "input_text",
        "input_textarea",
        "input_email",
        "input_select",
        "cards",
        "form",
        "article",
        "incoming_email",
        "input_csat",
        "integrations",
        "sticker",
        "voice_call",
    ]
)


class Refused(ValueError):
    """Chatwoot would not store this: 422 with these words."""


@dataclass(slots=True, kw_only=True)
class Words:
    """A message about to be written. `sender` is (type, id) as Chatwoot keeps it, or None for the system."""

    message_type: int
    content: str | None = None
    sender: tuple[str, int] | None = None
    private: bool = False
    content_type: str = "text"
    content_attributes: Json = field(default_factory=dict)
    additional_attributes: Json = field(default_factory=dict)
    source_id: str | None = None
    attachments: list[Json] = field(default_factory=list)
    processed: str | None = None


def write(world: World, thread: Conversation, words: Words) -> Message:
    """Store a message and let it have its effects.

    Raises:
        Refused: too long, too many in a minute, or of no known kind.
    """
    _check(world, thread, words)
    match words.message_type:
        case 0:
            return _write_incoming(world, thread, words)
        case 1:
            return _write_outgoing(world, thread, words)
        case _:
            return _tell(world, thread, _store(world, thread, words))


def _check(world: World, thread: Conversation, words: Words) -> None:
    if words.content is not None and len(words.content) > LONGEST:
        raise Refused(f"Validation failed: Content is too long (maximum is {LONGEST} characters)")
    if words.content_type not in CONTENT_TYPES:
        raise Refused(f"'{words.content_type}' is not a valid content_type")
    since = world.clock() - 60
    if sum(1 for message in thread.messages[-PER_MINUTE:] if message.created_at >= since) >= PER_MINUTE:
        raise Refused("Validation failed: Too many messages")


def _store(world: World, thread: Conversation, words: Words) -> Message:
    now = world.clock()
    sender_type, sender_id = words.sender or (None, None)
    message = Message(
        id=world.next_id("message"), account_id=thread.account_id, inbox_id=thread.inbox_id,
        conversation_id=thread.id, message_type=words.message_type, content=_content(world, thread, words),
        created_at=now, updated_at=now, sender_type=sender_type, sender_id=sender_id, private=words.private,
        source_id=words.source_id, content_type=words.content_type,
        content_attributes=_resolve_reply(world, thread, words.content_attributes),
        additional_attributes=words.additional_attributes, processed=words.processed,
    )  # fmt: skip
    message.attachments = [_with_id(world, message, attachment) for attachment in words.attachments]
    thread.messages.append(message)
    world.messages[message.id] = message
    if message.counts:
        thread.last_activity_at = thread.updated_at = now
    return message


def _content(world: World, thread: Conversation, words: Words) -> str | None:
    if words.content is None:
        return None
    if words.message_type == OUTGOING:
        return liquid.render(words.content, _drops(world, thread, words)).rstrip("\n")
    return words.content.rstrip("\n")


def _drops(world: World, thread: Conversation, words: Words) -> Json:
    person = world.contact_of(thread)
    drops: Json = {
        "contact": {"email": person.email, "phone_number": person.phone_number} | _names(person.name),
        "conversation": {"display_id": thread.id, "contact_name": person.name},
        "inbox": {"name": world.inboxes[thread.inbox_id].name},
        "account": {"name": world.accounts[thread.account_id].name},
    }
    drops["contact"]["custom_attribute"] = person.custom_attributes
    drops["conversation"]["custom_attribute"] = thread.custom_attributes
    match words.sender:
        case ("User", id_):
            drops["agent"] = {"email": world.users[id_].email} | _names(world.users[id_].name)
        case ("AgentBot", id_):
            drops["agent"] = _names(world.agent_bots[id_].name)
    return drops


def _names(name: str) -> Json:
    first, _, last = name.partition(" ")
    return {"name": name, "first_name": first, "last_name": last.rpartition(" ")[2]}


def _resolve_reply(world: World, thread: Conversation, attributes: Json) -> Json:
    """Add the provider's id of the message that is answered, as Chatwoot does where it knows one."""
    target = attributes.get("in_reply_to")
    quoted = next((m for m in thread.messages if m.id == target), None)
    if quoted is None or quoted.source_id is None:
        return attributes
    return attributes | {"in_reply_to_external_id": quoted.source_id}


def _with_id(world: World, message: Message, attachment: Json) -> Json:
    head = {"id": world.next_id("attachment", 9001), "message_id": message.id}
    return head | {"file_type": attachment["file_type"], "account_id": message.account_id} | attachment


def _tell(world: World, thread: Conversation, message: Message, name: str = "message_created") -> Message:
    world.emit(Event(name, thread.account_id, conversation=thread, message=message))
    return message


def _write_incoming(world: World, thread: Conversation, words: Words) -> Message:
    fresh = not thread.messages
    threads.reopen(world, thread)
    message = _store(world, thread, words)
    thread.unread += 1
    thread.window_closed = False  # whoever writes may be answered
    world.contact_of(thread).last_activity_at = message.created_at
    waited = thread.waiting_since
    if fresh:
        threads.announce(world, thread)
    if fresh or not waited:
        thread.waiting_since = message.created_at
    _tell(world, thread, message)
    if thread.waiting_since != waited:
        thread.waiting_since = waited
        threads.update(world, thread, waiting_since=message.created_at)
    return message


def _write_outgoing(world: World, thread: Conversation, words: Words) -> Message:
    human = words.sender is not None and words.sender[0] == "User"
    if human and not words.private:
        thread.unread = 0
    message = _tell(world, thread, _store(world, thread, words))
    if words.private or words.sender is None:
        return message
    changes: dict[str, Any] = {"waiting_since": 0.0}
    if human and thread.first_reply_at is None:
        changes["first_reply_at"] = message.created_at
    threads.update(world, thread, **changes)
    return message


def edit(world: World, thread: Conversation, message: Message, **changes: Any) -> Message:
    """Change a stored message and tell of it: delivery, failure, an edit, a deletion, an answer to a question."""
    for name, value in changes.items():
        setattr(message, name, value)
    message.updated_at = max(world.clock(), message.updated_at)
    return _tell(world, thread, message, "message_updated")


def delete(world: World, thread: Conversation, message: Message) -> Message:
    """Blank a message out, as an unsend or a teammate's deletion does."""
    attributes = message.content_attributes | {"deleted": True}
    return edit(world, thread, message, content=DELETED, processed=None, attachments=[], content_attributes=attributes)


def fail(world: World, thread: Conversation, message: Message, why: str) -> Message:
    """Mark a message as not delivered."""
    attributes = message.content_attributes | {"external_error": why}
    return edit(world, thread, message, status="failed", content_attributes=attributes)


def template(world: World, thread: Conversation, text: str, content_type: str = "text") -> Message:
    """Let Chatwoot itself speak: a greeting, an out-of-office note, a survey."""
    attributes: Json = {"display_type": "emoji"} if content_type == "input_csat" else {}
    return write(
        world,
        thread,
        Words(message_type=TEMPLATE, content=text, content_type=content_type, content_attributes=attributes),
    )


def is_incoming(message: Message) -> bool:
    """Tell whether the contact wrote it."""
    return message.message_type == INCOMING
