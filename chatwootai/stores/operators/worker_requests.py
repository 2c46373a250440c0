"""Requests of the console to the workers, and their answers: over publish and subscribe, so that no key holds a word.

Whoever is free takes a request; its name is all that Redis keeps of it, so that no other takes it too. Where nobody is
free, or the worker dies, the one who asked stops waiting and says so: nothing is done later that nobody waits for.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.server.connection import Connection, StoreUnavailable, batch, store_errors
from chatwootai.telemetry import log
from chatwootai.telemetry.tasks import ended, for_ever

MOST_SECONDS: Final = 90.0
"""Seconds that a request may take at most."""
_TAKE_SECONDS: Final = 5.0
_MOST_ASKED: Final = 4
"""Requests that one console waits for side by side: each takes a connection."""
_AT_ONCE: Final = 2
"""Requests that one worker works on side by side: turns go before them."""
_WAITING: Final = 8
"""Requests that one worker keeps in line behind those."""
_PAUSE: Final = 0.5
_LARGEST: Final = 256 * 1024
_log = log.get("requests")

Work = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class RequestFailed(Exception):
    """A worker took it and could not do it; the message says why."""


class NobodyTook(RequestFailed):
    """No worker was free to take it in time, or none is there."""


class Requests:
    """Requests of one console."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asking = 0

    async def ask(self, kind: str, body: Mapping[str, Any], *, within: float = MOST_SECONDS) -> dict[str, Any]:
        """Return a worker's answer.

        Raises:
            NobodyTook: no worker took it within 5 seconds.
            RequestFailed: it could not be done; or its worker did not answer in time.
            StoreUnavailable: Redis is away.
        """
        if self._asking >= _MOST_ASKED:
            raise NobodyTook("others are asked for at the moment; try again when they are done")
        self._asking += 1
        try:
            return await self._ask(kind, body, within)
        finally:
            self._asking -= 1

    async def _ask(self, kind: str, body: Mapping[str, Any], within: float) -> dict[str, Any]:
        name = secrets.token_hex(16)
        sent = orjson.dumps({"id": name, "kind": kind, "seconds": within, "body": body})
        with store_errors(self._connection):
            async with self._connection.pubsub(ignore_subscribe_messages=False) as answers:
                await answers.subscribe(keys.request_answers(name))
                await answers.get_message(timeout=_TAKE_SECONDS)  # that we are heard from now on
                (heard,) = await batch(self._connection, ("PUBLISH", keys.REQUESTS, sent))
                if not heard:
                    raise NobodyTook("no worker runs that could do it")
                said = await _next(answers, time.monotonic() + _TAKE_SECONDS)
                if said is None:
                    raise NobodyTook("no worker was free to do it")
                if "taken" in said:
                    said = await _next(answers, time.monotonic() + within)
        if said is None:
            raise RequestFailed("the worker that took it did not answer in time")
        if "error" in said:
            raise RequestFailed(str(said["error"]))
        return dict(said["done"])


async def _next(answers: Any, until: float) -> dict[str, Any] | None:
    """Return the next answer; None where there is none until then."""
    while (left := until - time.monotonic()) > 0:
        message = await answers.get_message(timeout=min(left, 1.0))
        if message is not None and message["type"] == "message":
            return dict(orjson.loads(message["data"]))
    return None


@dataclass(frozen=True, slots=True)
class _Request:
    id: str
    kind: str
    heard: float
    seconds: float
    body: Mapping[str, Any]


class RequestListener:
    """One worker's ear for requests. `works`: what it can do, by kind; one that fails says so in its error's words."""

    def __init__(self, connection: Connection, worker_id: str, works: Mapping[str, Work]) -> None:
        self._connection = connection
        self._worker = worker_id
        self._works = works
        self._heard: asyncio.Queue[_Request] = asyncio.Queue(_WAITING)

    async def run(self) -> None:
        """Listen and work, for ever; an absent Redis is waited for."""
        workers = [asyncio.create_task(for_ever(self._work, "requests", pause=_PAUSE)) for _ in range(_AT_ONCE)]
        try:
            while True:
                with suppress(StoreUnavailable), store_errors(self._connection):
                    await self._listen()
                await asyncio.sleep(_PAUSE)
        finally:
            await ended(*workers)

    async def _listen(self) -> None:
        async with self._connection.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(keys.REQUESTS)
            while True:
                message = await subscription.get_message(timeout=1.0)
                if message is not None:
                    self._hear(message["data"])

    def _hear(self, data: bytes) -> None:
        try:
            said = orjson.loads(data)
            seconds = min(float(said["seconds"]), MOST_SECONDS)
            request = _Request(str(said["id"]), str(said["kind"]), time.monotonic(), seconds, dict(said["body"]))
        except (ValueError, KeyError, TypeError):
            return
        if request.kind in self._works and not self._heard.full():
            self._heard.put_nowait(request)

    async def _work(self) -> None:
        while True:
            request = await self._heard.get()
            with suppress(StoreUnavailable):
                if await self._take(request):
                    await self._answer(request, {"taken": self._worker})
                    await self._answer(request, await self._done(request))

    async def _take(self, request: _Request) -> bool:
        """Tell whether it is ours: not another worker's, and still waited for."""
        if time.monotonic() - request.heard >= _TAKE_SECONDS:
            return False
        take = ("SET", keys.request_taken(request.id), self._worker, "NX", "PX", lifetimes.REQUEST_MS)
        return bool((await batch(self._connection, take))[0])

    async def _done(self, request: _Request) -> dict[str, Any]:
        try:
            async with asyncio.timeout(request.seconds):
                done = dict(await self._works[request.kind](request.body))
            return {"done": done} if len(orjson.dumps(done)) <= _LARGEST else {"error": "its answer is too long"}
        except TimeoutError:
            return {"error": "it took too long"}
        except RequestFailed as error:
            return {"error": str(error)}
        except Exception:  # noqa: BLE001 - one request's surprise is not the worker's end; the log has it
            _log.exception("request_failed", kind=request.kind)
            return {"error": "it failed; the worker's log says why"}

    async def _answer(self, request: _Request, said: Mapping[str, Any]) -> None:
        await batch(self._connection, ("PUBLISH", keys.request_answers(request.id), orjson.dumps(said)))
