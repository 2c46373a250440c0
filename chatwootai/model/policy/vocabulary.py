"""Closed lists of words that settings and turns share. Imports nothing, so that configuration may import it."""

from enum import StrEnum
from typing import Final, Literal

Priority = Literal["low", "medium", "high", "urgent"]
"""Priority of a conversation, as Chatwoot shows it."""


class Sentence(StrEnum):
    """Names of the prepared sentences, said when no crew writes."""

    GREETING = "greeting"
    HANDOFF = "handoff"
    FAILED = "failed"
    OUT_OF_HOURS = "out_of_hours"
    MODEL_DOWN = "model_down"
    BUSY = "busy"
    INTERIM = "interim"
    UNSUPPORTED = "unsupported"
    HUMAN_REQUESTED = "human_requested"
    REMINDER = "reminder"
    CLOSING = "closing"


class Cause(StrEnum):
    """Reasons to give a conversation to people."""

    ASKED = "asked"  # the contact asks for a person
    TOPIC = "topic"  # what crews must not speak about
    ANGER = "anger"
    STUCK = "stuck"  # turns without progress
    UNSURE = "unsure"  # the crew's own confidence is low
    CREW = "crew"  # the crew asks for it
    UNFIT = "unfit"  # what the model wrote must not be shown
    MODEL = "model"  # the model is away, too late, or its budget is spent
    FAILED = "failed"  # anything else that did not work
    OFF = "off"  # no crew answers on this channel
    IDLE = "idle"  # the contact fell silent
    UNREAD = "unread"  # whoever read it was lost, twice

    @property
    def sentence(self) -> Sentence:
        """Return the prepared sentence that the contact reads."""
        return _SENTENCES.get(self, Sentence.HANDOFF)


_SENTENCES: Final = {
    Cause.ASKED: Sentence.HUMAN_REQUESTED,
    Cause.MODEL: Sentence.MODEL_DOWN,
    Cause.FAILED: Sentence.FAILED,
    Cause.UNREAD: Sentence.FAILED,
}


class Grounding(StrEnum):
    """Check of a draft's figures, links and addresses against what the crew was given."""

    STRICT = "strict"
    OFF = "off"


class Links(StrEnum):
    """Hosts to which a draft may lead people."""

    KNOWN = "known"  # those that the tenant's own texts name
    ANY = "any"


class Level(StrEnum):
    """Strictness of the check of a model's draft."""

    STRICT = "strict"
    TECHNICAL = "technical"  # errors' words, code, placeholders and names of fields are what its customers ask about
    NONE = "none"  # whatever is not empty
