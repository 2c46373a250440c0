"""A turn of a running system as a receiver of traces sees it: its record's steps, and no word of anybody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.traffic import metric
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from tests.integration.chatwootai.telemetry.spans.test_trace_exporter import Receiver, receiving

TEXT = "Quanto custa a entrega para Belo Horizonte?"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def plan(receiver: Receiver, settings: str = "") -> Plan:
    environ = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": receiver.url, "OTEL_SERVICE_NAME": "tried"}
    return Plan(llm=("--latency", "fixed:50ms"), environ=environ, settings=settings)


async def traced(system: System, receiver: Receiver, text: str) -> tuple[dict[str, Any], list[Any]]:
    """Have one question answered; return the turn's record and its spans."""
    async with Driver(system.url("chatwoot")) as driver, system.turns() as turns, asyncio.timeout(60):
        sent = await driver.write(1, "whatsapp", text)
        (reply,) = await driver.wait_for_reply(sent)
        while not receiver.of(reply["turn"]):  # noqa: ASYNC110 - a receiver calls nobody
            await asyncio.sleep(0.02)
        while (record := await turns.read(reply["turn"])) is None:  # noqa: ASYNC110 - nor does Redis
            await asyncio.sleep(0.02)
    return dict(record), receiver.of(reply["turn"])


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes}


async def test_the_tree_is_the_record_and_holds_no_words(receiver: Receiver) -> None:
    async with System(plan(receiver)) as system:
        record, spans = await traced(system, receiver, TEXT)
    root, *others = spans
    said = attributes(root)
    assert root.name == "turn"
    assert (said["chatwootai.outcome"], said["chatwootai.account"]) == (record["outcome"], record["account"])
    assert said["session.id"] == f"{record['account']}:{record['conversation']}"
    assert abs((root.end_time_unix_nano - root.start_time_unix_nano) / 1e9 - record["seconds"]) < 0.01
    below = [span for span in others if span.parent_span_id == root.span_id]
    crew = f"invoke_agent {record['function']}"
    steps = [{"wait": "queue", crew: "draft"}.get(span.name, span.name) for span in below]
    assert steps == [name for name, _ in record["steps"][: len(steps)]]
    for span, (_, seconds) in zip(below, record["steps"], strict=False):
        assert abs((span.end_time_unix_nano - span.start_time_unix_nano) / 1e9 - seconds) < 0.001
        assert root.start_time_unix_nano - 5e6 <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= root.end_time_unix_nano + 5e7
    (draft,) = [span for span in below if span.name == crew]
    calls = [span for span in others if span.name.startswith("chat ")]
    assert len(calls) == len(record["model_calls"]) > 0
    for span, call in zip(calls, record["model_calls"], strict=True):
        assert span.parent_span_id == draft.span_id
        assert attributes(span)["gen_ai.usage.input_tokens"] == call["prompt_tokens"]
        assert draft.start_time_unix_nano <= span.start_time_unix_nano <= draft.end_time_unix_nano
    assert "Horizonte" not in str(receiver.requests)


async def test_words_are_sent_until_the_tenants_moment(receiver: Receiver) -> None:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    async with System(plan(receiver, f"traces: {{words_until: '{until}'}}\n")) as system:
        _, (root, *_) = await traced(system, receiver, f"{TEXT} Escreva para maria@example.com")
    asked = attributes(root)["input.value"]
    assert "Belo Horizonte" in asked
    assert "maria@example.com" not in asked
    assert attributes(root)["output.value"]


async def test_no_turn_waits_for_a_receiver_that_is_silent_or_gone() -> None:
    """All are answered, and their records written, while no request of traces has an answer."""
    async with receiving() as silent:
        silent.sleeps = 3600.0
        async with System(plan(silent)) as system:
            await all_end(system, 4)
            async with asyncio.timeout(60):
                while not silent.begun:  # noqa: ASYNC110 - a receiver calls nobody
                    await asyncio.sleep(0.02)
            await all_end(system, 8)
            assert silent.requests == [], "it answered"
            port = urlsplit(silent.url).port or 0
            await silent.stop()
            await all_end(system, 8)
            async with receiving(port) as back:
                record, spans = await traced(system, back, TEXT)
                assert len(spans) > len(record["steps"]) / 2
                assert await metric(system, "worker", "chatwootai_failed_open_total", 'what="traces"') > 0


async def all_end(system: System, customers: int) -> None:
    """Have customers write at once; return when each has a reply, and the record of its turn is written."""
    async with Driver(system.url("chatwoot")) as driver, system.turns() as turns, asyncio.timeout(120):
        sent = [await driver.write(1, "whatsapp", TEXT) for _ in range(customers)]
        for one in sent:
            (reply,) = await driver.wait_for_reply(one, within=60)
            while await turns.read(reply["turn"]) is None:  # noqa: ASYNC110 - Redis calls nobody
                await asyncio.sleep(0.02)
