"""The quantile that is learned without keeping anything, and the share that bounds second requests."""

import random

import pytest

from crews.model_calls.wrappers.first_token import FirstTokenPace, RunningQuantile


def first_token(draw: random.Random) -> float:
    return draw.uniform(2.0, 5.9) if draw.random() < 0.015 else draw.lognormvariate(-0.6236, 0.28)


def test_the_estimate_settles_where_one_in_twenty_lies_above() -> None:
    draw, learned = random.Random(7), RunningQuantile(0.95, 0.9)
    seen = [first_token(draw) for _ in range(6000)]
    for value in seen[:2000]:
        learned.see(value)
    above = 0
    for value in seen[2000:]:
        above += value > learned.value
        learned.see(value)
    assert above / 4000 == pytest.approx(0.05, abs=0.012)


def test_what_was_closed_at_the_estimate_counts_as_late() -> None:
    draw, learned = random.Random(7), RunningQuantile(0.95, 0.9)
    above = 0
    for _ in range(6000):
        true = first_token(draw)
        above += true > learned.value
        learned.see(min(true, learned.value * 1.0001))
    assert above / 6000 == pytest.approx(0.05, abs=0.012)


def test_patience_is_bounded_and_cold_at_first() -> None:
    fast, cold = FirstTokenPace(), FirstTokenPace()
    for _ in range(5000):
        fast.see(0.1)
    assert (cold.patience, fast.patience) == (0.9, 0.6)


def test_a_model_that_is_slow_by_nature_is_not_asked_twice() -> None:
    slow = FirstTokenPace()
    for _ in range(400):
        slow.see(4.0)
    assert slow.patience is None


def test_second_requests_stay_within_their_share() -> None:
    pace, made = FirstTokenPace(), 0
    for _ in range(1000):
        pace.call(0.06)
        made += pace.spend()
    assert made <= 1 + 60


def test_what_was_earned_in_quiet_hours_is_no_licence() -> None:
    pace = FirstTokenPace()
    for _ in range(10_000):
        pace.call(0.06)
    assert sum(pace.spend() for _ in range(100)) <= 5
