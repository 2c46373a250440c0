"""Hedging: no first token in the time in which nineteen of twenty come, so a second request is made.

The first to speak wins and the other is closed: this is what decides a turn's p99. Second requests stay within the
policy's share of calls, and go to another target where the tenant names one.

The same target is not asked a second time where that cannot help: at a private address (llama.cpp and Ollama work on
one request after the other, and some end the first for the second), or where a second request never won.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from chatwootai.bounded_cache import BoundedCache
from chatwootai.telemetry.metrics import HEDGES, MODEL_FIRST_SECONDS
from crews.model_calls.call import Call, Completer, Completion, Target
from crews.model_calls.request.address import address, is_private
from crews.model_calls.request.parameters import is_reasoning_model
from crews.model_calls.response import errors
from crews.model_calls.wrappers.first_token import FirstTokenPace

_TARGETS = 512
_SHORTEST = 0.4  # seconds; with less left a second request cannot help
_SILENT = 4.0  # times the p95 without a word: this request will not speak any more
_LEAST_SILENCE = 3.0  # seconds
_WORTH_ANOTHER = 0.75  # seconds; with less left after a silence, nobody else could answer: then it is sat out
_SHARE_OF_TIME = 0.5  # of what is left may be spent on silence, so that there is time for another target


class Hedging:
    """At most two requests a call, side by side."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner
        self._paces: BoundedCache[str, FirstTokenPace] = BoundedCache(_TARGETS)

    async def complete(self, call: Call) -> Completion:
        """Answer by whichever request speaks first; both failing is the first one's failure."""
        self.pace(call.target).call(call.policy.hedge_share)
        return await _Race(self._inner, call, self).run()

    def second(self, call: Call) -> Target | None:
        """Return whom to ask beside the call's target; None: nobody."""
        other, target = call.policy.hedge_to, call.target
        if other is not None and other.name != target.name:
            return other
        if is_private(address(target.endpoint)) and not call.policy.hedge_local:
            return None
        return target if self.pace(target).worth_a_second(time.monotonic()) else None

    def pace(self, target: Target) -> FirstTokenPace:
        """Return what is known of a target's pace."""
        return self._paces.get_or_make(target.name, FirstTokenPace)


class _Race:
    """One call's requests: a first, and perhaps a second."""

    def __init__(self, inner: Completer, call: Call, hedging: Hedging) -> None:
        self._inner = inner
        self._call = call
        self._pace = hedging.pace
        self._hedging = hedging
        self._loop = asyncio.get_running_loop()
        self._outcome: asyncio.Future[Completion] = self._loop.create_future()
        self._runners: list[_Runner] = []
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._error: BaseException | None = None
        self._first_seconds: float | None = None

    async def run(self) -> Completion:
        """Start the first request and see how it goes; nothing runs on afterwards."""
        try:
            self._start(self._call)
            answer = await self._outcome
            return replace(answer, first_seconds=self._first_seconds, hedged=len(self._runners) > 1)
        finally:
            self._cancel_timers()
            for runner in self._runners:
                runner.close()
            if not all(runner.task.done() for runner in self._runners):
                await asyncio.gather(*(runner.task for runner in self._runners), return_exceptions=True)
            # Race and runners hold each other: let go of, they need no garbage collector to leave.
            self._runners.clear()
            self._timers.clear()

    def sent(self, runner: "_Runner") -> None:
        """Wait for the first word of a request that has left, but not for ever, and not alone for long."""
        patience = self._pace(self._call.target).patience
        if patience is None or is_reasoning_model(self._call.model):
            return
        if len(self._runners) == 1:
            self._after("second", patience, self._start_second)
        left = self._call.deadline - time.time()
        silence = min(max(_SILENT * runner.pace.late, _LEAST_SILENCE), _SHARE_OF_TIME * left)
        if left - silence > _WORTH_ANOTHER:
            self._after("silent", silence, self._give_up_silent)

    def lives(self) -> None:
        """Wait for a request whose model thinks: it is slow, not stuck, so nothing else is tried."""
        self._cancel_timers()

    def spoke(self, runner: "_Runner", seconds: float) -> None:
        """The first word of all, so long after its request: the other request is closed."""
        self._cancel_timers()
        self._first_seconds = seconds
        for other in self._runners:
            if other is not runner:
                other.close()
                won = runner is self._runners[-1]
                HEDGES.labels("won" if won else "lost").inc()
                if runner.target == other.target:
                    self._pace(runner.target).second_ended(won=won, now=time.monotonic())

    def ended(self, runner: "_Runner") -> None:
        """Take a request's answer or error; an error counts once nobody else is under way."""
        task = runner.task
        error = None if task.cancelled() else task.exception()
        if self._outcome.done() or task.cancelled():
            return
        if error is None:
            self._outcome.set_result(task.result())
            return
        self._error = self._error or error
        if all(other.task.done() for other in self._runners):
            self._outcome.set_exception(self._error)

    def _start_second(self) -> None:
        if self._call.deadline - time.time() < _SHORTEST or self._call.policy.hedge_share <= 0:
            return
        if (other := self._hedging.second(self._call)) is None:
            return
        if not self._pace(self._call.target).spend():
            HEDGES.labels("denied").inc()
            return
        HEDGES.labels("made").inc()
        self._start(self._call.to(other, patience=time.time()))

    def _give_up_silent(self) -> None:
        if self._outcome.done():
            return
        if self._call.patience is not None:  # others are left who may answer in the time that remains
            self._outcome.set_exception(errors.unavailable("the model's endpoint says nothing"))
        elif len(self._runners) == 1 and self._call.policy.hedge_share > 0 and self._hedging.second(self._call):
            # Nobody else: it may be slow rather than stuck, so what runs is left to run.
            HEDGES.labels("made").inc()
            self._start(self._call)

    def _start(self, call: Call) -> None:
        self._runners.append(_Runner(self, self._inner, call, self._pace(call.target)))

    def _after(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        if (before := self._timers.get(name)) is not None:
            before.cancel()
        self._timers[name] = self._loop.call_later(seconds, what)

    def _cancel_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()


class _Runner:
    """One request of a race, and the watch whom the wire tells how far it has come."""

    def __init__(self, race: _Race, inner: Completer, call: Call, pace: FirstTokenPace) -> None:
        self.pace = pace
        self.target = call.target
        self._race = race
        self._model = call.model
        self._began: float | None = None
        self._spoken = False
        self.task = asyncio.ensure_future(inner.complete(call.to(call.target, watch=self)))
        self.task.add_done_callback(lambda _: race.ended(self))

    def sent(self) -> None:
        """Begin to wait for the first word: the request goes out."""
        if self._began is None:
            self._began = time.monotonic()
            self._race.sent(self)

    def lives(self) -> None:
        """Take a thought, which is no word: it says nothing about the pace, and does not win."""
        if not self._spoken:
            self._race.lives()

    def spoke(self) -> None:
        """Learn the pace from the first word, and win."""
        if self._spoken or self._began is None:
            return
        self._spoken = True
        took = time.monotonic() - self._began
        self.pace.see(took)
        MODEL_FIRST_SECONDS.labels(self._model).observe(took)
        self._race.spoke(self, took)

    def close(self) -> None:
        """Close the request: not needed any more. One closed unheard tells of the pace only beyond its p95."""
        if self.task.done():
            return
        if not self._spoken and self._began is not None:
            waited = time.monotonic() - self._began
            if waited >= self.pace.late:
                self.pace.see(waited)
        self.task.cancel()
