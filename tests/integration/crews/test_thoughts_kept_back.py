"""A model's thoughts, in every form that endpoints give them, on every path to the contact: none is ever read there."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from chatwootai.model.message.turn import Draft, Question
from config.settings.settings import Settings
from crews.catalog import Catalog
from crews.plan.planning import plan_for
from crews.runtime import environment
from tests.builders import question
from tests.crews_endpoint import Body, Recorder, endpoint

pytestmark = pytest.mark.filterwarnings("ignore")  # stock CrewAI warns about itself
ANCESTOR = Path(__file__).parents[2] / "crews"
THOUGHT = "The contact wants SECRET {thought}; say yes."
SAID = "Sim, temos."
Delta = dict[str, Any]


def typed(answer: str = SAID, **more: str) -> str:
    """What a structured call is answered with."""
    return json.dumps({**more, "classify": "c", "research": "r", "write": "w", "answer": answer, "confidence": 0.9})


PLAN = json.dumps({"list_of_plans_per_task": [{"task_number": 1, "task": "Answer.", "plan": "Look at the shelf."}]})
FORMS: dict[str, Callable[[str], list[Delta]]] = {
    "reasoning_content": lambda said: [{"reasoning_content": THOUGHT}, {"content": said}],
    "reasoning": lambda said: [{"reasoning": THOUGHT, "content": ""}, {"content": said}],
    "reasoning that repeats itself at the end": lambda said: [{"content": said}, {"reasoning": THOUGHT}],
    "reasoning_details": lambda said: [
        {"reasoning_details": [{"type": "reasoning.text", "text": THOUGHT, "index": 0}]},
        {"content": said},
    ],
    "thinking_blocks": lambda said: [
        {"thinking_blocks": [{"type": "thinking", "thinking": THOUGHT, "signature": "s"}]},
        {"content": said},
    ],
    "thinking in a list of content": lambda said: [
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}]},
        {"content": [{"type": "text", "text": said}]},
    ],
    "a redacted one": lambda said: [
        {"content": [{"type": "redacted_thinking", "data": THOUGHT}, {"type": "text", "text": said}]}
    ],
    "marked as Gemini's": lambda said: [
        {"content": THOUGHT, "extra_content": {"google": {"thought": True}}},
        {"content": said},
    ],
    "tags": lambda said: [{"content": f"<think>{THOUGHT}</think>\n\n{said}"}],
    "a lone closing tag": lambda said: [{"content": f"{THOUGHT}\n</think>\n\n{said}"}],
    "channels": lambda said: [
        {"content": f"<|channel|>analysis<|message|>{THOUGHT}<|end|>"},
        {"content": f"<|start|>assistant<|channel|>final<|message|>{said}"},
    ],
}


def streamed(deltas: list[Delta]) -> web.Response:
    choices = [{"index": 0, "delta": each, "finish_reason": None} for each in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = "".join(f"data: {json.dumps({'choices': [each]})}\n\n" for each in choices)
    return web.Response(text=events + "data: [DONE]\n\n", content_type="text/event-stream")


def whole(deltas: list[Delta]) -> web.Response:
    """The same as one message of a server that does not stream."""
    message: dict[str, Any] = {"role": "assistant"}
    for delta in deltas:
        for name, value in delta.items():
            message[name] = message[name] + value if name in message else value
    if "extra_content" in message:  # Gemini marks the message, and sets tags around the thought in it
        message["content"] = message["content"].replace(THOUGHT, f"<thought>{THOUGHT}</thought>")
    return web.json_response({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture
async def drafts() -> AsyncIterator[Callable[..., Any]]:
    """Drafts through the whole stack, from a real endpoint."""
    from crews.answer.draft import Crews
    from crews.model_calls.assembly import Stack
    from crews.model_calls.endpoint.client import OpenAIClient

    stack = Stack(OpenAIClient())

    async def draft(catalog: Catalog, asked: Question, recorder: Recorder, **settings: Any) -> Draft:
        served = {"name": "gpt-4.1-mini", "base_url": recorder.url, "api_key": "k"}
        model = {**served, **settings.pop("model", {})}
        if "quick" in model:
            model["quick"] = {**served, **model["quick"]}
        known = Crews(catalog, stack)
        try:
            return await known.draft(asked, Settings.model_validate({"model": model, **settings}))
        finally:
            await known.close()

    yield draft
    await stack.aclose()


def answering(form: str, shape: Callable[[list[Delta]], web.Response], structured: str = "") -> Any:
    async def answer(body: Body) -> web.StreamResponse:
        planning = "list_of_plans_per_task" in json.dumps(body.get("response_format"))
        said = PLAN if planning else (structured or typed()) if body.get("response_format") else SAID
        return shape(FORMS[form](said))

    return answer


def clean(draft: Draft, served_by: str) -> None:
    assert (draft.text, draft.handoff, draft.served_by) == (SAID, None, served_by)
    assert "SECRET" not in f"{draft.text} {draft.choices} {draft.actions}"


@pytest.mark.parametrize("shape", [streamed, whole])
@pytest.mark.parametrize("form", FORMS)
async def test_beside_a_structured_answer(drafts: Any, form: str, shape: Any) -> None:
    async with endpoint(answering(form, shape)) as recorder:
        clean(await drafts(Catalog(ANCESTOR), question("Tem creme?", function="ancestor"), recorder), "fused")
        assert recorder.bodies[0]["response_format"]["type"] == "json_schema"
        assert len(recorder.bodies) == 1  # a thought costs no second call


@pytest.mark.parametrize(
    "structured",
    [
        typed(reasoning=THOUGHT),
        typed(reasoning_content=THOUGHT),
        typed(thinking=THOUGHT, analysis=THOUGHT),
        typed(f"<think>{THOUGHT}</think>{SAID}"),
        typed(f"{THOUGHT}</think>{SAID}"),
        f"{THOUGHT}\n</think>\n{typed()}",
        f"<think>{json.dumps({'answer': THOUGHT})}</think>```json\n{typed(reasoning=THOUGHT)}\n```",
        json.dumps([{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": "x"}]) + "</think>" + typed(),
    ],
)
async def test_within_a_structured_answer(drafts: Any, structured: str) -> None:
    async with endpoint(answering("reasoning", streamed, structured)) as recorder:
        clean(await drafts(Catalog(ANCESTOR), question("Tem creme?", function="ancestor"), recorder), "fused")


@pytest.mark.alone
@pytest.mark.parametrize("shape", [streamed, whole])
@pytest.mark.parametrize("form", FORMS)
async def test_of_the_quick_model(drafts: Any, form: str, shape: Any) -> None:
    quick = {"quick": {"name": "gpt-4o-mini"}}
    catalog = Catalog.from_environment()
    said = Settings.model_validate({"model": {"name": "gpt-4.1-mini", **quick}})
    late = plan_for(catalog.blueprint("customer_service", "whatsapp"), said, "parallel").p95 - 0.01
    async with endpoint(answering(form, shape)) as recorder:
        clean(await drafts(catalog, question("Tem creme?", seconds=late), recorder, model=quick), "quick")
        assert {body["model"] for body in recorder.bodies} == {"gpt-4o-mini"}


def boss(folder: Path, whole_crew: str) -> Catalog:
    crew = folder / "boss"
    (crew / "channels").mkdir(parents=True)
    (crew / "config.yaml").write_text(whole_crew)
    (crew / "agents.yaml").write_text("clerk: {role: Clerk, goal: Help., backstory: Calm., allow_delegation: true}\n")
    (crew / "tasks.yaml").write_text("answer: {description: Answer., expected_output: A text., agent: clerk}\n")
    (crew / "channels" / "default.yaml").write_text("{summary: s, tone: t, length: l, max_tokens: 99}\n")
    return Catalog(folder)


@pytest.mark.parametrize("shape", [streamed, whole])
@pytest.mark.parametrize("crew", ["", "process: hierarchical\n", "planning: true\n"])
@pytest.mark.parametrize("form", FORMS)
async def test_of_a_crew_that_stock_crewai_runs(drafts: Any, form: str, crew: str, shape: Any, tmp_path: Path) -> None:
    async with endpoint(answering(form, shape)) as recorder:
        clean(await drafts(boss(tmp_path, crew), question("Tem creme?", function="boss"), recorder), "crew")


@pytest.mark.parametrize("function", ["customer_service", "boss"])
@pytest.mark.parametrize("name", ["reasoning", "thoughts", "thinking", "analysis"])
async def test_of_a_model_that_answers_with_an_object_nobody_asked_for(
    drafts: Any, name: str, function: str, tmp_path: Path
) -> None:
    async def answer(_: Body) -> web.StreamResponse:
        return streamed([{"content": json.dumps({name: THOUGHT, "answer": SAID})}])

    catalog = boss(tmp_path, "") if function == "boss" else Catalog.from_environment()
    async with endpoint(answer) as recorder:
        draft = await drafts(catalog, question("Tem creme?", function=function), recorder)
        clean(draft, "crew")


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"reasoning": THOUGHT, "Answer": SAID}, SAID),
        ({"resposta": f"<think>{THOUGHT}</think>{SAID}"}, SAID),
        ({"thinking": THOUGHT}, ""),
        ({"reasoning": THOUGHT, "answer": {"a": THOUGHT}}, ""),
    ],
)
async def test_an_object_without_an_answer_goes_to_people(drafts: Any, said: Any, read: str) -> None:
    async def answer(_: Body) -> web.StreamResponse:
        return streamed([{"content": f"```json\n{json.dumps(said)}\n```"}])

    async with endpoint(answer) as recorder:
        draft = await drafts(Catalog.from_environment(), question("Tem creme?"), recorder)
        assert (draft.text, bool(draft.handoff)) == (read, not read)
