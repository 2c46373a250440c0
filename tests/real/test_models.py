"""Turns against a real model server (llama.cpp with a very small model), alone and behind a real gateway (LiteLLM).

What so small a model says is nothing to hold anybody to; how its server behaves is.
"""

import asyncio
import os
import subprocess
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatwootai.telemetry.metrics import HEDGES
from crews.errors import ModelRefused
from crews.model_calls.assembly import Stack
from crews.model_calls.call import BillingScope, Call, Endpoint, Policy, Target
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.wrappers.hedging import Hedging
from sandbox.chatwoot.driver import Driver
from sandbox.installation.processes import free_port
from sandbox.installation.system import Plan, System
from tests.real.parts import where

pytestmark = [pytest.mark.real("llama-server", "SmolLM2"), pytest.mark.alone]

_CONTEXT = 2048  # tokens, of the one slot
_START = 120.0  # seconds
_KEY = "sk-gateway-1234567890"
_TOOL = {
    "type": "function",
    "function": {
        "name": "opening_hours",
        "description": "The shop's opening hours of a day.",
        "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
    },
}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a llama-server with one slot, as it is by default."""
    port, log = free_port(), tmp_path_factory.mktemp("llama") / "log"
    command = [where("llama-server"), "-m", where("SmolLM2"), "-c", str(_CONTEXT), "-np", "1", "--jinja"]
    with _running([*command, "--host", "127.0.0.1", "--port", str(port)], f"http://127.0.0.1:{port}/health", log):
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture(scope="module")
def gateway(llama: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a LiteLLM proxy before it, which wants a key."""
    folder, port = tmp_path_factory.mktemp("litellm"), free_port()
    config = folder / "config.yaml"
    config.write_text(
        "model_list:\n"
        f"  - {{model_name: smol, litellm_params: {{model: openai/smol, api_base: {llama}, api_key: none}}}}\n"
        f"general_settings: {{master_key: {_KEY}}}\n"
        "litellm_settings: {telemetry: false, num_retries: 0}\n",
        encoding="utf-8",
    )
    command = [where("litellm"), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, f"http://127.0.0.1:{port}/health/liveliness", folder / "log"):
        yield f"http://127.0.0.1:{port}/v1"


