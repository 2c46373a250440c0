"""Holds: the longest that any text keeps the event loop from others, beyond what a plain one does, place by place.

Over 130 shapes of hostile text, each at the largest size that gets to a place and at the largest that is read on the
loop itself (`short`), through the code that reads it in a door or a worker. Counted is the processor time of the whole
process between two ticks of its loop: what runs in a thread beside it keeps the loop too, for as long as it does not
give Python's lock away, and what else the machine does adds nothing.
"""

import asyncio
import gc
import time
from collections.abc import Callable

from bench.figure import Figure, rounded
from bench.hostile import SHAPES
from bench.readers import PLACES, Place, Work

PLAIN = "Oi! Comprei um kit na semana passada, pedido 448812, e queria saber quando chega."
_TICK = 0.001
_WORTH_ANOTHER_LOOK = 0.02  # seconds
_LOOKS = 2


async def run(say: Callable[[str], None] = lambda _: None, shapes: int | None = None) -> list[Figure]:
    """Measure every place; `shapes`: only so many of each."""
    gc.collect()
    gc.freeze()  # as a door and a worker do once they are up
    return [await _measure(name, place, say, shapes) for name, place in PLACES.items()]


async def _measure(name: str, place: Place, say: Callable[[str], None], shapes: int | None) -> Figure:
    await place.read(PLAIN)
    plain = await _longest_hold(place.read, PLAIN)
    worst, by = 0.0, "none"
    for shape, make in list(SHAPES.items())[:shapes]:
        if (held := await _longest_hold(place.read, make(place.longest)[: place.longest])) > worst:
            worst, by = held, shape
    say(f"  {name}: {1000 * worst:.1f} ms by {by}")
    beyond = max(0.0, worst - plain)
    return Figure(f"holds.{name}", rounded(1000 * beyond), "ms beyond", f"a plain text: {rounded(1000 * plain)} ms")


async def _longest_hold(read: Callable[[str], Work], text: str) -> float:
    """Return seconds that reading a text keeps the loop, at most at a time."""
    least = await _longest(read(text))
    for _ in range(_LOOKS):
        if least < _WORTH_ANOTHER_LOOK:
            break
        least = min(least, await _longest(read(text)))
    return least


async def _longest(work: Work) -> float:
    """Return what the process worked at most between two ticks of the loop, in seconds of processor time."""
    longest, ended = 0.0, False

    async def tick() -> None:
        nonlocal longest
        while not ended:
            began = time.process_time()
            await asyncio.sleep(_TICK)
            longest = max(longest, time.process_time() - began)

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await work
    ended = True
    await ticker
    return longest
