"""The four-agent shape of this project's ancestor: fused, it is one call, and thinks again as a whole where it must."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatwootai.model.message.turn import Draft, Usage
from config.settings.settings import Settings
from crews.catalog import Catalog
from crews.model_calls.call import Call, Completion, ToolCall
from crews.plan.planning import plan_for
from crews.plan.single_call import answer_fields
from crews.runtime import environment
from tests.builders import question

CREWS = Path(__file__).parents[2] / "crews"
USAGE = Usage(prompt_tokens=10, completion_tokens=5, calls=1)


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Model:
    """The stack's one method; `say` answers a call that wants an object, every other is answered by its task."""

    def __init__(self, say: Callable[[Call], str | tuple[ToolCall, ...]]) -> None:
        self.say = say
        self.calls: list[Call] = []
        self.in_flight = self.most = 0

    async def complete(self, call: Call) -> Completion:
        self.calls.append(call)
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await asyncio.sleep(0.01)
        self.in_flight -= 1
        said = self.say(call) if call.response_format else f"from {call.max_tokens}"
        if isinstance(said, tuple):
            return Completion(text="", finish="tool_calls", model="m", tool_calls=said, usage=USAGE)
        return Completion(text=said, finish="stop", model="m", usage=USAGE)


def object_of(confidence: Any, answer: str = "Sim, temos.") -> str:
    return json.dumps({"classify": "c", "research": "r", "write": "w", "answer": answer, "confidence": confidence})


async def drafted(answering: Model, *, seconds: float = 60, **settings: Any) -> Draft:
    from crews.answer.draft import Crews

    asked = question("Tem {creme}?", seconds=seconds, function="ancestor")
    return await Crews(Catalog(CREWS), answering).draft(asked, Settings.model_validate(settings))


async def test_fused_it_is_one_typed_call() -> None:
    model = Model(lambda _: object_of(0.9))
    draft = await drafted(model)
    assert (draft.text, draft.served_by, draft.usage.calls) == ("Sim, temos.", "fused", 1)
    assert draft.plan is not None
    assert draft.plan.startswith("fused: 1 in a row")
    (call,) = model.calls
    schema = (call.response_format or {})["json_schema"]["schema"]
    expected = answer_fields(Catalog(CREWS).blueprint("ancestor", "whatsapp"))
    assert tuple(schema["properties"]) == (*expected, "confidence")
    assert call.messages[-1] == {"role": "user", "content": "Tem {creme}?"}
    assert call.max_tokens == 110 + 4 * 15


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (object_of(0.3), "unsure"),
        (object_of(0.9, answer="  "), "shape"),
        ("no object at all", "shape"),
        ((ToolCall("1", "look", "{}"),), "tool"),
    ],
)
async def test_a_tool_call_low_confidence_or_no_object_expands_it_to_the_whole_crew(said: Any, why: str) -> None:
    model = Model(lambda _: said)
    draft = await drafted(model)
    assert (draft.text, draft.served_by, draft.usage.calls) == ("from 110", "crew", 5)
    names = [name for name, _ in draft.steps]
    assert names[:4] == ["prompt", "model", "fused", "task classify"] or names[2] == "fused"
    assert f"expanded {why}" in names
    assert {"task classify", "task research", "task write", "task review"} <= set(names)
    assert model.most == 2  # classify beside research


async def test_an_object_in_a_fence_is_taken_as_it_is() -> None:
    draft = await drafted(Model(lambda _: f"Here it is:\n```json\n{object_of(0.8)}\n```"))
    assert (draft.text, draft.served_by) == ("Sim, temos.", "fused")


@pytest.mark.parametrize("written", [85, "85%", "0,85", 0.85])
async def test_models_that_keep_to_no_schema_write_confidence_as_they_like(written: Any) -> None:
    draft = await drafted(Model(lambda _: object_of(written)))
    assert (draft.served_by, draft.confidence) == ("fused", pytest.approx(0.85))


async def test_what_the_tenant_calls_unsure_expands_it_too_and_the_whole_crews_own_doubt_counts() -> None:
    class Doubting(Model):
        async def complete(self, call: Call) -> Completion:
            answer = await super().complete(call)
            return answer if call.response_format else replace(answer, text="Talvez.\n[[sure: 40%]]")

    model = Doubting(lambda _: object_of(0.7))
    draft = await drafted(model, handoff={"least_confidence": 0.75})
    assert (draft.text, draft.served_by, draft.confidence) == ("Talvez.", "crew", 0.4)
    assert ["[[sure" in call.messages[0]["content"] for call in model.calls] == [False] * 4 + [True]


async def test_unsure_and_without_time_to_think_again_people_are_asked() -> None:
    model = Model(lambda _: object_of(0.1))
    draft = await drafted(model, seconds=3)
    assert draft.text == ""
    assert draft.handoff == "the assistant was not sure enough of its answer"
    assert len(model.calls) == 1


async def test_a_handoff_inside_a_fused_answer_is_a_handoff() -> None:
    draft = await drafted(Model(lambda _: object_of(0.9, answer="[[handoff: upset]]\nUm colega assume.")))
    assert (draft.text, draft.handoff) == ("Um colega assume.", "upset")


async def test_with_little_time_the_smaller_model_is_planned() -> None:
    model = Model(lambda _: object_of(0.9))
    quick = {"model": {"name": "gpt-4.1-mini", "quick": {"name": "gpt-4o-mini"}}}
    blueprint = Catalog(CREWS).blueprint("ancestor", "whatsapp")
    p95 = plan_for(blueprint, Settings.model_validate(quick), "fused").p95
    served = [(await drafted(model, seconds=seconds, **quick)).served_by for seconds in (p95 + 10, p95 - 0.01)]
    assert served == ["fused", "quick"]
    assert [call.model for call in model.calls] == ["gpt-4.1-mini", "gpt-4o-mini"]
