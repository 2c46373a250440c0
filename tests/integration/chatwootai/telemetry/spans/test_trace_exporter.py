"""Traces reach a receiver over real HTTP, byte for byte; one that is dead, slow or refuses costs a turn nothing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from chatwootai.telemetry.metrics import FAILED_OPEN
from chatwootai.telemetry.spans.environment import TraceSettings
from chatwootai.telemetry.spans.exporter import FLUSH_SECONDS, MOST_WAITING, TraceExporter
from chatwootai.telemetry.spans.names import Vocabulary, names
from chatwootai.telemetry.spans.span import EndedTurnTimes, span_id, trace_id
from chatwootai.telemetry.spans.tree import spans_of
from sandbox.installation.processes import free_port
from tests.unit.chatwootai.telemetry.spans.test_span_tree import RECORD, ended


class Receiver:
    """An OTLP receiver that reads what it gets. `statuses`: what it answers, one after the other, then 200.

    `begun`: requests that came, answered or not.
    """

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.begun = 0
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.sleeps = 0.0
        self.url = ""
        self.runner: web.AppRunner

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def of(self, turn: str) -> list[Any]:
        return [span for span in self.spans if span.trace_id == trace_id(turn)]

    async def stop(self) -> None:
        """Hang up, and take no more connections."""
        await self.runner.cleanup()

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.begun += 1
        await asyncio.sleep(self.sleeps)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.requests.append(ExportTraceServiceRequest.FromString(body))
            self.headers.append(dict(request.headers))
        return web.Response(status=status)


@contextlib.asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.add_routes([web.post("/v1/traces", receiver.take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    receiver.runner = runner
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    try:
        yield receiver
    finally:
        await runner.cleanup()


def dropped() -> float:
    return float(FAILED_OPEN.labels("traces")._value.get())


def turns(count: int) -> list[EndedTurnTimes]:
    return [ended(turn=f"t{number}") for number in range(count)]


async def test_spans_arrive_as_the_tree_has_them() -> None:
    async with receiving() as receiver:
        settings = TraceSettings(url=receiver.url, headers={"Authorization": "Basic eA=="}, resource={"zone": "b"})
        exporter = TraceExporter(settings)
        exporter.take(ended())
        async with asyncio.timeout(20):
            while not receiver.requests:  # noqa: ASYNC110 - a receiver calls nobody
                await asyncio.sleep(0.02)
        await exporter.close()
    assert (receiver.headers[0]["Authorization"], receiver.headers[0]["Content-Type"]) == (
        "Basic eA==", "application/x-protobuf",
    )  # fmt: skip
    resource = {one.key: one.value.string_value for one in receiver.requests[0].resource_spans[0].resource.attributes}
    assert resource == {"service.name": "chatwootai-worker", "zone": "b"}
    made = spans_of(ended(), names(Vocabulary.BOTH))
    assert len(receiver.spans) == len(made)
    for got, span in zip(receiver.spans, made, strict=True):
        assert (got.name, got.trace_id, got.span_id) == (span.name, trace_id("t1"), span_id("t1", span.number))
        assert got.parent_span_id == (b"" if span.parent is None else span_id("t1", span.parent))
        assert got.kind == span.kind.value
        assert abs(got.start_time_unix_nano / 1e9 - span.began) < 1e-6
        assert abs((got.end_time_unix_nano - got.start_time_unix_nano) / 1e9 - span.seconds) < 1e-6
        assert {one.key for one in got.attributes} == set(span.attributes)
        assert got.status.message == span.error


async def test_close_sends_what_waits_and_a_batch_is_one_request() -> None:
    async with receiving() as receiver:
        exporter = TraceExporter(TraceSettings(url=receiver.url))
        for turn in turns(100):
            exporter.take(turn)
        await exporter.close()
        assert len({span.trace_id for span in receiver.spans}) == 100
        assert len(receiver.requests) == 2


async def test_a_receiver_that_fails_for_a_moment_is_asked_again_and_one_that_refuses_is_not() -> None:
    before = dropped()
    async with receiving() as receiver:
        receiver.statuses = [503]
        exporter = TraceExporter(TraceSettings(url=receiver.url))
        exporter.take(ended())
        await exporter.close()
        assert (len(receiver.requests), dropped()) == (1, before)
        receiver.statuses = [401, 401]
        exporter = TraceExporter(TraceSettings(url=receiver.url))
        exporter.take(ended())
        await exporter.close()
        assert (receiver.statuses, dropped()) == ([401], before + 1)


async def test_a_dead_receiver_loses_traces_and_nothing_else() -> None:
    before = dropped()
    exporter = TraceExporter(TraceSettings(url=f"http://127.0.0.1:{free_port()}/v1/traces"))
    for turn in turns(3):
        exporter.take(turn)
    async with asyncio.timeout(20):
        while dropped() < before + 3:  # noqa: ASYNC110 - a counter calls nobody
            await asyncio.sleep(0.02)
    await exporter.close()


async def test_a_slow_receiver_is_left_after_a_second_and_what_it_did_not_take_is_counted() -> None:
    before = dropped()
    async with receiving() as receiver:
        receiver.sleeps = 60.0
        exporter = TraceExporter(TraceSettings(url=receiver.url))
        for turn in turns(5):
            exporter.take(turn)
        async with asyncio.timeout(FLUSH_SECONDS + 10):
            await exporter.close()
        assert dropped() == before + 5


async def test_the_queue_is_bounded_and_what_is_too_much_is_counted() -> None:
    before = dropped()
    async with receiving() as receiver:
        receiver.sleeps = 60.0
        exporter = TraceExporter(TraceSettings(url=receiver.url))
        for turn in turns(MOST_WAITING + 10):
            exporter.take(turn)
        assert dropped() == before + 10
        await exporter.close()


async def test_of_ordinary_turns_a_share_is_kept_and_of_remarkable_ones_all() -> None:
    async with receiving() as receiver:
        exporter = TraceExporter(TraceSettings(url=receiver.url, share=0.25))
        for turn in turns(400):
            exporter.take(turn)
        for number, said in enumerate(({"outcome": "handoff"}, {"seconds": 4.0}, {"error": "HTTP 500"})):
            exporter.take(ended(turn=f"r{number}", record=RECORD | said))
        await exporter.close()
        kept = {span.trace_id for span in receiver.spans}
        assert {trace_id(f"r{number}") for number in range(3)} <= kept
        assert 60 < len(kept) < 140
