"""A token bucket an account, in a clock of our own."""

import pytest

from ingress.rate_limit import CountsPerMinute, RateLimits


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(rates: RateLimits, account: str, per_minute: int, tries: int) -> int:
    return sum(rates.wait(account, per_minute) == 0 for _ in range(tries))


def test_a_minutes_worth_passes_at_once_and_half_on_credit(clock: Clock) -> None:
    rates = RateLimits(clock)
    assert taken(rates, "1", 600, 600) == 600
    assert not rates.on_credit("1")
    assert rates.wait("1", 600) == 0
    assert rates.on_credit("1")
    assert taken(rates, "1", 600, 1000) == 299


def test_a_small_rate_has_no_credit(clock: Clock) -> None:
    assert taken(RateLimits(clock), "1", 59, 100) == 59


def test_credit_is_paid_back_first(clock: Clock) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", 60, 100)
    clock.now += 40
    assert taken(rates, "1", 60, 10) == 10
    assert not rates.on_credit("1")
    assert taken(rates, "1", 60, 1) == 1
    assert rates.on_credit("1")


def test_credit_of_a_larger_rate_is_not_owed_under_a_smaller_one(clock: Clock) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", 6000, 9000)
    rates.wait("1", 6)
    clock.now += 10
    assert rates.wait("1", 6) == 0


def test_a_flood_is_told_once_a_minute_with_its_count(clock: Clock) -> None:
    counts = CountsPerMinute(clock)
    assert [counts.add("1", "over_rate") for _ in range(50)] == [1] + [0] * 49
    assert counts.add("2", "over_rate") == counts.add("1", "full") == 1
    clock.now += 60
    assert [counts.add("1", "over_rate") for _ in range(3)] == [50, 0, 0]


def test_it_refills_at_its_rate_and_never_over_its_size(clock: Clock) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", 60, 100)
    clock.now += 10
    assert taken(rates, "1", 60, 100) == 10
    clock.now += 1e6
    assert taken(rates, "1", 60, 100) == 90


def test_one_account_never_spends_anothers(clock: Clock) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", 5, 100)
    assert taken(rates, "2", 5, 100) == 5


@pytest.mark.parametrize(("per_minute", "seconds"), [(1, 60), (6, 10), (60, 1), (6000, 1)])
def test_it_says_when_to_come_again_and_keeps_its_word(clock: Clock, per_minute: int, seconds: int) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", per_minute, 2 * per_minute)
    assert rates.wait("1", per_minute) == seconds
    clock.now += seconds
    assert rates.wait("1", per_minute) == 0


def test_a_new_rate_holds_at_once(clock: Clock) -> None:
    rates = RateLimits(clock)
    taken(rates, "1", 600, 1)
    assert taken(rates, "1", 10, 100) == 10
