"""Curated answers: what a tenant answers to certain questions, word for word, without a model.

They stand in `answers.yaml` beside `config.yaml` in the folder of `_base`, a domain, a tenant or an inbox, by name, and
are inherited as everything is: a later layer replaces an answer of the same name, null removes it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import combinations
from typing import Annotated

from pydantic import Field, model_validator

from chatwootai.model.text.normalize import normalized_words
from config.document.problems import Problem
from config.document.tree import Mark, Node, Scalar, Sequence, Table
from config.schema.base import Date, Language, Line, Section, Text, invalid
from config.schema.channels import Channel

FILE = "answers.yaml"
LONGEST = 300
"""Characters of a question that may match; whoever writes more asks something of their own."""

_GREETINGS = (
    "oi|ola|opa|alo|bom dia|boa tarde|boa noite|tudo bem|tudo bom|como vai|como voce esta|prezados|prezada|prezado"
    "|hola|buenas|buenos dias|buen dia|buenas tardes|buenas noches|que tal|como estas|como esta usted|estimados"
    "|hi|hello|hey|good morning|good afternoon|good evening|how are you|dear team|hi there|hello there"
)
_COURTESIES = (
    "por favor|por gentileza|pf|pfv|obrigado|obrigada|muito obrigado|muito obrigada|desde ja obrigado|desde ja obrigada"
    "|agradeco|valeu|abraco|abracos|gracias|muchas gracias|de antemano gracias|saludos|please|pls|thanks|thank you"
    "|many thanks|thanks in advance|cheers|regards"
)


def _phrases(*texts: str) -> tuple[tuple[str, ...], ...]:
    """Phrases as words, the longest first."""
    return tuple(sorted((tuple(each.split()) for text in texts for each in text.split("|")), key=len, reverse=True))


_BEFORE, _AFTER = _phrases(_GREETINGS, _COURTESIES), _phrases(_COURTESIES)


class Answer(Section):
    """Answer given word for word, without a model, to whoever asks one of its questions exactly."""

    questions: Annotated[tuple[Annotated[Line, Field(min_length=1)], ...], Field(min_length=1, max_length=100)]
    """Whole questions that get this answer, 1 to 100. Case, accents, punctuation and greetings around them do not
    matter."""
    answer: Annotated[Text, Field(min_length=1, max_length=4000)]
    """Text of the answer, at most 4000 characters. `{company}` and `{hours}` are filled in."""
    channels: tuple[Channel, ...] = ()
    """Channels that it is given on. Empty: all of them."""
    language: Language | None = None
    """Language of questions and answer, as `pt`. Needed only where one question is written alike in two languages."""
    start: Date | None = None
    """First day, as 2026-11-20, in the tenant's time zone. Unset: no beginning."""
    end: Date | None = None
    """Last day, this one included, as 2026-12-24, in the tenant's time zone. Unset: no end."""

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Answer":
        if self.start and self.end and self.end < self.start:
            raise invalid("order", "end is before start", "Write a later end, or an earlier start.", "end")
        return self

    def holds(self, channel: str, day: date) -> bool:
        """Tell whether it may be given on a channel, on a day."""
        began = self.start is None or self.start <= day
        return began and (self.end is None or day <= self.end) and (not self.channels or channel in self.channels)


def index_questions(answers: Mapping[str, Answer]) -> dict[str, tuple[str, ...]]:
    """The names of answers by their questions, normalised."""
    found: dict[str, list[str]] = {}
    for name, answer in answers.items():
        for key in {normalise_question(question) for question in answer.questions}:
            found.setdefault(key, []).append(name)
    return {key: tuple(names) for key, names in found.items()}


@lru_cache(maxsize=4096)
def normalise_question(text: str) -> str:
    """A question without case, accents, punctuation, emoji, and greetings and courtesies around it.

    A text that is nothing but a greeting keeps its last one, so that a greeting can be answered too.
    """
    words = normalized_words(text[:LONGEST])
    first, last = 0, len(words)
    while (cut := _leading(words, first, last)) and first + cut < last:
        first += cut
    while (cut := _trailing(words, first, last)) and first < last - cut:
        last -= cut
    return " ".join(words[first:last])


def _leading(words: list[str], first: int, last: int) -> int:
    return next((len(each) for each in _BEFORE if tuple(words[first : min(first + len(each), last)]) == each), 0)


def _trailing(words: list[str], first: int, last: int) -> int:
    return next((len(each) for each in _AFTER if tuple(words[max(first, last - len(each)) : last]) == each), 0)


def contradictions(answers: Mapping[str, Answer], tree: Node) -> list[Problem]:
    """Questions that nothing is left of, and questions with two answers at one time, channel and language.

    `tree` is the answers' own, and knows where each stands.
    """
    problems = list(_empty(answers, tree))
    for key, names in index_questions(answers).items():
        for one, other in combinations(names, 2):
            if key and _can_meet(answers[one], answers[other]):
                message = f"`answers.{other}`: this question has two answers; the other is `{one}`"
                remedy = "Keep one, or set them apart by channels, language or dates."
                problems.append(Problem(*_question(tree, other, key), "two-answers", message, remedy))
    return problems


def _empty(answers: Mapping[str, Answer], tree: Node) -> Iterator[Problem]:
    for name, answer in answers.items():
        if any(not normalise_question(question) for question in answer.questions):
            message = f"`answers.{name}.questions`: a question without a word"
            yield Problem(*_question(tree, name, ""), "empty-question", message, "Write what a contact would write.")


def _can_meet(one: Answer, other: Answer) -> bool:
    """Tell whether both could be given to the same contact at the same moment."""
    apart = (
        one.channels and other.channels and not set(one.channels) & set(other.channels),
        one.language != other.language,
        one.end is not None and other.start is not None and one.end < other.start,
        other.end is not None and one.start is not None and other.end < one.start,
    )
    return not any(apart)


def _question(tree: Node, name: str, key: str) -> Mark:
    """Return the place of a question; the answer's own place where that cannot be told."""
    entry = tree.items.get(name) if isinstance(tree, Table) else None
    asked = entry.items.get("questions") if isinstance(entry, Table) else None
    scalars: Iterable[Node] = asked.items if isinstance(asked, Sequence) else ()
    written = (each.mark for each in scalars if isinstance(each, Scalar) and normalise_question(str(each.value)) == key)
    return next(written, entry.mark if entry is not None else tree.mark)
