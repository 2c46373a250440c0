"""The wrapper that asks once more, at once, after a fault that passes: a lost connection, a 5xx, a 429, silence.

One failed request in a hundred is a provider's normal day, and a crew of several tasks should not begin anew for it.
Patience beyond that is the caller's.
"""

import asyncio
import random
import time
from dataclasses import replace

from crews.errors import ModelUnavailable
from crews.run import add
from crews.stack import Call, Completer, Completion

_JITTER = 0.2  # seconds at most, so that many calls refused at once do not come back at once
_SHORTEST = 0.5  # seconds that an answer takes at least; with less left, asking again only adds load


class Again:
    """Two requests at most for one call; what the second brings counts, and both are paid for."""

    def __init__(self, inner: Completer) -> None:
        self._inner = inner

    async def complete(self, call: Call) -> Completion:
        """The first answer that says something, else the second answer or its error."""
        try:
            first = await self._inner.complete(call)
        except ModelUnavailable as error:
            pause = max(error.retry_at - time.time(), 0.0) + random.uniform(0, _JITTER)  # noqa: S311  # spreads load
            if not _worthwhile(time.time() + pause, call.deadline):
                raise
            await asyncio.sleep(pause)
            return await self._inner.complete(call)
        if _speaks(first) or not _worthwhile(time.time(), call.deadline):
            return first
        second = await self._inner.complete(call)
        return replace(second, usage=add(first.usage, second.usage))


def _speaks(completion: Completion) -> bool:
    """Whether asking again is pointless: there is an answer, or a reason that will not change."""
    return bool(completion.text.strip() or completion.tool_calls) or completion.finish != "stop"


def _worthwhile(start: float, deadline: float) -> bool:
    return start + _SHORTEST < deadline
