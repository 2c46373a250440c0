"""Records read from Chatwoot's answers. Missing keys and wrong types become None or empty, never an exception."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from chatwootai.model.message.outbox import MARK

_TYPES: Final = ("incoming", "outgoing", "activity", "template")


@dataclass(frozen=True, slots=True)
class Mark:
    """The turn and part that a message is; parts count from 0."""

    turn: str
    part: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as Chatwoot lists it. `type`: incoming, outgoing, activity, template; `at`: unix seconds.

    `raw`: all of it, as it came.
    """

    id: int
    content: str
    type: str
    private: bool
    sender_type: str | None
    sender_id: int | None
    at: float | None
    mark: Mark | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as Chatwoot shows it. `last`: its newest messages that came along, newest last, of any kind.

    `raw`: all of it, as it came.
    """

    id: int
    inbox: int | None
    status: str | None
    channel: str | None
    can_reply: bool
    muted: bool
    blocked: bool
    labels: tuple[str, ...]
    priority: str | None
    assignee_type: str | None
    assignee_id: int | None
    team: int | None
    contact: int | None
    updated_at: float | None
    waiting_since: float | None
    attributes: Mapping[str, Any]
    custom: Mapping[str, Any]
    last: tuple[Message, ...]
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def conversation(body: object) -> Conversation | None:
    """Read a conversation; None if it is none."""
    raw = mapping(body)
    number = whole(raw.get("id"))
    if number is None:
        return None
    meta = mapping(raw.get("meta"))
    sender, assignee = mapping(meta.get("sender")), mapping(meta.get("assignee"))
    return Conversation(
        id=number,
        inbox=whole(raw.get("inbox_id")),
        status=text(raw.get("status")),
        channel=text(meta.get("channel")),
        can_reply=raw.get("can_reply") is not False,
        muted=raw.get("muted") is True,
        blocked=sender.get("blocked") is True,
        labels=labels(raw.get("labels")),
        priority=text(raw.get("priority")),
        assignee_type=text(meta.get("assignee_type")) or ("User" if assignee else None),
        assignee_id=whole(assignee.get("id")),
        team=whole(mapping(meta.get("team")).get("id")),
        contact=whole(sender.get("id")),
        updated_at=number_of(raw.get("updated_at")),
        waiting_since=number_of(raw.get("waiting_since")),
        attributes=mapping(raw.get("additional_attributes")),
        custom=mapping(raw.get("custom_attributes")),
        last=_last(raw),
        raw=raw,
    )


def _last(raw: Mapping[str, Any]) -> tuple[Message, ...]:
    found = messages([*items(raw.get("messages")), raw.get("last_non_activity_message")])
    return tuple(sorted({message.id: message for message in found}.values(), key=lambda message: message.id))


def messages(bodies: object) -> tuple[Message, ...]:
    """Read a list of messages, leaving out what is none."""
    return tuple(read for read in map(message, items(bodies)) if read is not None)


def message(body: object) -> Message | None:
    """Read a message; None if it is none."""
    raw = mapping(body)
    number = whole(raw.get("id"))
    if number is None:
        return None
    sender, attributes = mapping(raw.get("sender")), _attributes(raw.get("content_attributes"))
    return Message(
        id=number,
        content=text(raw.get("content")) or "",
        type=_type(raw.get("message_type")),
        private=raw.get("private") is True,
        sender_type=text(sender.get("type")) or text(raw.get("sender_type")),
        sender_id=whole(sender.get("id")),
        at=number_of(raw.get("created_at")),
        mark=_mark(attributes.get(MARK)),
        attributes=attributes,
        raw=raw,
    )


def _type(value: object) -> str:
    number = whole(value)
    if number is not None:
        return _TYPES[number] if 0 <= number < len(_TYPES) else "unknown"
    return text(value) or "unknown"


def _attributes(value: object) -> Mapping[str, Any]:
    """Chatwoot takes content_attributes as an object or as JSON in a string, and some versions give back the latter."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return {}
    return mapping(value)


def _mark(value: object) -> Mark | None:
    raw = mapping(value)
    turn, part = text(raw.get("turn")), whole(raw.get("part"))
    return Mark(turn, part) if turn is not None and part is not None else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return an array, or an empty one."""
    return value if isinstance(value, list) else []


def labels(value: object) -> tuple[str, ...]:
    """Return the labels among an array's items."""
    return tuple(label for label in items(value) if isinstance(label, str))


def text(value: object) -> str | None:
    """Return a string, or None."""
    return value if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """Return an integer, or None. True is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number_of(value: object) -> float | None:
    """Return a number, or None."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
