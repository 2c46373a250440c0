"""What stands between Chatwoot and the doors: webhooks are passed on copied, shuffled, and again until they are taken.

The sandbox sends here; each request goes on as it came, signature and all, to one of the doors. Only what no door
acknowledged is sent once more, to another door: so whatever is missing in the end was acknowledged and then lost.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from itertools import count
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

_KEPT = ("Content-Type", "X-Chatwoot-Delivery", "X-Chatwoot-Timestamp", "X-Chatwoot-Signature")
_PAUSE = 0.2
_PATIENCE = aiohttp.ClientTimeout(total=10)


class Relay:
    """Listens on `port`. `copies` of each webhook go on, each up to `late` seconds later."""

    def __init__(self, port: int, doors: Sequence[str]) -> None:
        self.doors = doors
        self.copies = 1
        self.late = 0.0
        self.answers: Counter[int | str] = Counter()
        """How the doors answered: by status, or by what kept them from answering."""
        self._port = port
        self._draw = random.Random(7)
        self._number = 0
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def refused(self) -> int:
        """Answers that were neither 200 nor a broken connection."""
        return sum(times for answer, times in self.answers.items() if isinstance(answer, int) and answer != 200)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_PATIENCE, connector=aiohttp.TCPConnector(limit=0))
        app = web.Application()
        app.router.add_post("/{path:.*}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True, backlog=1024).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._session.close()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        for _ in range(self.copies):
            task = asyncio.create_task(self._pass_on(request.path, body, headers))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return web.json_response({})

    async def _pass_on(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        await asyncio.sleep(self._draw.uniform(0, self.late))
        first = self._number = self._number + 1
        for attempt in count(first):
            answer = await self._posted(self.doors[attempt % len(self.doors)] + path, body, headers)
            self.answers[answer] += 1
            if answer == 200:
                return
            if attempt > first:  # the other door has had its chance
                await asyncio.sleep(_PAUSE)

    async def _posted(self, url: str, body: bytes, headers: dict[str, str]) -> int | str:
        try:
            async with self._session.post(url, data=body, headers=headers) as response:
                await response.read()
                return response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return type(error).__name__

    async def delivered(self) -> None:
        """Return once all that came has been taken."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))
