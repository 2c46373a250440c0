"""Causes of handoffs and the prepared sentences. Imports nothing, so that configuration may import it."""

from enum import StrEnum
from typing import Final

NOTE_LANGUAGES: Final = ("pt", "es", "en")
"""Languages of the notes for a company's people."""


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
