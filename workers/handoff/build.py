"""The outcome that gives a conversation to people: sentence, note and place, from a tenant's settings."""

from typing import Final

from chatwootai.channels.outgoing.render import render
from chatwootai.model.message.turn import Outcome, Question
from chatwootai.model.policy import notes, outcome
from chatwootai.model.policy.greeting import with_greeting
from chatwootai.model.policy.handoff import Need, Rules
from chatwootai.model.policy.handoff_cause import Cause, Sentence
from chatwootai.model.policy.outcome import Destination
from chatwootai.moment import present
from config.settings.settings import Settings

_UNSAID = frozenset({Cause.OFF, Cause.IDLE})
"""Nobody has asked anything of us: people answer, and nothing is said before."""


_SENTENCE: Final = 3
"""Words from which on a topic says enough to be met by its meaning too."""


def topic_examples(settings: Settings) -> dict[str, tuple[str, ...]]:
    """Return example sentences of what people answer, by name: those of subjects, and topics that are sentences."""
    said = settings.handoff
    topics = {topic: (topic,) for topic in said.topics if len(topic.split()) >= _SENTENCE}
    return topics | {name: each.examples for name, each in said.subjects.items() if each.examples}


def handoff_rules(settings: Settings) -> Rules:
    """Return a tenant's rules of when people are needed."""
    said = settings.handoff
    return Rules(
        asked=said.asked,
        phrases=said.phrases,
        topics=said.topics,
        subjects={name: each.phrases for name, each in said.subjects.items()},
        unknowing=said.unknowing,
        anger=said.anger,
        stuck_after=said.stuck_after,
        least_confidence=said.least_confidence,
    )


def build_handoff(need: Need, question: Question, settings: Settings, *, tries: int = 0) -> Outcome:
    """Return the outcome of a handoff: a prepared sentence in the contact's language, a note in the tenant's."""
    sentence = "" if need.cause in _UNSAID else _sentence(need, question, settings)
    signed = with_greeting(sentence, signature=settings.signature_on(question.origin.channel, question.language))
    parts = render(question.origin.channel, signed, carrier=question.origin.carrier)
    note = notes.handover_note(need, question, settings.note_language, tries=tries) if settings.handoff.note else None
    return outcome.handoff(need, parts if sentence else (), note, notes.cause_text(need))


def _sentence(need: Need, question: Question, settings: Settings) -> str:
    """Out of hours, "one moment, please" would be a promise that nobody keeps: when people are back is said instead."""
    subject = settings.handoff.subjects.get(need.reason) if need.cause is Cause.TOPIC else None
    now = present()
    if subject is not None and (own := subject.sentence(question.language, settings.language, "en")):
        return settings.fill(own, question.language, now=now)
    name = Sentence.OUT_OF_HOURS if settings.closed_at(now) else need.cause.sentence
    return settings.sentence(name, question.language, now=now)


def handoff_destination(made: Outcome, settings: Settings) -> Destination:
    """Return the label, priority and team under which people find the conversation."""
    team, label, priority = settings.handoff.destination(made.cause or "", made.why or "")
    return Destination(label=label, priority=priority, team=team)
