"""What a reply carries to Chatwoot beside its text and our mark. Pure."""

from dataclasses import dataclass, field
from typing import Any

from chatwootai.model.message.outbox import Action


@dataclass(frozen=True, slots=True)
class Posted:
    """For `Chatwoot.create_message`: keys of `content_attributes`, and of the body itself."""

    content_attributes: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def as_posted(action: Action) -> Posted:
    """Say it in Chatwoot's words (docs/reference/chatwoot.md)."""
    attributes: dict[str, Any] = {"in_reply_to": action.reply_to} if action.reply_to else {}
    extra: dict[str, Any] = {"cc_emails": ",".join(action.cc)} if action.cc else {}
    if action.choices:
        attributes["items"] = [{"title": title, "value": title} for title in action.choices]
        extra["content_type"] = "input_select"
    return Posted(attributes, extra)
