"""The bench's first entries, small: real processes, real load, figures that make sense."""

import sys

import pytest

from bench.entries.system import ingress, path

LINUX = sys.platform.startswith("linux")


async def test_ingress_is_measured_against_a_bare_handler() -> None:
    figures = {figure.name: figure for figure in await ingress.run(rounds=1, requests=1000)}
    throughput = figures["ingress.throughput"]
    assert throughput.ratio is not None
    assert 0 < throughput.ratio < 1.5
    if LINUX:
        assert figures["ingress.cpu"].value > 10
        assert figures["ingress.cpu.stored"].against


async def test_the_way_of_a_message_is_measured_step_by_step() -> None:
    figures = {figure.name: figure for figure in await path.run(warm=2, messages=10)}
    for step in ("queue", "draft", "draft.model", "window", "commit", "post"):
        assert figures[f"path.{step}.p50"].value <= figures[f"path.{step}.p95"].value
    turn = figures["path.turn.p50"]
    assert turn.value >= 500
    assert turn.ratio == pytest.approx(turn.value / 500, abs=0.01)
    steps = sum(figures[f"path.{step}.p50"].value for step in ("queue", "draft", "window", "commit", "post"))
    assert steps == pytest.approx(turn.value, rel=0.2)
