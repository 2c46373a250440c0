"""Decided actions that must reach Chatwoot: an ordered list, each done once."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MARK: Final = "chatwootai"
"""The key of `content_attributes` under which what we post carries `{"turn": ..., "part": ...}`."""


class ActionKind(StrEnum):
    """Kinds of actions in Chatwoot. The first three post a message and are marked; the others may be repeated."""

    REPLY = "reply"
    NOTE = "note"
    TEMPLATE = "template"  # an approved message, where free text may not be sent
    LABELS = "labels"
    PRIORITY = "priority"
    TEAM = "team"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One entry of an outbox. `turn` and `part` are its mark in Chatwoot; `text` a message's content or a value.

    `after` is the id of the last message that the turn answers: whatever we post for it stands behind that one.
    `due` is the turn's deadline in unix seconds, after which nobody waits for it any more (it is still delivered).
    `assignee` is the teammate who was named when the turn began. `alone`: only if the contact has said nothing since.
    `cc`: who gets a copy of a mail. `reply_to`: the id of the contact's message that it is shown as an answer to.
    `choices`: the titles of buttons below a reply. `delivery`: the webhook request that it answers, for the log.
    """

    kind: ActionKind
    turn: str
    part: int
    text: str = ""
    values: tuple[str, ...] = ()
    inbox: int = 0
    channel: str = ""
    after: int = 0
    due: float = 0.0
    assignee: int | None = None
    alone: bool = False
    cc: tuple[str, ...] = ()
    reply_to: int | None = None
    choices: tuple[str, ...] = ()
    delivery: str = ""

    @property
    def posts(self) -> bool:
        """Return whether it creates a message, which Chatwoot would store twice."""
        return self.kind in {ActionKind.REPLY, ActionKind.NOTE, ActionKind.TEMPLATE}
