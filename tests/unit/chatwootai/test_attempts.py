"""Attempts: how many are made, and that none begins after the deadline."""

import time

import pytest

from chatwootai.attempts import attempts, doubled


async def made(pauses: tuple[float, ...], **bounds: float) -> list[int]:
    return [number async for number in attempts(pauses, **bounds)]


async def test_one_more_than_there_are_pauses() -> None:
    assert await made((0.0, 0.0)) == [1, 2, 3]


async def test_the_first_needs_no_time_and_no_other_begins_at_the_deadline() -> None:
    assert await made((0.0, 3600.0), until=time.time() + 1800) == [1, 2]
    assert await made((0.0,), until=time.time() - 1) == [1]


async def test_a_pause_lies_between_two() -> None:
    began = time.monotonic()
    assert await made((0.05, 0.05)) == [1, 2, 3]
    assert time.monotonic() - began >= 0.09


async def test_no_pause_after_what_ends_the_loop() -> None:
    began = time.monotonic()
    async for number in attempts((3600.0,)):
        if number == 1:
            break
    assert time.monotonic() - began < 3600


async def test_a_failure_may_say_when_to_come_again() -> None:
    tries = attempts((3600.0, 3600.0), until=time.time() + 1800)
    pauses, follow = [], []
    async for number in tries:
        pauses.append(tries.pause)
        follow.append(tries.wait(0.0 if number == 1 else 3600.0))
    assert (pauses, follow) == ([3600.0, 3600.0], [True, False])


async def test_the_last_attempt_is_followed_by_none_whatever_is_said() -> None:
    tries = attempts((0.0,))
    assert [(number, tries.pause, tries.wait(0.0)) async for number in tries] == [(1, 0.0, True), (2, None, False)]


@pytest.mark.parametrize(
    ("first", "longest", "pauses"), [(0.5, 3.0, [0.5, 1.0, 2.0, 3.0, 3.0]), (2.0, 1.0, [1.0, 1.0])]
)
def test_doubled_pauses(first: float, longest: float, pauses: list[float]) -> None:
    assert [pause for pause, _ in zip(doubled(first, longest), pauses, strict=False)] == pauses
