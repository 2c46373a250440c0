"""Reads the last message of a conversation that people gave back while the contact waits for an answer. Pure."""

from typing import Final

from chatwootai.channels.incoming.messages import Incomplete, read_message
from chatwootai.channels.incoming.receipt import Receipt
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.fields import Object, items, mapping, moment

_MOST_CHANGES: Final = 100
_NEW_SECONDS: Final = 2.0
"""A message so new comes by itself, whole."""
_OLD_SECONDS: Final = 86_400.0
"""A contact who wrote longer ago does not wait for an answer of ours."""


def read_returned(conversation: Object, receipt: Receipt) -> Delivery | None:
    """Return the contact's last message in a conversation that has just become pending; None if there is none.

    `conversation`: a conversation event, which has the conversation at its top level. Its message may be known already:
    whether it was admitted before, the mailbox knows.
    """
    if conversation.get("status") != "pending" or not _status_changed(conversation):
        return None
    message = next((mapping(one) for one in items(conversation.get("messages"), 1)), {})
    said_at = moment(message.get("created_at"))
    if said_at is None or not _NEW_SECONDS < receipt.received_at - said_at < _OLD_SECONDS:
        return None
    try:
        found = read_message(message, conversation, receipt)
    except Incomplete:
        return None
    return found if isinstance(found, Delivery) else None


def _status_changed(conversation: Object) -> bool:
    """Return whether it was the status: most updates of a pending conversation tell of something else."""
    if conversation.get("event") == "conversation_status_changed":
        return True
    changes = items(conversation.get("changed_attributes"), _MOST_CHANGES)
    return any("status" in mapping(one) for one in changes)
