"""Reads messages that need no turn, and the status that a teammate's words ask for. Pure.

Read from message_created webhooks, so that a crew that gets a conversation back knows what happened meanwhile.
"""

import re
from typing import Final

from chatwootai.channels.incoming import messages
from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.model.message.delivery import Reason, Role
from chatwootai.model.message.effects import ObservedMessage, RequestedStatus
from chatwootai.model.message.fields import Object, identifier, items, line, mapping, text
from chatwootai.model.message.outbox import MARK
from chatwootai.model.text.normalize import abridge

_COMMAND: Final = re.compile(r"\s*/(stop|bot)\b", re.IGNORECASE)
_REQUESTED: Final = {"stop": RequestedStatus.OPEN, "bot": RequestedStatus.PENDING}
_CHANGEABLE: Final = {RequestedStatus.OPEN: ("pending",), RequestedStatus.PENDING: ("open", "snoozed")}
"""The statuses from which one may be asked for."""
_REMEMBERED: Final = frozenset(
    {
        Reason.OUTGOING_TEAMMATE, Reason.OUTGOING_AUTOMATION, Reason.OUTGOING_OWN, Reason.TEMPLATE,
        Reason.NOT_PENDING, Reason.TOO_OLD,
    }
)  # fmt: skip
_OF_THE_CONTACT: Final = frozenset({Reason.NOT_PENDING, Reason.TOO_OLD})
_FORMS: Final = frozenset({"input_csat", "input_email"})  # Chatwoot's own, no part of what is talked about
_MOST_ATTACHMENTS: Final = 30


def read_observed(message: Object, conversation: Object, receipt: Receipt, reason: Reason) -> ObservedMessage | None:
    """Return what is kept of a message that needs no turn for this reason; None if nothing is."""
    # What was written long ago, and is imported now, asks for nothing.
    status = None if messages.is_old(message, receipt) else _requested_status(message, conversation, reason)
    said = _readable_text(message, conversation, reason)
    at = messages.written_at(message, receipt.received_at)
    return observe(message, conversation, receipt, reason, text=said, at=at, status=status)


def observe(
    message: Object,
    conversation: Object,
    receipt: Receipt,
    reason: Reason,
    *,
    text: str,
    at: float,
    status: RequestedStatus | None = None,
) -> ObservedMessage | None:
    """Return a message with this text as it is remembered; None if there is nothing to remember, or no id.

    `at`: unix seconds when it was written; the future is not believed.
    """
    number, own = identifier(conversation.get("id")), identifier(message.get("id"))
    if number is None or own is None or not (text or status):
        return None
    return ObservedMessage(
        account=receipt.account,
        conversation=number,
        inbox=messages.location_of(message, conversation).inbox or 0,
        message=own,
        role=Role.CONTACT if reason in _OF_THE_CONTACT else Role.TEAMMATE,
        text=text,
        at=min(at, receipt.received_at),
        wish=status,
    )


def is_form(message: Object) -> bool:
    """Return whether a message is a form of Chatwoot's own, as a survey."""
    return line(message.get("content_type"), 40) in _FORMS


def _readable_text(message: Object, conversation: Object, reason: Reason) -> str:
    """Return what the contact could read of it. What we posted ourselves is in the context already."""
    ours = MARK in mapping(message.get("content_attributes"))
    if reason not in _REMEMBERED or ours or is_form(message):
        return ""
    said = messages.message_text(message, conversation)
    attachments = items(message.get("attachments"), _MOST_ATTACHMENTS)
    files = [line(mapping(one).get("file_type"), 40) or "file" for one in attachments]
    return abridge("\n".join(filter(None, (said, *(f"[{kind}]" for kind in files)))))


def _requested_status(message: Object, conversation: Object, reason: Reason) -> RequestedStatus | None:
    """Return the status that is asked for: a teammate who answers takes over, one who notes a command says who does."""
    wanted = None
    if reason is Reason.OUTGOING_TEAMMATE:
        wanted = RequestedStatus.OPEN
    elif reason is Reason.PRIVATE_NOTE and mapping(message.get("sender")).get("type") == "user":
        command = _COMMAND.match(text(message.get("content")))
        wanted = _REQUESTED[command[1].lower()] if command else None
    return wanted if wanted and conversation.get("status") in _CHANGEABLE[wanted] else None
