"""Crew: three tasks, two of them side by side, against two bare model calls one after the other."""

import statistics

from bench.figure import Figure, compared, rounded
from bench.shapes import THREE, stage

_LATENCY = "fixed:500ms"
_PLAINLY = "two bare calls in a row"


async def run(rounds: int = 12) -> list[Figure]:
    """Measure both in turns."""
    async with stage(_LATENCY) as on:
        crew = on.crew(THREE, "parallel")
        await on.took(crew)
        await on.call()
        ours, plain = [], []
        for _ in range(rounds):
            ours.append((await on.took(crew))[0])
            plain.append(await on.call() + await on.call())
    beyond = rounded(statistics.median(ours) - 1000)
    return [
        compared("crew.three_tasks", "ms", ours, plain, _PLAINLY),
        Figure("crew.three_tasks.beyond_two_latencies", beyond, "ms", "2 x 500 ms", round(beyond / 1000, 3)),
    ]
