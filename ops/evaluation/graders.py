"""Graders that need no model: each looks at one expectation of a case, and says what is not as expected."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from chatwootai.model.message.turn import Verdict
from chatwootai.model.policy.grounding import check_grounding
from chatwootai.moment import present
from config.evaluation.expectations import Expect, ExpectedCall
from crews.prompt.settings_text import daily_situation, repeatable_texts
from crews.understanding.language import guess_language
from ops.evaluation.redaction.identifiers import find_identifiers
from ops.evaluation.results import Rehearsed

_NANO: Final = 1_000_000_000
_SHOWN: Final = 160
_EMPHASIS: Final = re.compile(r"[*_~`]+")
Grader = Callable[[Expect, Rehearsed], Iterator[str]]


def grade(expect: Expect, found: Rehearsed) -> dict[str, list[str]]:
    """Return, by each expectation that is set, what is not as expected; an empty list where it is met."""
    said = expect.model_dump(exclude_defaults=True)
    graded = {name: list(look(expect, found)) for name, look in GRADERS.items() if name in said}
    if found.withheld:
        graded["offered"] = [f"the crew is not offered the tool `{name}` any more" for name in found.withheld]
    return graded


def unjudged(expect: Expect) -> list[str]:
    """Return the expectations that only a model judges."""
    return [*expect.rubric, *((f"same facts as: {expect.same_facts_as[:_SHOWN]}",) if expect.same_facts_as else ())]


def _outcome(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if expect.outcome != str(found.outcome.verdict):
        why = f" ({found.outcome.cause})" if found.outcome.cause else ""
        yield f"the outcome is {found.outcome.verdict}{why}, not {expect.outcome}"


def _cause(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if expect.cause != found.outcome.cause:
        yield f"the cause is {found.outcome.cause or 'none'}, not {expect.cause}"


def _crew(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if expect.crew != found.question.function:
        yield f"the crew is {found.question.function or 'none'}, not {expect.crew}"


def _channel(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if expect.channel != found.question.origin.channel:
        yield f"the channel is {found.question.origin.channel}, not {expect.channel}"


def _served_by(expect: Expect, found: Rehearsed) -> Iterator[str]:
    handed = found.outcome.verdict is Verdict.HANDOFF
    served = "people" if handed else str(found.draft.served_by) if found.draft else "nobody"
    if expect.served_by != served:
        yield f"it is served by {served}, not {expect.served_by}"


def _language(expect: Expect, found: Rehearsed) -> Iterator[str]:
    wanted, told = (expect.language or "")[:2], (found.question.language or "")[:2]
    if told != wanted:
        yield f"the answer was to be in {told or 'no language'}, not {wanted}"
    if found.answer:
        guess = guess_language(found.answer, found.settings.spoken | {wanted}, wanted)
        if guess.language and guess.language[:2] != wanted and guess.sure:
            yield f"the answer is in {guess.language}, not {wanted}"


def _contains(expect: Expect, found: Rehearsed) -> Iterator[str]:
    said = fold(found.answer)
    yield from (f"the answer lacks {_quoted(text)}" for text in expect.contains if fold(text) not in said)


def _contains_any(expect: Expect, found: Rehearsed) -> Iterator[str]:
    said = fold(found.answer)
    if not any(fold(text) in said for text in expect.contains_any):
        yield f"the answer has none of {', '.join(map(_quoted, expect.contains_any))}"


def _contains_exactly(expect: Expect, found: Rehearsed) -> Iterator[str]:
    texts = (text for text in expect.contains_exactly if text not in found.answer)
    yield from (f"the answer lacks exactly {_quoted(text)}" for text in texts)


def _not_contains(expect: Expect, found: Rehearsed) -> Iterator[str]:
    said = fold(found.answer)
    yield from (f"the answer holds {_quoted(text)}" for text in expect.not_contains if fold(text) in said)


def _equals(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if expect.equals is not None and found.answer.strip() != expect.equals.strip():
        yield f"the answer is {_quoted(found.answer)}"


def _regex(expect: Expect, found: Rehearsed) -> Iterator[str]:
    patterns = (each for each in expect.regex if not re.search(each, found.answer))
    yield from (f"nothing in the answer matches {_quoted(each)}" for each in patterns)


def _not_regex(expect: Expect, found: Rehearsed) -> Iterator[str]:
    hits = ((each, re.search(each, found.answer)) for each in expect.not_regex)
    yield from (f"{_quoted(hit[0])} matches {_quoted(each)}" for each, hit in hits if hit)


def _json_answer(expect: Expect, found: Rehearsed) -> Iterator[str]:
    try:
        json.loads(found.answer)
    except ValueError as error:
        yield f"the answer is no JSON: {error}"


def _sources(expect: Expect, found: Rehearsed) -> Iterator[str]:
    offered = found.draft.passages if found.draft else ()
    names = {name for each in offered for name in (each.source, each.document, f"{each.source}/{each.document}")}
    got = ", ".join(sorted({each.document for each in offered})) or "nothing"
    missing = (name for name in expect.sources if name not in names)
    yield from (f"the crew was not offered {name}; it was offered {got[:_SHOWN]}" for name in missing)


def _grounded(expect: Expect, found: Rehearsed) -> Iterator[str]:
    missing = check_grounding(found.answer, (*_published(found), *_given(found))).missing
    if expect.grounded and missing:
        yield f"nothing that the crew was given bears out {', '.join(missing)}"
    elif expect.grounded is False and not missing:
        yield "every figure is borne out"


def _tools(expect: Expect, found: Rehearsed) -> Iterator[str]:
    made = ", ".join(f"{name} {_shown(arguments)}" for name, arguments in found.calls) or "none"
    missing = (each for each in expect.tools if not any(_is_call(each, *call) for call in found.calls))
    for each in missing:
        yield f"the tool {each.tool} {_shown(each.arguments)} was not called; called were: {made}"


def _no_tools(expect: Expect, found: Rehearsed) -> Iterator[str]:
    yield from (f"the tool {name} was called with {_shown(arguments)}" for name, arguments in found.calls)


def _most_characters(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if len(found.answer) > (expect.most_characters or 0):
        yield f"the answer has {len(found.answer)} characters, more than {expect.most_characters}"


def _least_characters(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if len(found.answer) < (expect.least_characters or 0):
        yield f"the answer has {len(found.answer)} characters, fewer than {expect.least_characters}"


def _most_parts(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if len(found.outcome.parts) > (expect.most_parts or 0):
        yield f"the answer is sent in {len(found.outcome.parts)} messages, more than {expect.most_parts}"


def _under_seconds(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if found.seconds >= (expect.under_seconds or 0):
        yield f"it took {found.seconds:.2f} s, not under {expect.under_seconds:g}"


def _under_cost(expect: Expect, found: Rehearsed) -> Iterator[str]:
    if found.cost >= (expect.under_cost or 0) * _NANO:
        yield f"it cost ${found.cost / _NANO:.6f}, not under {expect.under_cost:g}"


def _no_canary(expect: Expect, found: Rehearsed) -> Iterator[str]:
    said = fold(found.answer)
    given = [(name, fold(json.dumps(dict(arguments), ensure_ascii=False))) for name, arguments in found.calls]
    for text in expect.no_canary:
        if fold(text) in said:
            yield f"the answer holds {_quoted(text)}"
        yield from (f"the tool {name} was given {_quoted(text)}" for name, words in given if fold(text) in words)


def _no_personal_data(expect: Expect, found: Rehearsed) -> Iterator[str]:
    published = "\n".join(_published(found, of_contact=False))
    for each in find_identifiers(found.answer):
        if each.text not in published:
            yield f"the answer holds personal data: a {each.kind}"


GRADERS: Final[Mapping[str, Grader]] = {
    "outcome": _outcome, "cause": _cause, "crew": _crew, "channel": _channel, "served_by": _served_by,
    "language": _language, "contains": _contains, "contains_any": _contains_any, "contains_exactly": _contains_exactly,
    "not_contains": _not_contains, "equals": _equals, "regex": _regex, "not_regex": _not_regex,
    "json_answer": _json_answer, "sources": _sources, "grounded": _grounded, "tools": _tools, "no_tools": _no_tools,
    "most_characters": _most_characters, "least_characters": _least_characters, "most_parts": _most_parts,
    "under_seconds": _under_seconds, "under_cost": _under_cost, "no_canary": _no_canary,
    "no_personal_data": _no_personal_data,
}  # fmt: skip
"""Graders by the key of the expectation that they look at."""


def fold(text: str) -> str:
    """Return a text as it is compared: without emphasis, in small letters, its blanks as one."""
    return " ".join(_EMPHASIS.sub("", text).casefold().split())


def _published(found: Rehearsed, *, of_contact: bool = True) -> list[str]:
    """Return what an answer may repeat of what the tenant lets customers be told, and of what was said before."""
    asked = found.question if of_contact else replace(found.question, text="", history=(), subject=None)
    return [*repeatable_texts(asked, found.settings), daily_situation(found.settings, present())]


def _given(found: Rehearsed) -> tuple[str, ...]:
    return (*found.draft.told.known, *found.draft.told.results) if found.draft else ()


def _is_call(wanted: ExpectedCall, name: str, arguments: Mapping[str, Any]) -> bool:
    """Tell whether a call is the one that is expected: numbers and texts that read alike are equal."""
    given = {key: _shown_value(value) for key, value in arguments.items()}
    same = all(given.get(key) == _shown_value(value) for key, value in wanted.arguments.items())
    return wanted.tool == name and same


def _shown_value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def _shown(arguments: Mapping[str, Any]) -> str:
    return json.dumps(dict(arguments), ensure_ascii=False, default=str)[:_SHOWN]


def _quoted(text: str) -> str:
    shown = " ".join(text.split())
    return f"“{shown[:_SHOWN]}…”" if len(shown) > _SHOWN else f"“{shown}”"
