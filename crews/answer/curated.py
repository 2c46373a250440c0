"""Answers that a tenant has written itself: found in microseconds, given without a model."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.message.turn import Draft, Question, ServedBy
from chatwootai.moment import present
from config.settings.answers import LONGEST, Answer, index_questions, normalise_question
from config.settings.settings import Settings
from crews.answer.paraphrase import find_paraphrased

_INDEXES = 4096  # tenants whose questions are kept in order; made anew in well under a millisecond each


_Indexed = tuple[Mapping[str, Answer], Mapping[str, tuple[str, ...]]]
"""A tenant's answers, and the names of those that have a question, by the question."""


@dataclass(frozen=True, slots=True)
class CuratedMatch:
    """An answer, how sure its finder is that it fits (0 to 1), and what is said to have answered."""

    name: str
    answer: Answer
    score: float = 1.0
    served_by: ServedBy = ServedBy.CURATED


class Finder(Protocol):
    """One way to tell which answer a question is about: by its words (below), by its meaning."""

    async def find(self, question: Question, settings: Settings, day: date) -> CuratedMatch | None:
        """Return the answer that may be given on `question`'s channel on `day`, or None."""
        ...


class ExactFinder:
    """The whole question, word for word, once case, accents, punctuation and greetings are gone."""

    def __init__(self) -> None:
        self._indexes: BoundedCache[int, _Indexed] = BoundedCache(_INDEXES)

    async def find(self, question: Question, settings: Settings, day: date) -> CuratedMatch | None:
        """Return the answer to exactly this question.

        Of several the one in the contact's language, then the tenant's.
        """
        if len(question.text) > LONGEST:
            return None
        names = self._index(settings.answers).get(normalise_question(question.text), ())
        holding = [name for name in names if settings.answers[name].holds(question.origin.channel, day)]
        if not holding:
            return None
        best = max(
            holding, key=lambda name: _language_rank(settings.answers[name], question.language, settings.language)
        )
        return CuratedMatch(best, settings.answers[best])

    def _index(self, answers: Mapping[str, Answer]) -> Mapping[str, tuple[str, ...]]:
        # A snapshot hands out the same mapping again and again; kept beside its index, its id stays its own.
        known = self._indexes.get(id(answers))
        if known is None:
            reverse = dict(reversed(list(answers.items())))  # a later layer's answer is the stronger one
            known = self._indexes.put(id(answers), (answers, index_questions(reverse)))
        return known[1]


class CuratedAnswers:
    """Asks its finders in turn; the first that finds something has the word."""

    def __init__(self, finders: Sequence[Finder] | None = None) -> None:
        self._finders = (ExactFinder(),) if finders is None else tuple(finders)

    async def find(self, question: Question, settings: Settings, now: datetime | None = None) -> CuratedMatch | None:
        """Return the answer that a question gets, or None where a crew must think."""
        if not settings.answers:
            return None
        day = _local_time(now or present(), settings).date()
        for finder in self._finders:
            if (found := await finder.find(question, settings, day)) is not None:
                return found
        return None

    async def draft(self, question: Question, settings: Settings, now: datetime | None = None) -> Draft | None:
        """Return the answer as a draft, or None where a crew must think."""
        began = time.perf_counter()
        found = await self.find(question, settings, now)
        return _make_draft(found.answer, question, settings, found.served_by, began) if found else None

    def draft_paraphrase(self, question: Question, settings: Settings, now: datetime | None = None) -> Draft | None:
        """Return a draft as `draft` does, where no model answers.

        Also to a question that says the same in other words.
        """
        if not settings.answers or not settings.near_answers:
            return None
        began = time.perf_counter()
        name = find_paraphrased(question, settings, _local_time(now or present(), settings).date())
        return _make_draft(settings.answers[name], question, settings, ServedBy.NEAR, began) if name else None


def _make_draft(answer: Answer, question: Question, settings: Settings, served_by: ServedBy, began: float) -> Draft:
    text = settings.fill(answer.answer, answer.language or question.language).strip()
    return Draft(text=text, served_by=served_by, steps=((served_by.value, time.perf_counter() - began),))


def _local_time(now: datetime, settings: Settings) -> datetime:
    return now.astimezone(ZoneInfo(settings.hours.time_zone)) if settings.hours else now


def _language_rank(answer: Answer, *languages: str | None) -> int:
    """Return 2 where it is in the contact's language, 1 in the tenant's or in none, 0 in another."""
    own = (answer.language or "")[:2]
    asked, usual = ((each or "")[:2] for each in languages)
    return 2 if own and own == asked else int(own in {"", usual})
