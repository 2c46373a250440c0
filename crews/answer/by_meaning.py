"""Curated answers to questions in other words, found by meaning: crews.matching guards what passes for the same."""

import asyncio
from datetime import date
from typing import Final

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Question, ServedBy
from chatwootai.telemetry.metrics import FAILED_OPEN
from config.settings.answers import LONGEST, Answer
from config.settings.settings import Settings
from crews.answer.curated import CuratedMatch
from crews.encoding.encoder import EncoderUnavailable
from crews.matching.matcher import Matcher
from crews.matching.question_guard import reading

_SECONDS: Final = 0.3
"""How long it is waited for: mostly 3 ms, longer where a tenant's questions are encoded for the first time."""


class ByMeaning:
    """A finder that matches what is asked first in a conversation; what is asked later may mean what was said before.

    A question that says the same as those of two answers gets neither, and so does one with a subject or pictures.
    """

    def __init__(self, matcher: Matcher, *, seconds: float = _SECONDS) -> None:
        self._matcher = matcher
        self._seconds = seconds

    async def find(self, question: Question, settings: Settings, day: date) -> CuratedMatch | None:
        """Return the one answer whose question says the same, or None."""
        if not settings.near_answers or len(question.text) > LONGEST or question.subject or question.images:
            return None
        language = (question.language or settings.language)[:2]
        if not _comes_first(question, language):
            return None
        written = _written_questions(settings, question, day, language)
        try:
            async with asyncio.timeout(self._seconds):
                matches = await self._matcher.among(question.text, tuple(written), language)
        except (EncoderUnavailable, TimeoutError):
            FAILED_OPEN.labels("matching").inc()
            return None
        asked = list(written.values())
        names = {asked[each.at] for each in matches}
        if len(names) != 1:
            return None
        name = names.pop()
        return CuratedMatch(name, settings.answers[name], matches[0].likeness, ServedBy.NEAR)


def _written_questions(settings: Settings, question: Question, day: date, language: str) -> dict[str, str]:
    """Return the questions that may be answered so now, and whose each is."""
    found: dict[str, str] = {}
    for name, answer in settings.answers.items():
        if answer.holds(question.origin.channel, day) and _is_of(answer, settings, language):
            found |= dict.fromkeys(answer.questions, name)
    return found


def _is_of(answer: Answer, settings: Settings, language: str) -> bool:
    return (answer.language or settings.language)[:2] == language


def _comes_first(question: Question, language: str) -> bool:
    """Tell whether the contact has said nothing before but greetings."""
    return not any(_says(each.text, language) for each in question.history if each.role is Role.CONTACT)


def _says(text: str, language: str) -> bool:
    found = reading(text[:LONGEST], language)
    return found is None or not found.is_empty
