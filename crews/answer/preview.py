"""The prompt that a crew would send for a message, without sending it: made on the very way that a turn takes."""

import asyncio
import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.turn import Question
from config.settings.settings import Settings
from crews.answer.draft import Crews, situation_of
from crews.answer.prefetched import PrefetchedResults, Prefetcher
from crews.catalog import Catalog
from crews.errors import CrewError
from crews.model_calls.call import Call, Chat, Completion, estimated_prompt
from crews.prompt.brief import Brief, Part, join_parts
from crews.prompt.conversation import content_text
from crews.run_state.result_text import result_text
from crews.run_state.tool_calls import BurstToolCalls
from crews.runtime import environment
from crews.tools.toolset import Toolset

_SECONDS = 30.0
_CHARACTERS = 4  # to a token, roughly


@dataclass(frozen=True, slots=True)
class PreviewedCall:
    """One call. `parts`: those of its first message, in order, where it is ours; empty: CrewAI made it."""

    call: Call
    parts: tuple[Part, ...] = ()

    @property
    def messages(self) -> Sequence[Chat]:
        """Return the chat messages as they would be sent."""
        return self.call.messages

    @property
    def tokens(self) -> int:
        """Return about how many tokens its prompt has, rather too many."""
        return estimated_prompt(self.call)


class _Recorder:
    """Stands in the place of the models: keeps each call and answers so that the next step goes on."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def complete(self, call: Call) -> Completion:
        """Answer with what the step before would have found."""
        self.calls.append(call)
        return Completion(text=_placeholder_answer(call.response_format), finish="stop", model=call.model)


class _PretendingPrefetcher(Prefetcher):
    """Stands in the place of prefetched tools: says which would be called, and calls none."""

    said = ""

    async def fetch(
        self,
        question: Question,
        settings: Settings,
        toolset: Toolset,
        named: Collection[str],
        calls: BurstToolCalls | None,
    ) -> PrefetchedResults:
        """Return a result's place for each call that the message makes worthwhile."""
        found = await self.calls_worthwhile(question, settings, toolset, named)
        fetched = PrefetchedResults(tuple(result_text(each.tool.name, _answer_to(each.arguments)) for each in found))
        self.said = fetched.said
        return fetched


def _answer_to(arguments: Mapping[str, Any]) -> str:
    return f"(what the tool answers to {json.dumps(dict(arguments), ensure_ascii=False)})"


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return len(text) // _CHARACTERS + 1


async def preview(function: str, channel: str, text: str, settings: Settings, catalog: Catalog) -> list[PreviewedCall]:
    """Return every call that a crew would make for a first message, in order.

    Raises:
        CrewUnsupported: the crew asks for what nobody offers here.
    """
    await asyncio.to_thread(environment.load)
    recorder, prefetcher = _Recorder(), _PretendingPrefetcher()
    crews = Crews(catalog, recorder, prefetcher=prefetcher)
    settings = settings.model_copy(update={"answers": {}})  # or a curated answer would be given
    question = _question(function, channel, text, settings)
    try:
        await crews.draft(question, settings)
    except CrewError:
        if not recorder.calls:
            raise
    finally:
        await crews.close()
    briefs = crews.briefs(question, settings)
    situation = "\n".join(filter(None, (situation_of(question, settings, datetime.now(UTC)), prefetcher.said)))
    made = {join_parts(parts): parts for parts in _prompt_parts(briefs, situation)}
    return [PreviewedCall(call, made.get(content_text(call.messages[0].get("content")), ())) for call in recorder.calls]


def _prompt_parts(briefs: Sequence[Brief], situation: str) -> list[tuple[Part, ...]]:
    return [
        tuple(Part(f"{brief.task}.{part.source}", part.text) for part in brief.parts(situation)) for brief in briefs
    ]


def _question(function: str, channel: str, text: str, settings: Settings) -> Question:
    return Question(
        turn="preview",
        origin=Origin(account="preview", channel=channel, contact=Contact(id=0, verified=True)),
        folder="preview",
        domain="",
        function=function,
        text=text,
        history=(),
        deadline=time.time() + _SECONDS,
        language=settings.language,
        greeted=bool(settings.greeting),
    )


def _placeholder_answer(response_format: Mapping[str, Any] | None) -> str:
    """Return a text, or an object of the shape that is asked for."""
    if response_format is None:
        return "(what the model answers)"
    schema = response_format["json_schema"]["schema"]
    values = {"number": 1.0, "integer": 1, "boolean": True, "array": [], "object": {}}
    said = {name: values.get(each.get("type"), "(what it finds)") for name, each in schema["properties"].items()}
    return json.dumps(said)
