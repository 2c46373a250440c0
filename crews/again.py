"""The wrapper that asks again, inside the deadline, after a fault that passes: a lost connection, 5xx, 429, silence.

One failed request in a hundred is a provider's normal day; a customer should not notice it.
"""

import asyncio
import random
import time
from dataclasses import replace

from crews.errors import ModelUnavailable
from crews.run import add
from crews.stack import Call, Completer, Completion

_TRIES = 3
_JITTER = 0.2  # seconds at most, so that many calls refused at once do not come back at once
_SHORTEST = 0.5  # seconds that an answer takes at least; with less left, asking again only adds load


class Again:
    """Up to three requests for one call; the errors of the last one count."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner

    async def complete(self, call: Call) -> Completion:
        """The first answer that says something; else the last one, or the last error."""
        silent: Completion | None = None
        for left in reversed(range(_TRIES)):
            try:
                completion = await self._inner.complete(call)
            except ModelUnavailable as error:
                if not left or not await _waited(error.retry_at, call.deadline):
                    raise
                continue
            if silent is not None:
                completion = replace(completion, usage=add(silent.usage, completion.usage))
            if _speaks(completion) or silent is not None or not _worthwhile(time.time(), call.deadline):
                return completion
            silent = completion
        assert silent is not None  # noqa: S101  # the last round raises or returns, unless it was the first silence
        return silent


def _speaks(completion: Completion) -> bool:
    """Whether asking again is pointless: there is an answer, or a reason that will not change."""
    return bool(completion.text.strip() or completion.tool_calls) or completion.finish != "stop"


async def _waited(until: float, deadline: float) -> bool:
    pause = max(until - time.time(), 0.0) + random.uniform(0, _JITTER)  # noqa: S311  # spreads load, guards nothing
    if not _worthwhile(time.time() + pause, deadline):
        return False
    await asyncio.sleep(pause)
    return True


def _worthwhile(start: float, deadline: float) -> bool:
    return start + _SHORTEST < deadline
