"""How many answers show how few are wrong."""

import random

import pytest

from chatwootai.model.policy.certificate import is_certified, needed, upper_bound


@pytest.mark.parametrize(("rate", "count"), [(0.05, 116), (0.02, 296), (0.01, 595), (0.005, 1194)])
def test_so_many_right_ones_without_a_wrong_one_certify_a_rate(rate: float, count: int) -> None:
    assert needed(rate) == count
    assert is_certified(count, 0, rate)
    assert not is_certified(count - 1, 0, rate)
    assert not is_certified(count, 1, rate)


def test_a_wrong_one_can_be_made_good() -> None:
    assert is_certified(5 * needed(0.01), 1, 0.01)
    assert not is_certified(5 * needed(0.01), 60, 0.01)


def test_the_bound_is_the_lowest_rate_that_is_certified() -> None:
    assert upper_bound(0, 0) == upper_bound(0, 9) == 1.0
    assert upper_bound(595, 0) == pytest.approx(0.01, abs=1e-4)
    assert upper_bound(595, 3) > upper_bound(595, 2) > upper_bound(595, 1) > 0.01
    for right, wrong in ((100, 0), (700, 2), (3000, 20)):
        bound = upper_bound(right, wrong)
        assert is_certified(right, wrong, bound + 1e-6)
        assert not is_certified(right, wrong, bound - 1e-3)
        assert bound > wrong / (right + wrong)


def test_looking_after_every_answer_certifies_too_much_once_in_twenty_at_most() -> None:
    chance = random.Random(7)
    rate, trials, fooled = 0.05, 400, 0
    for _ in range(trials):
        right = wrong = 0
        for _ in range(600):
            was_wrong = chance.random() < rate
            right, wrong = right + (not was_wrong), wrong + was_wrong
            if is_certified(right, wrong, rate):
                fooled += 1
                break
    assert fooled <= trials / 20