class _running:  # noqa: N801 - reads as what it is
    """A process that answers 200 at `url` when it is ready, and ends with the block."""

    def __init__(self, command: list[str], url: str, log: Path) -> None:
        self._command, self._url, self._log = command, url, log

    def __enter__(self) -> None:
        environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # else it asks a server on the internet
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=environ)  # ours
        until = time.monotonic() + _START
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > until:
                self.__exit__()
                pytest.fail(f"{self._command[0]} did not start:\n{self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=2) as answer:  # ours
                return answer.status == 200
        except OSError:
            return False


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    made = Stack(OpenAIClient())
    yield made
    await made.aclose()


def call(url: str, *history: dict[str, Any], key: str | None = None, model: str = "smol", **more: Any) -> Call:
    given: dict[str, Any] = {"max_tokens": 40, "temperature": 0.0, "policy": Policy(), **more}
    asked = {"role": "user", "content": "What is the capital of France? Answer in one short sentence."}
    return Call(
        target=Target(endpoint=Endpoint(url, key), model=model),
        messages=[{"role": "system", "content": "You are a kind clerk."}, *history, asked],
        deadline=time.time() + 120,
        payer=BillingScope("shop"),
        **given,
    )


async def test_an_answer_is_streamed_and_its_cost_is_the_servers_own(stack: Stack, llama: str) -> None:
    one = call(llama)
    answer = await stack.complete(one)
    assert answer.text.strip()
    assert answer.finish in {"stop", "length"}
    assert "<|im_end|>" not in answer.text
    assert (one.receipts[0].estimated, answer.usage.completion_tokens > 0) == (False, True)


async def test_a_model_that_was_offered_a_tool_answers_or_asks_for_it(stack: Stack, llama: str) -> None:
    answer = await stack.complete(call(llama, tools=[_TOOL]))
    assert answer.text.strip() or {each.name for each in answer.tool_calls} == {"opening_hours"}


async def test_a_tools_result_is_taken(stack: Stack, llama: str) -> None:
    asked = {"id": "call_1", "type": "function", "function": {"name": "opening_hours", "arguments": '{"day":"Monday"}'}}
    history = [
        {"role": "user", "content": "When do you open on Monday?"},
        {"role": "assistant", "content": None, "tool_calls": [asked]},
        {"role": "tool", "tool_call_id": "call_1", "name": "opening_hours", "content": "from 9 to 18"},
    ]
    assert (await stack.complete(call(llama, *history, tools=[_TOOL]))).text.strip()


async def test_those_who_wait_for_the_one_slot_are_asked_once_and_all_are_answered(llama: str) -> None:
    wire = OpenAIClient()
    hedging = Hedging(wire)
    made = HEDGES.labels("made")._value.get()
    try:
        calls = [call(llama, max_tokens=80, policy=Policy(hedge_share=0.5)) for _ in range(4)]
        answers = await asyncio.gather(*(hedging.complete(each) for each in calls))
    finally:
        await wire.aclose()
    assert all(answer.text.strip() for answer in answers)
    assert [len(each.receipts) for each in calls] == [1] * 4
    assert HEDGES.labels("made")._value.get() == made


async def test_a_prompt_that_is_too_long_is_asked_once_more_with_less_history(stack: Stack, llama: str) -> None:
    long = {"role": "assistant", "content": "A long story about a shop. " * 400}
    history = [{"role": "user", "content": "Tell me."}, long, {"role": "user", "content": "Thanks."}]
    answer = await stack.complete(call(llama, *history))
    assert answer.text.strip()
    assert answer.usage.prompt_tokens < _CONTEXT


async def test_a_prompt_that_is_too_long_by_itself_is_refused_with_the_servers_reason(stack: Stack, llama: str) -> None:
    one = call(llama)
    whole = Call(
        target=one.target, messages=[{"role": "user", "content": "word " * 4000}], deadline=one.deadline, max_tokens=20
    )
    with pytest.raises(ModelRefused) as caught:
        await stack.complete(whole)
    assert caught.value.cause == "prompt_too_long"
    assert "context" in (caught.value.reason or "")


@pytest.mark.real("litellm")
async def test_through_the_gateway_an_answer_comes_too(stack: Stack, gateway: str) -> None:
    answer = await stack.complete(call(gateway, key=_KEY))
    assert answer.text.strip()
    assert answer.usage.calls == 1


@pytest.mark.real("litellm")
@pytest.mark.parametrize("key", ["sk-wrong-0987654321", None])
async def test_the_gateway_says_why_it_does_not_take_a_key(stack: Stack, gateway: str, key: str | None) -> None:
    with pytest.raises(ModelRefused) as caught:
        await stack.complete(call(gateway, key=key))
    assert caught.value.cause == "wrong_key"
    assert caught.value.reason
    assert "0987654321" not in f"{caught.value}{caught.value.reason}"


@pytest.mark.real("litellm")
async def test_the_gateway_says_that_it_does_not_know_a_model(stack: Stack, gateway: str) -> None:
    with pytest.raises(ModelRefused) as caught:
        await stack.complete(call(gateway, key=_KEY, model="large"))
    assert caught.value.cause == "unknown_model"


@pytest.mark.real("litellm")
async def test_the_gateway_hands_on_that_a_prompt_is_too_long(stack: Stack, gateway: str) -> None:
    one = call(gateway, key=_KEY)
    whole = Call(target=one.target, messages=[{"role": "user", "content": "word " * 4000}], deadline=one.deadline)
    with pytest.raises(ModelRefused) as caught:
        await stack.complete(whole)
    assert caught.value.cause == "prompt_too_long"


async def test_a_whole_turn_ends_in_a_reply_or_with_people(llama: str) -> None:
    """Webhook, worker, crew, model, guard, Chatwoot: whatever so small a model says, nobody is left with nothing."""
    environ = {"OPENAI_BASE_URL": llama, "OPENAI_API_KEY": "none"}
    settings = (
        "greeting: ''\ndeadline_ms: 60000\nmodel: {name: smol, max_tokens: 60}\nburst: {window_ms: 100, cap_ms: 500}\n"
    )
    system = System(Plan(llm=None, environ=environ, settings=settings))
    try:
        await system.start()
        async with Driver(system.url("chatwoot")) as driver:
            sent = await driver.write(1, "whatsapp", "Vocês vendem o creme azul para rosto?")
            (reply,) = await driver.wait_for_reply(sent, within=120)
            assert reply["text"].strip()
            async with system.turns() as turns, asyncio.timeout(30):
                while (record := await turns.read(reply["turn"])) is None:  # noqa: ASYNC110 - written by a process, once the reply is out
                    await asyncio.sleep(0.05)
            assert record["served_by"] in {"crew", "fused", "quick", "people"}
    finally:
        system.stop()
