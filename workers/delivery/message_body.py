"""The body of a message beside its text and mark, and the actions that replace a reply outside a window. Pure."""

from dataclasses import dataclass, field, replace
from typing import Any

from chatwootai.model.message import turn_names
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.policy.outcome import failure_note, opening
from config.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class MessageBody:
    """For `Chatwoot.create_message`: keys of `content_attributes`, and of the body itself."""

    content_attributes: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


def message_body(action: Action) -> MessageBody:
    """Return an action's keys in Chatwoot's words (docs/reference/chatwoot.md)."""
    attributes: dict[str, Any] = {"in_reply_to": action.reply_to} if action.reply_to else {}
    extra: dict[str, Any] = {"cc_emails": ",".join(action.cc)} if action.cc else {}
    if action.choices:
        attributes["items"] = [{"title": title, "value": title} for title in action.choices]
        extra["content_type"] = "input_select"
    return MessageBody(attributes, extra)


_WHY = {
    "pt": "o canal não aceita texto livre agora: o prazo para responder passou",
    "es": "el canal no acepta texto libre ahora: el plazo para responder pasó",
    "en": "the channel takes no free text now: the time to answer in has passed",
}


def actions_outside_window(action: Action, settings: Settings, unsaid: str) -> tuple[tuple[Action, ...], bool]:
    """Return the actions in a reply's place, and whether the turn's others still run. `unsaid`: text for the note.

    Only WhatsApp has templates: one stands for all parts of a reply. Else people get the reply in a note; a digest is
    a note as it is.
    """
    if turn_names.is_digest(action.turn):
        return (replace(action, kind=ActionKind.NOTE, turn=f"{action.turn}-window", part=0),), False
    if settings.template is not None and action.channel == "whatsapp":
        text = settings.fill(settings.template.text)
        return ((replace(action, kind=ActionKind.TEMPLATE, text=text),) if action.part <= 1 else ()), True
    why = _WHY.get(settings.language[:2], _WHY["en"])
    told = failure_note(why, unsaid, settings.note_language)
    turn = f"{action.turn}-window"
    return (replace(action, kind=ActionKind.NOTE, turn=turn, part=0, text=told), opening(action, turn)), False


def template_params(settings: Settings) -> dict[str, Any] | None:
    """Return the parameters with which Chatwoot sends a template; None where the tenant has none any more."""
    template = settings.template
    if template is None:
        return None
    named = {"name": template.name, "category": template.category, "language": template.language}
    return {"template_params": {**named, "processed_params": {"body": dict(template.parameters)}}}
