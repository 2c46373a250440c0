"""A key's requests and tokens a minute, kept by all workers together, so that no call is made to be refused.

It stands beneath fallback and hedging, because each of their requests draws on a key of its own. The size of a request
is estimated before, too high rather than too low, and settled after, unless the endpoint shows by its headers that it
counts estimates as well. Who finds no room waits in line, by priority, while there is time.
"""

import asyncio
import heapq
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from chatwootai.model.message.priority import boost_ms
from chatwootai.stores.models.limits import LimitStore
from chatwootai.telemetry.metrics import LIMIT_WAIT_SECONDS, LIMITED
from crews.errors import ModelUnavailable
from crews.model_calls.call import Call, Completer, Completion, Target, estimated_prompt
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.failing_open import FailingOpen

_SHORTEST = 0.5  # seconds that an answer takes at least: who would be let in later is not let in
_ASK_AGAIN = 0.3  # seconds at most; Redis takes who is silent for five times that out of the line
_UNSAID = 500  # tokens of an answer without a limit
_SCARCE = 0.25  # of a minute's rate left: from here on what the endpoint says is passed on


@dataclass(order=True, slots=True)
class _Waiting:
    rank: int
    number: int
    target: Target = field(compare=False)
    size: int = field(compare=False)
    free: "asyncio.Future[None]" = field(compare=False)


class Limiter:
    """Lets requests pass at the rate of their key. A target without limits passes untouched."""

    def __init__(self, inner: Completer, minutes: LimitStore, background: Background) -> None:
        self._inner = inner
        self._minutes = minutes
        self._open = FailingOpen("limiter", longest=1.0, rest=3.0)
        self._lines: dict[str, _Line] = {}
        self._told: set[str] = set()
        self._background = background

    async def complete(self, call: Call) -> Completion:
        """Answer once there is room.

        Raises:
            ModelUnavailable: there will be none in time (status 429, without having asked).
        """
        target = call.target
        if target.requests_per_minute is None and target.tokens_per_minute is None:
            return await self._inner.complete(call)
        size = estimated_prompt(call) + (call.max_tokens or _UNSAID)
        await self._admit(call, size)
        before = len(call.receipts)
        try:
            return await self._inner.complete(call)
        finally:
            self._settle(call, size, before)

    def observe_limits(self, target: Target, remaining: tuple[int, int]) -> None:
        """Note what the endpoint's headers say is left."""
        requests, tokens = remaining
        if target.requests_per_minute is None and target.tokens_per_minute is None:
            return
        if tokens >= 0:
            self._told.add(target.endpoint.id)
        scarce = (0 <= requests < _SCARCE * (target.requests_per_minute or 0)) or (
            0 <= tokens < _SCARCE * (target.tokens_per_minute or 0)
        )
        if scarce:
            self._background.start(self._open.ask(lambda: self._minutes.lower_to(target.endpoint.id, requests, tokens)))

    async def _admit(self, call: Call, size: int) -> None:
        began = time.monotonic()
        line = self._lines.setdefault(call.target.endpoint.id, _Line(self._minutes, self._open, self._background))
        rank = int(time.time() * 1000) - boost_ms(call.payer.priority)
        if line.empty and await line.take(call.target, rank, size) == 0.0:
            LIMITED.labels("free").inc()
            return
        until = min(call.patience or call.deadline, call.deadline - _SHORTEST)
        if not await line.wait(call.target, rank, size, until):
            LIMITED.labels("refused").inc()
            raise ModelUnavailable("this key's minute is used up", retry_at=time.time() + _ASK_AGAIN, status=429)
        LIMITED.labels("waited").inc()
        LIMIT_WAIT_SECONDS.observe(time.monotonic() - began)

    def _settle(self, call: Call, size: int, before: int) -> None:
        """Give back what was not used, where the endpoint does not count by estimates itself."""
        if call.target.tokens_per_minute is None or call.target.endpoint.id in self._told:
            return
        mine = next((each for each in call.receipts[before:] if each.target is call.target), None)
        if mine is not None and not mine.estimated:
            spare = size - mine.usage.prompt_tokens - mine.usage.completion_tokens
            self._background.start(self._open.ask(lambda: self._minutes.give_back(call.target.endpoint.id, spare)))


class _Line:
    """Calls of this process that wait for one key. Its head alone asks Redis, in the name of all."""

    def __init__(self, minutes: LimitStore, failing_open: FailingOpen, background: Background) -> None:
        self._minutes = minutes
        self._open = failing_open
        self._background = background
        self._heap: list[_Waiting] = []
        self._numbers = itertools.count()
        self._urgent = asyncio.Event()
        self._pump: asyncio.Task[Any] | None = None

    @property
    def empty(self) -> bool:
        """Tell whether nobody waits."""
        return not self._heap

    async def take(self, target: Target, rank: int, size: int) -> float:
        """Ask for room; without Redis there is some."""
        requests, tokens = target.requests_per_minute, target.tokens_per_minute
        wait = await self._open.ask(
            lambda: self._minutes.take(target.endpoint.id, rank=rank, requests=requests, tokens=tokens, size=size)
        )
        return wait or 0.0

    async def wait(self, target: Target, rank: int, size: int, until: float) -> bool:
        """Stand in line until `until` (unix seconds); True once there is room."""
        mine = _Waiting(rank, next(self._numbers), target, size, asyncio.get_running_loop().create_future())
        heapq.heappush(self._heap, mine)
        if self._heap[0] is mine:
            self._urgent.set()
        if self._pump is None or self._pump.done():
            self._pump = self._background.start(self._move())
        try:
            async with asyncio.timeout(max(0.0, until - time.time())):
                await mine.free
        except TimeoutError:
            return False
        return True

    async def _move(self) -> None:
        endpoint = ""
        while self._heap:
            head = self._heap[0]
            endpoint = head.target.endpoint.id
            if head.free.done():
                heapq.heappop(self._heap)
                continue
            self._urgent.clear()
            wait = await self.take(head.target, head.rank, head.size)
            if wait == 0.0:
                await self._let_in(head)
            else:
                await self._rest(min(wait, _ASK_AGAIN))
        await self._open.ask(lambda: self._minutes.leave(endpoint))

    async def _let_in(self, head: _Waiting) -> None:
        if head.free.done():  # gave up while Redis was asked
            await self._open.ask(lambda: self._minutes.give_back(head.target.endpoint.id, head.size))
        else:
            head.free.set_result(None)
            self._heap.remove(head)
            heapq.heapify(self._heap)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._urgent.wait()
        except TimeoutError:
            pass
