"""Another target where one fails: each in the tenant's order, then again from the first, while there is time.

A target that keeps failing is passed over by every worker until it may be tried again (its circuit breaker), one
that said 429 until the moment it named. Refusals of one target are another's chance; all refusing ends the call.
Waiting and asking again happens here and nowhere else in the stack.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import replace

from chatwootai.model.message.turn import ServedBy
from chatwootai.telemetry.metrics import FALLBACKS, RETRIES
from crews.errors import ModelRefused, ModelUnavailable
from crews.model_calls.call import Call, Completer, Completion, Target, total
from crews.model_calls.wrappers.breaker import Breakers
from crews.model_calls.wrappers.health import Health

_SHORTEST = 0.5  # seconds that an answer takes at least; with less left, asking again only adds load
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_LONGEST_BLOCK = 1.0  # seconds that a call waits for a breaker before it asks all the same: it may be the last chance
_PATIENCE = 0.3  # seconds to wait for room at a limited key while there is another target


class Fallback:
    """Asks targets until one answers."""

    def __init__(self, inner: Completer, breakers: Breakers, health: Health | None = None) -> None:
        self._inner = inner
        self._breakers = breakers
        self._health = health or Health()

    async def complete(self, call: Call) -> Completion:
        """Return the first answer that says something, with the usage of all requests made for it.

        Raises:
            ModelUnavailable: no target answered while there was time; or the only ones left name a time beyond it.
            ModelRefused: every target refused.
        """
        search = _Search(call)
        while True:
            target = await self._next(search)
            try:
                completion = await self._inner.complete(search.asked(target))
            except ModelUnavailable as error:
                self._health.note_failure(target, error)
                await self._breakers.note_failure(target.name, error)  # also of the last try that there is time for
                search.note_failure(target, error)
                continue
            except ModelRefused as error:
                self._health.note_failure(target, error)
                search.refused(target, error)
                continue
            self._breakers.note_success(target.name)
            self._health.note_success(target)
            if _speaks(completion) or not search.again():
                return search.served(target, completion)

    async def _next(self, search: "_Search") -> Target:
        """Return the target to ask now; waits where all of them want it.

        Raises:
            ModelUnavailable, ModelRefused: the search is over.
        """
        target = search.next(self._breakers)
        if target is None:
            pause = search.pause(self._breakers)
            await asyncio.sleep(pause)
            target = search.first()
        return target


class _Search:
    """One call's way through its targets."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._targets = _targets(call)
        self._asked: set[str] = set()
        self._retry_at: dict[str, float] = {}
        self._rounds = 0
        self._silent = 0
        self._error: ModelUnavailable | ModelRefused | None = None

    def next(self, breakers: Breakers) -> Target | None:
        """Return the first target of this round that was not asked in it and is not blocked."""
        for target in self._targets:
            if target.name not in self._asked and not breakers.rest_seconds(target.name):
                return target
        return None

    def first(self) -> Target:
        """Return the target that may be asked the soonest, in a new round."""
        self._asked.clear()
        self._rounds += 1
        if self._error is not None:
            RETRIES.labels("model").inc()
        return min(self._targets, key=lambda target: self._retry_at.get(target.name, 0.0))

    def pause(self, breakers: Breakers) -> float:
        """Return seconds to wait before a new round.

        Raises:
            ModelUnavailable, ModelRefused: there will be none.
        """
        if not self._targets:
            assert self._error is not None  # noqa: S101 - the last one refused
            raise self._error
        blocked = min(breakers.rest_seconds(target.name) for target in self._targets)
        named = min(self._retry_at.get(target.name, 0.0) for target in self._targets) - time.time()
        backoff = min(_FIRST_PAUSE * 2**self._rounds, _LONGEST_PAUSE) if self._error else 0.0
        spread = random.uniform(1.0, 1.25)  # noqa: S311 - spreads load
        room = self._call.deadline - _SHORTEST - time.time()
        if self._error and max(named, _FIRST_PAUSE) > room:
            raise self._error
        # A last try before the deadline is worth more than the rest of a pause that nobody asked for.
        return min(max(min(blocked, _LONGEST_BLOCK), named, backoff) * spread, max(room, named))

    def asked(self, target: Target) -> Call:
        """Return the call to this target; where others are left, it does not wait long for room."""
        self._asked.add(target.name)
        alone = all(other.name in self._asked for other in self._targets)
        patience = None if alone else time.time() + _PATIENCE
        if target is not self._call.target:
            FALLBACKS.labels("quick" if target is self._call.policy.quick else "fallback").inc()
        return self._call.to(target, patience=patience)

    def note_failure(self, target: Target, error: ModelUnavailable) -> None:
        """Take note of a failure that may pass."""
        self._error = error
        self._retry_at[target.name] = error.retry_at
        if self._call.deadline - time.time() < _SHORTEST:
            raise error

    def refused(self, target: Target, error: ModelRefused) -> None:
        """Note that this target will never answer this call."""
        self._error = error
        self._targets = [other for other in self._targets if other is not target]

    def again(self) -> bool:
        """Tell whether a model that ended without a word is asked once more."""
        self._silent += 1
        return self._silent == 1 and self._call.deadline - time.time() > _SHORTEST

    def served(self, target: Target, completion: Completion) -> Completion:
        """Return the answer, paid for in full."""
        by = (
            ServedBy.QUICK
            if target is self._call.policy.quick
            else ServedBy.CREW
            if target is self._call.target
            else ServedBy.FALLBACK
        )
        return replace(completion, usage=total(self._call.receipts) or completion.usage, served_by=by)


def _targets(call: Call) -> list[Target]:
    """Return the targets in the order in which they are asked: where time is short, the quick model first."""
    policy = call.policy
    ordered: Sequence[Target] = (call.target, *policy.fallbacks)
    if policy.quick is not None and call.deadline - time.time() < policy.quick_below:
        ordered = (policy.quick, *ordered)
    return list({target.name: target for target in ordered}.values())


def _speaks(completion: Completion) -> bool:
    """Tell whether asking again is pointless: there is an answer, or a reason that will not change."""
    return bool(completion.text.strip() or completion.tool_calls) or completion.finish != "stop"
