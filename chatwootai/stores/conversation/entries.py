"""Entries of mailboxes, outboxes and contexts: JSON, read back tolerantly. Nothing from Redis is ever unpickled."""

from dataclasses import fields
from typing import Any, TypeVar

import msgpack
import orjson

from chatwootai.model.message.delivery import Attachment, Change, Contact, Delivery, Message, Role
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.tool_call import KeptCall
from chatwootai.model.message.turn import Exchange

T = TypeVar("T")
_packer = msgpack.Packer()


class BrokenEntry(ValueError):
    """An entry is not what we wrote: another version's, or damaged."""


def pack_delivery(delivery: Delivery) -> bytes:
    """Return a delivery as a mailbox entry."""
    return orjson.dumps(delivery)


def unpack_delivery(entry: bytes) -> Delivery:
    """Return the delivery in a mailbox entry.

    Raises:
        BrokenEntry: the entry holds no delivery.
    """
    try:
        raw: dict[str, Any] = orjson.loads(entry)
        message = raw.pop("message")
        message["attachments"] = tuple(_build_from_known(Attachment, item) for item in message.get("attachments") or ())
        raw["message"] = _build_from_known(Message, message)
        raw["contact"] = _build_from_known(Contact, raw["contact"])
        raw["labels"] = tuple(raw.get("labels") or ())
        raw["cc"] = tuple(raw.get("cc") or ())
        raw["change"] = Change(raw.get("change") or Change.NEW)
        return _build_from_known(Delivery, raw)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BrokenEntry(f"mailbox entry: {type(error).__name__}") from error


def pack_call(call: KeptCall) -> bytes:
    """Return a tool's call as it is kept with its burst."""
    return orjson.dumps(call)


def unpack_call(entry: bytes) -> KeptCall:
    """Return the call in an entry.

    Raises:
        BrokenEntry: the entry holds no call.
    """
    try:
        return _build_from_known(KeptCall, orjson.loads(entry))
    except (ValueError, TypeError, AttributeError) as error:
        raise BrokenEntry(f"tool call: {type(error).__name__}") from error


def pack_exchange(exchange: Exchange) -> bytes:
    """Return an exchange as a context entry."""
    return orjson.dumps([exchange.role, exchange.text, exchange.at])


def unpack_exchange(entry: bytes) -> Exchange:
    """Return the exchange in a context entry.

    Raises:
        BrokenEntry: the entry holds no exchange.
    """
    try:
        role, text, at = orjson.loads(entry)
        return Exchange(Role(role), str(text), float(at))
    except (ValueError, TypeError) as error:
        raise BrokenEntry(f"context entry: {type(error).__name__}") from error


def pack_action(action: Action) -> bytes:
    """Return an action as an outbox entry."""
    return orjson.dumps(action)


def unpack_action(entry: bytes) -> Action:
    """Return the action in an outbox entry.

    Raises:
        BrokenEntry: the entry holds no action.
    """
    try:
        raw = orjson.loads(entry)
        raw["kind"] = ActionKind(raw["kind"])
        for several in ("values", "cc", "choices"):
            raw[several] = tuple(raw.get(several) or ())
        return _build_from_known(Action, raw)
    except (ValueError, TypeError, KeyError) as error:
        raise BrokenEntry(f"outbox entry: {type(error).__name__}") from error


def job_blob(conv: str, now_ms: int) -> bytes:
    """Return the turn's job as arq stores it, in msgpack. Constant for a conversation, so that scripts can queue it."""
    blob: bytes = _packer.pack({"t": None, "f": "turn", "a": (conv,), "k": {}, "et": now_ms})
    return blob


def _build_from_known(kind: type[T], raw: dict[str, Any]) -> T:
    """Build `kind` from what it knows of `raw`: an older worker reads a newer ingress' entries."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass of ours
    return kind(**{name: value for name, value in raw.items() if name in names})
