"""Decides if one customer's answer may serve another who asks the same: only where nothing personal is in play. Pure.

The exact cache already gives an answer to nobody but those whose whole prompt is equal to the byte, within a tenant.
This keeps personal words out of it altogether, so that no answer to them is stored: first messages of a conversation
alone, short, without digits that could be a number of somebody's (order, phone, document), addresses or links.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Final

from chatwootai.model.message.turn import Draft, Question, ServedBy, Sharing
from config.schema.crew_schema import Blueprint
from crews.model_calls.call import CachePolicy

_WRITTEN_ANEW: Final = frozenset({ServedBy.CREW, ServedBy.FUSED})
_LONGEST = 300  # characters
_PERSONAL = re.compile(r"\d(?:[\s.\-/]?\d){3,}|[@\[\]]|://|www\.", re.IGNORECASE)
_OWN = re.compile(
    # "my order", "my name is", in the languages that ship: what is asked of oneself has an answer for oneself.
    r"\b(?:meus?|minhas?|me chamo|sou [ao]?|mis?|m[ií][ao]s?|soy|me llamo|my|mine|i am|i'm)\b",
    re.IGNORECASE,
)


def cache_policy(blueprint: Blueprint, filled: Mapping[str, str]) -> CachePolicy | None:
    """Return what a crew says of its answers' lifetime, named by the crew and all words of the configuration in it."""
    if blueprint.cache is None:
        return None
    version = hashlib.sha256(repr((blueprint, sorted(filled.items()))).encode()).hexdigest()[:16]
    return CachePolicy(
        seconds=60 * blueprint.cache.minutes, stale_seconds=60 * blueprint.cache.stale_minutes, version=version
    )


def shareable_policy(question: Question, fresh: CachePolicy | None) -> CachePolicy | None:
    """Return how long the answer to this question may serve others; None: not at all."""
    if fresh is None or question.history or question.subject:
        return None
    text = question.text
    if len(text) > _LONGEST or _PERSONAL.search(text) or _OWN.search(text):
        return None
    return fresh


def sharing(question: Question, keep: CachePolicy | None, *told: str) -> Sharing | None:
    """Return the leave of a question's answer to serve others who ask the same in other words; None: there is none.

    `told`: what else shapes an answer: the model, the version of the knowledge, what differs from day to day.
    """
    if keep is None or question.images:
        return None
    origin = question.origin
    parts = (question.function, origin.channel, origin.carrier, question.language, keep.version, *told)
    return Sharing(hashlib.sha256(repr(parts).encode()).hexdigest()[:32], keep.seconds)


def may_share(draft: Draft, finish: str | None) -> bool:
    """Tell whether a draft is whole, a model has just written it, and it asks for nothing but to be read."""
    plain = not (draft.handoff or draft.actions or draft.choices or draft.trouble)
    return plain and bool(draft.text) and finish == "stop" and draft.served_by in _WRITTEN_ANEW
