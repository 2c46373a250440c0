"""One run of a crew and its result as a value; what models and tools left in the run's context is read here alone."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from chatwootai.model.message.turn import Draft, ModelUse, ServedBy, SideAction, Told, Usage
from chatwootai.model.text.sentences import whole_sentences
from crews.answer.unrequested_json import answer_text
from crews.answer.variants import Runnable
from crews.errors import ModelSilent
from crews.model_calls.call import Completion
from crews.model_calls.response import finish
from crews.model_calls.response.thoughts import without_thoughts
from crews.model_calls.trouble import trouble_of
from crews.prompt.markers import parse_markers
from crews.run_state.context import RunContext, current

SILENT: Final = "the model gave no answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewResult:
    """Result of a crew's run.

    `text`: as the model wrote it, with its marks; empty where it said nothing, `silence` tells why. `handoff`,
    `side_actions`: what tools asked for. `confidence`: 0 to 1, where it was answered in one call. `last`: the latest
    completion. `trace`: seconds of each task and tool. `instructions`, `results`: what models were told, and what tools
    found.
    """

    text: str = field(repr=False)
    silence: ModelSilent
    handoff: str | None = field(repr=False)
    side_actions: tuple[SideAction, ...] = field(repr=False)
    confidence: float | None
    usage: Usage
    model_calls: tuple[ModelUse, ...]
    last: Completion | None = field(repr=False)
    served_by: ServedBy
    trace: tuple[tuple[str, float], ...]
    instructions: tuple[str, ...] = field(repr=False)
    results: tuple[str, ...] = field(repr=False)


async def run_crew(crew: Runnable, run: RunContext, inputs: Mapping[str, Any], until: float) -> CrewResult:
    """Run a crew until `until` (unix seconds), with tools and guardrails; return what came of it.

    Raises:
        ModelUnavailable, ModelRefused, BudgetSpent, CrewUnsupported, GuardrailFailed: see crews.errors.
        TimeoutError: the time is up.
    """
    token = current.set(run)
    text, silence = "", ModelSilent(SILENT, reason="empty")
    try:
        async with asyncio.timeout(until - time.time()):
            text = (await crew.akickoff(inputs)).raw
    except ModelSilent as error:
        silence = error
    finally:
        current.reset(token)
    return CrewResult(
        text=text,
        silence=silence,
        handoff=run.handoff,
        side_actions=tuple(run.side_actions),
        confidence=run.confidence,
        usage=run.usage,
        model_calls=tuple(run.model_calls),
        last=run.last,
        served_by=run.served_by,
        trace=tuple(run.trace),
        instructions=tuple(run.instructions),
        results=tuple(run.results),
    )


def to_draft(result: CrewResult, steps: tuple[tuple[str, float], ...], plan: str, told: Told) -> Draft:
    """Return a result as a draft: its words for the contact, and what its marks ask for.

    `steps`: seconds of what came before the crew's own; `plan`: what was expected of it; `told`: what its text is
    judged against.
    """
    last, silence = result.last, result.silence
    marked = parse_markers(without_thoughts(answer_text(result.text)))  # a typed answer's texts may hold them too
    said = marked.text
    if said and last is not None and _is_cut(said, last):
        said = whole_sentences(said)
        silence = ModelSilent(SILENT, reason=f"{last.finish}, before a whole sentence")
    return Draft(
        text=said,
        handoff=result.handoff or marked.handoff or (None if said else f"{SILENT} ({silence.reason})"),
        trouble="" if said or result.handoff or marked.handoff else trouble_of(silence).value,
        served_by=result.served_by if last is None or last.served_by is ServedBy.CREW else last.served_by,
        model=last.model if last else None,
        usage=result.usage,
        model_calls=result.model_calls,
        steps=(*steps, *(result.trace if len(result.trace) > 1 else ())),
        actions=result.side_actions,
        confidence=min((each for each in (result.confidence, marked.confidence) if each is not None), default=None),
        plan=plan,
        choices=marked.choices,
        told=told,
        cited=marked.sources,
    )


def _is_cut(text: str, last: Completion) -> bool:
    """Tell whether the text may end in half a sentence: it is the end of a completion that did not end by itself."""
    return last.finish not in finish.WHOLE and last.text.rstrip().endswith(text.rstrip())
