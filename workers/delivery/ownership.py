"""Ownership of a conversation as Chatwoot shows it, checked before anything is posted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatwootai.channels.incoming.authors import author_of
from chatwootai.model.message import turn_names
from chatwootai.model.message.delivery import Reason
from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.outbox import Action, ActionKind
from workers.chatwoot.records import Conversation, Message

PENDING = RequestedStatus.PENDING.value
_REOPENABLE_TO = {RequestedStatus.OPEN.value: (PENDING,), PENDING: (RequestedStatus.OPEN.value, "snoozed")}
"""What a status may be given from: opened is only what is ours, taken back only what people have."""


@dataclass(frozen=True, slots=True)
class OwnershipConflict:
    """A reason not to carry out an action. `open_it`: a person has it, but Chatwoot still shows it as ours."""

    why: str
    open_it: bool = False


def ownership_conflict(
    found: Conversation, action: Action, *, unsigned_is_person: bool = True
) -> OwnershipConflict | None:
    """Return why an action must not be carried out; None where it is ours to carry out.

    The assignee alone tells nothing: a conversation handed back keeps the old one (docs/reference/chatwoot.md).
    """
    if action.alone and wrote_since(found.last, action.after):
        return OwnershipConflict("the contact has written")
    if action.kind is ActionKind.STATUS and action.text in _REOPENABLE_TO:
        return (
            None
            if found.status in _REOPENABLE_TO[action.text]
            else OwnershipConflict(f"the conversation is {found.status}")
        )
    if turn_names.is_digest(action.turn):  # sent where the tenant says, whoever has the conversation
        return OwnershipConflict("the contact is blocked") if found.blocked or found.muted else None
    if found.status != PENDING:
        return OwnershipConflict(f"the conversation is {found.status}")
    return _by_people(found, action, unsigned_is_person)


def _by_people(found: Conversation, action: Action, unsigned_is_person: bool) -> OwnershipConflict | None:
    if found.blocked or found.muted:
        return OwnershipConflict("the contact is blocked")
    if any(_by_a_person(one, unsigned_is_person) for one in _since(found.last, action.after)):
        return OwnershipConflict("a teammate has answered", open_it=True)
    if found.assignee_type == "User" and found.assignee_id not in (None, action.assignee):
        return OwnershipConflict("a teammate was named", open_it=True)
    return None


def wrote_since(messages: Iterable[Message], after: int) -> bool:
    """Tell whether the contact has written after a message; its webhook may not have come."""
    return any(message.type == "incoming" for message in _since(messages, after))


def _since(messages: Iterable[Message], after: int) -> Iterable[Message]:
    return (message for message in messages if message.id > after)


def _by_a_person(message: Message, unsigned_is_person: bool) -> bool:
    """Typed in Chatwoot, or in the app of the paired phone; not a note, and not ours posted with a person's token."""
    if message.type != "outgoing" or message.private or message.mark is not None:
        return False
    said = {**message.raw, "content_attributes": message.attributes}
    return author_of(said, unsigned_is_person=unsigned_is_person) is Reason.OUTGOING_TEAMMATE
