"""Tells people of a message of ours that did not arrive: a note, and the conversation is theirs. Pure."""

from collections.abc import Mapping
from typing import Final

from chatwootai.model.message.effects import FailedMessage
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.policy.outcome import opening
from chatwootai.model.text.plain import as_plain_text

_MOST: Final = 4000
_LINES: Final[Mapping[str, tuple[str, str, str]]] = {
    "pt": ("**Uma resposta do assistente não chegou ao contato**", "Motivo", "A resposta era"),
    "es": ("**Una respuesta del asistente no llegó al contacto**", "Motivo", "La respuesta era"),
    "en": ("**A reply of the assistant did not reach the contact**", "Reason", "The reply was"),
}


def failure_note(why: str, text: str, language: str) -> str:
    """Return the note for people: the reason in the provider's words, and what the contact should have read."""
    title, reason, was = _LINES.get(language.split("-", maxsplit=1)[0].lower(), _LINES["en"])
    quoted = "\n".join(f"> {line}" for line in text[:_MOST].splitlines())
    return f"{title}\n{reason}: {as_plain_text(' '.join(why.split()))}\n{was}:\n{quoted}"


def failure_actions(failure: FailedMessage, language: str) -> tuple[Action, ...]:
    """Return the outbox entries that tell people."""
    written = Action(
        kind=ActionKind.NOTE,
        turn=f"failed-{failure.account}-{failure.conversation}-{failure.message}",
        part=0,
        text=failure_note(failure.why, failure.text, language),
        inbox=failure.inbox,
        channel=failure.channel,
        after=failure.message,
        due=failure.at,
    )
    return written, opening(written, written.turn)
