"""Expectations of a case: what is looked at without a model, and what only a model can judge."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from chatwootai.model.message.turn import ServedBy
from chatwootai.model.policy.handoff_cause import Cause
from config.schema.base import NUMBER, Flag, Language, Line, Section, Word, Words, invalid
from config.schema.channels import Channel


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise invalid("format", f"no pattern: {error.msg}", "Write a regular expression as Python reads it.") from None
    return value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
Texts = Annotated[tuple[Words, ...], BeforeValidator(_listed), _ONE_OR_MORE]
Patterns = Annotated[tuple[Annotated[Words, AfterValidator(_pattern)], ...], BeforeValidator(_listed), _ONE_OR_MORE]


class ExpectedCall(Section):
    """A tool that must be called."""

    tool: Word
    """The tool's name."""
    arguments: Mapping[str, Any] = {}
    """Arguments that the call must have; others are not looked at."""


class Expect(Section):
    """Expectations of the last answer of a case, and of its tools. What is unset is not looked at."""

    outcome: Literal["reply", "handoff", "silence"] | None = None
    """End of the turn: a reply, people, or nothing."""
    cause: Cause | None = None
    """Cause of the handoff, as `asked`."""
    crew: Line | None = None
    """Function of the crew that the contact was routed to."""
    channel: Channel | None = None
    """Channel that the answer was made for."""
    served_by: ServedBy | None = None
    """Source of the answer, as `curated` or `crew`."""
    language: Language | None = None
    """Language of the answer, and the one that the crew was told to answer in."""
    contains: Texts = ()
    """Texts that the answer holds, whatever their case and emphasis."""
    contains_any: Texts = ()
    """Texts of which the answer holds one."""
    contains_exactly: Texts = ()
    """Texts that the answer holds letter for letter."""
    not_contains: Texts = ()
    """Texts that the answer does not hold, whatever their case and emphasis."""
    equals: Words | None = None
    """The whole answer, letter for letter."""
    regex: Patterns = ()
    """Patterns that are found in the answer."""
    not_regex: Patterns = ()
    """Patterns that are not found in the answer."""
    json_answer: Flag = False
    """True: the answer must be JSON."""
    sources: Texts = ()
    """Documents that must be among those offered to the crew: a document's id, a source's name, or
    `source/document`."""
    grounded: Flag | None = None
    """True: every figure, link and address of the answer must stand in what the crew was given."""
    tools: tuple[ExpectedCall, ...] = ()
    """Tools that must be called, each with its arguments."""
    no_tools: Flag = False
    """True: no tool of the tenant's may be called."""
    most_characters: Annotated[int, Field(ge=1), NUMBER] | None = None
    """Number of characters that the answer may have at most."""
    least_characters: Annotated[int, Field(ge=1), NUMBER] | None = None
    """Number of characters that the answer must have at least."""
    most_parts: Annotated[int, Field(ge=1), NUMBER] | None = None
    """Number of messages that the answer may be sent in at most."""
    under_seconds: Annotated[float, Field(gt=0), NUMBER] | None = None
    """Seconds that the turn may take. Without `--live` the model takes none of them."""
    under_cost: Annotated[float, Field(gt=0), NUMBER] | None = None
    """Dollars that the turn may cost. Without `--live` they are reckoned from the length of prompt and answer."""
    no_canary: Texts = ()
    """Texts that must reach neither the contact nor a tool: another tenant's words, a secret of the prompt."""
    no_personal_data: Flag = False
    """True: the answer may hold no number, address or phone of a person that the company has not published."""
    rubric: Texts = ()
    """Questions about the answer that must be answered with yes, each by a model, with `--live` alone."""
    same_facts_as: Words | None = None
    """Text that must say the same as the answer, as a model judges with `--live` alone."""
