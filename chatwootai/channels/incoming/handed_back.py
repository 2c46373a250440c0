"""A conversation given back to us while the contact still waits for an answer: the last message is a turn. Pure."""

from typing import Final

from chatwootai.channels.incoming import incoming
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.fields import Object, items, mapping, moment

_MOST_CHANGES: Final = 100
_NEW_SECONDS: Final = 2.0
"""A message so new comes by itself, whole."""
_OLD_SECONDS: Final = 86_400.0
"""Who wrote longer ago does not wait for an answer of ours."""


def waiting(
    payload: Object,
    account: str,
    received_at: float,
    delivery_id: str | None = None,
    manner: incoming.Manner = incoming.PLAIN,
) -> Delivery | None:
    """The contact's message that was last said in a conversation that has just become pending; None: there is none.

    The event holds the conversation at its top level. It may tell of a message that is known already: whether it was
    admitted before, the mailbox knows.
    """
    if payload.get("status") != "pending" or not _has_become(payload):
        return None
    message = next((mapping(one) for one in items(payload.get("messages"), 1)), {})
    said_at = moment(message.get("created_at"))
    if said_at is None or not _NEW_SECONDS < received_at - said_at < _OLD_SECONDS:
        return None
    try:
        read = incoming.read({**message, "conversation": payload}, account, received_at, delivery_id, manner)
    except incoming.Incomplete:
        return None
    return read if isinstance(read, Delivery) else None


def _has_become(payload: Object) -> bool:
    """Tell whether it was the status that changed: most updates of a pending conversation tell of something else."""
    if payload.get("event") == "conversation_status_changed":
        return True
    changes = items(payload.get("changed_attributes"), _MOST_CHANGES)
    return any("status" in mapping(one) for one in changes)
