"""Plan: the ancestor's four agents sequential, parallel and fused, one customer at a time, at gpt-4o-mini's latency."""

from bench.figure import Figure, quantile, rounded
from bench.shapes import ANCESTOR, MODEL, stage
from crews.plan.plan import PlanTerms, Shape, plan

_SHAPES: tuple[Shape, ...] = ("sequential", "parallel", "fused")


async def run(rounds: int = 12, latency: str = "gpt-4o-mini") -> list[Figure]:
    """Measure each shape in turns; the first is what the others are compared with."""
    took: dict[Shape, list[float]] = {shape: [] for shape in _SHAPES}
    calls: dict[Shape, int] = {}
    async with stage(latency) as on:
        crews = {shape: on.crew(ANCESTOR, shape) for shape in _SHAPES}
        for _ in range(rounds):
            for shape, crew in crews.items():
                milliseconds, calls[shape] = await on.took(crew)
                took[shape].append(milliseconds)
    plain = quantile(took["sequential"], 0.5)
    return [figure for shape in _SHAPES for figure in _of(shape, took[shape], calls[shape], plain)]


def _of(shape: Shape, took: list[float], calls: int, plain: float) -> list[Figure]:
    middle = quantile(took, 0.5)
    expected = 1000 * plan(ANCESTOR, PlanTerms(model=MODEL, max_tokens=400, deadline=10.0), shape).p50
    return [
        Figure(f"plan.{shape}.p50", rounded(middle), "ms", "sequential", round(middle / plain, 3)),
        Figure(f"plan.{shape}.expected", rounded(expected), "ms", "measured", round(expected / middle, 3)),
        Figure(f"plan.{shape}.calls", float(calls), "calls"),
    ]
