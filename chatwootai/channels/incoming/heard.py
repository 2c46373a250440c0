"""Reads messages that need no turn, and the requests in a teammate's words. Pure.

Read from message_created webhooks, so that a crew that gets a conversation back knows what happened meanwhile.
"""

import re
from typing import Final

from chatwootai.channels.incoming import incoming
from chatwootai.model.message.delivery import Heard, Reason, RequestedStatus, Role
from chatwootai.model.message.fields import Object, identifier, items, line, mapping, text
from chatwootai.model.message.outbox import MARK
from chatwootai.model.text.words import abridged

_COMMAND: Final = re.compile(r"\s*/(stop|bot)\b", re.IGNORECASE)
_WISHES: Final = {"stop": RequestedStatus.OPEN, "bot": RequestedStatus.PENDING}
_STATUSES: Final = {RequestedStatus.OPEN: ("pending",), RequestedStatus.PENDING: ("open", "snoozed")}
_SPEAKING: Final = frozenset(
    {
        Reason.OUTGOING_TEAMMATE, Reason.OUTGOING_AUTOMATION, Reason.OUTGOING_OWN, Reason.TEMPLATE,
        Reason.NOT_PENDING, Reason.TOO_OLD,
    }
)  # fmt: skip
_OF_THE_CONTACT: Final = frozenset({Reason.NOT_PENDING, Reason.TOO_OLD})
_ASKING: Final = frozenset({"input_csat", "input_email"})  # forms of Chatwoot's own, no part of what is talked about
_MOST_ATTACHMENTS: Final = 30


def heard(
    payload: Object, account: str, received_at: float, reason: Reason, manner: incoming.Manner = incoming.PLAIN
) -> Heard | None:
    """Return what a message that needs no turn, for this reason, leaves behind; None: nothing."""
    conversation = mapping(payload.get("conversation"))
    number, message = identifier(conversation.get("id")), identifier(payload.get("id"))
    words = _words(payload, conversation, reason)
    # What was written long ago, and is imported now, asks for nothing.
    wish = None if incoming.is_old(payload, received_at, manner) else _wish(payload, conversation, reason)
    if number is None or message is None or not (words or wish):
        return None
    return Heard(
        account=account,
        conversation=number,
        inbox=identifier(conversation.get("inbox_id")) or identifier(mapping(payload.get("inbox")).get("id")) or 0,
        message=message,
        role=Role.CONTACT if reason in _OF_THE_CONTACT else Role.TEAMMATE,
        text=words,
        at=min(incoming.written_at(payload, received_at), received_at),
        wish=wish,
    )


def _words(payload: Object, conversation: Object, reason: Reason) -> str:
    """Return what the contact could read of it. What we posted ourselves is in the context already."""
    ours = MARK in mapping(payload.get("content_attributes"))
    if reason not in _SPEAKING or ours or line(payload.get("content_type"), 40) in _ASKING:
        return ""
    said = incoming.words(payload, conversation)
    files = [line(mapping(one).get("file_type"), 40) or "file" for one in _attachments(payload)]
    return abridged("\n".join(filter(None, (said, *(f"[{kind}]" for kind in files)))))


def _attachments(payload: Object) -> list[object]:
    return items(payload.get("attachments"), _MOST_ATTACHMENTS)


def _wish(payload: Object, conversation: Object, reason: Reason) -> RequestedStatus | None:
    """A teammate who answers takes the conversation; one who writes a command in a note says who shall have it."""
    wish = None
    if reason is Reason.OUTGOING_TEAMMATE:
        wish = RequestedStatus.OPEN
    elif reason is Reason.PRIVATE_NOTE and mapping(payload.get("sender")).get("type") == "user":
        command = _COMMAND.match(text(payload.get("content")))
        wish = _WISHES[command[1].lower()] if command else None
    return wish if wish and conversation.get("status") in _STATUSES[wish] else None
