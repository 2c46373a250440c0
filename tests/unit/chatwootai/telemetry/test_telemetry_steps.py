"""The clock of a message's way, and the metrics it feeds."""

import asyncio
import contextlib

import pytest
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from chatwootai.telemetry import loop, metrics
from chatwootai.telemetry.steps import Steps


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def observed(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_steps_are_listed_in_the_order_they_ended() -> None:
    clock = Clock()
    steps = Steps("test", clock)
    with steps("turn"):
        clock.now += 1
        with steps("draft"):
            clock.now += 2
    steps.record("deliver", 0.25)
    assert steps.as_list() == [("draft", 2.0), ("turn", 3.0), ("deliver", 0.25)]


def test_a_step_that_raises_is_recorded_and_still_raises() -> None:
    steps = Steps("test")
    with pytest.raises(KeyError), steps("broken"):
        raise KeyError
    assert [name for name, _ in steps.as_list()] == ["broken"]


def test_each_step_feeds_the_histogram() -> None:
    labels = {"process": "test", "step": "fed"}
    before = observed("chatwootai_step_seconds_sum", **labels)
    Steps("test").record("fed", 0.5)
    assert observed("chatwootai_step_seconds_sum", **labels) == before + 0.5


def test_the_list_is_a_copy() -> None:
    steps = Steps("test")
    steps.as_list().append(("x", 1.0))
    assert steps.as_list() == []


def test_every_metric_is_ours_by_name_and_says_what_it_counts() -> None:
    ours = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    described = [family for one in ours for family in one.describe()]
    assert len(described) > 20
    assert all(family.name.startswith("chatwootai_") and family.documentation.endswith(".") for family in described)


def test_only_one_configuration_is_in_force() -> None:
    metrics.config_in_force("a" * 64)
    metrics.config_in_force("b" * 64)
    exposed = generate_latest(REGISTRY).decode()
    assert 'chatwootai_config_info{digest="bbbbbbbbbbbb"} 1.0' in exposed
    assert "aaaaaaaaaaaa" not in exposed


async def test_a_blocked_loop_shows_as_lag() -> None:
    before = observed("chatwootai_event_loop_lag_seconds_count")
    task = asyncio.create_task(loop.watch(tick=0.001))
    async with asyncio.timeout(5):
        while observed("chatwootai_event_loop_lag_seconds_count") == before:  # noqa: ASYNC110 - a counter has no event to wait for
            await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
