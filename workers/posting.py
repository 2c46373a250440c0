"""What a reply carries to Chatwoot beside its text and our mark. Pure."""

from dataclasses import dataclass, field
from typing import Any

from chatwootai.model.outbox import Action


@dataclass(frozen=True, slots=True)
class Posted:
    """For `Chatwoot.create_message`: keys of `content_attributes`, and of the body itself."""

    content_attributes: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def as_posted(action: Action) -> Posted:
    """Say it in Chatwoot's words (docs/reference/chatwoot.md)."""
    attributes = {"in_reply_to": action.reply_to} if action.reply_to else {}
    return Posted(attributes, {"cc_emails": ",".join(action.cc)} if action.cc else {})
