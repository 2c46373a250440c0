"""Who owns a conversation, as Chatwoot shows it right now: asked before anything is posted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatwootai.model.delivery import Wish
from chatwootai.model.outbox import Action, ActionKind
from workers.chatwoot_json import Conversation, Message

PENDING = Wish.PENDING.value
_REOPENABLE = ("open", "snoozed")


@dataclass(frozen=True, slots=True)
class Taken:
    """Why an action must not be carried out. `open_it`: a person has it, but Chatwoot still shows it as ours."""

    why: str
    open_it: bool = False


def taken(found: Conversation, action: Action) -> Taken | None:
    """Whether people, or nobody, should see this action; None: it is ours to carry out.

    The assignee alone tells nothing: a conversation handed back keeps the old one (PROTOCOL.md 6.4).
    """
    if action.kind is ActionKind.STATUS and action.text != "resolved":
        return None if found.status in _from(action.text) else Taken(f"the conversation is {found.status}")
    if found.status != PENDING:
        return Taken(f"the conversation is {found.status}")
    if found.blocked or found.muted:
        return Taken("the contact is blocked")
    if any(map(_by_a_person, _since(found.last, action.after))):
        return Taken("a teammate has answered", open_it=True)
    if found.assignee_type == "User" and found.assignee_id not in (None, action.assignee):
        return Taken("a teammate was named", open_it=True)
    return None


def _from(status: str) -> tuple[str, ...]:
    return _REOPENABLE if status == PENDING else (PENDING,)


def _since(messages: Iterable[Message], after: int) -> Iterable[Message]:
    return (message for message in messages if message.id > after)


def _by_a_person(message: Message) -> bool:
    """Typed in Chatwoot, or in the app of the paired phone; not a note, and not ours posted with a person's token."""
    if message.type != "outgoing" or message.private or message.mark is not None:
        return False
    return message.sender_type in ("User", "user") or message.attributes.get("external_echo") is True
