"""A document, a passage of it, and what is found for a question: the values that the rooms here hand to each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Audience = Literal["customers", "team"]
CUSTOMERS: Audience = "customers"
TEAM: Audience = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One thing of a source, as text: a record, a file, a page, an article.

    `id` is unique within the source and stays the same while the address does. `text` is Markdown: headings, tables
    with `|`, paragraphs. `questions` are asked in other words by whoever needs it. `language`: two letters, empty where
    nobody knows. `mark`: what tells an unchanged document without reading it (a time, an ETag), if there is any.
    """

    id: str
    text: str
    title: str = ""
    questions: tuple[str, ...] = ()
    url: str = ""
    language: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of a document that may be offered to a crew. `headings`: the way to it, outermost first."""

    source: str
    document: str
    text: str
    title: str = ""
    headings: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    url: str = ""

    @property
    def heading(self) -> str:
        """Return title and headings in one line, none of them twice in a row."""
        said = [each for each in (self.title, *self.headings) if each]
        kept = [each for at, each in enumerate(said) if at == 0 or each != said[at - 1]]
        return " > ".join(kept)

    @property
    def whole(self) -> str:
        """Return all that is known of it, as words are looked for in it."""
        return "\n".join(filter(None, (self.heading, *self.questions, self.text)))


@dataclass(frozen=True, slots=True)
class Problem:
    """Part of a source that could not be read, and why; `document` is empty where it is the source itself."""

    document: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage found. `score`: the confidence that it answers, 0 to about 1.2; nothing in common is 0."""

    passage: Passage
    score: float
    number: int
    """Its place in the version, which is the order of its document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """Passages offered for a question, best first. `whole`: it is all that the account knows, in its own order.

    `version`: of the knowledge that was asked, empty where there is none; part of the key of every answer that is kept.
    `trouble`: why nothing could be looked up, in words for operators; empty where it could.
    `scores`: of each passage that was asked for itself; neighbours have none. `seconds`: by step.
    """

    passages: tuple[Passage, ...] = ()
    whole: bool = False
    version: str = ""
    trouble: str = ""
    scores: tuple[float, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
