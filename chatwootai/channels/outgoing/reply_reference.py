"""Chooses the contact's message that a reply points at. Pure."""

from collections.abc import Sequence

from chatwootai.channels.registry import capabilities_of
from chatwootai.model.message.delivery import Change, Delivery


def referenced_message(burst: Sequence[Delivery]) -> int | None:
    """Return the id of the message that a reply is shown below, or None: it needs no pointing, or the channel cannot.

    One message and its answer stand together anyway; where several are answered at once, the last is pointed at. A
    button that was chosen has no message of its own: its id is that of our question.
    """
    last = burst[-1]
    several = len({delivery.message.id for delivery in burst}) > 1
    points = several and last.change is not Change.CHOICE and capabilities_of(last.channel).quotes
    return last.message.id if points else None
