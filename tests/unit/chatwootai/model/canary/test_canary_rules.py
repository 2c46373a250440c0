"""Bounds that hold at every look, rules that send a canary back, and the side that a conversation is on."""

import random

import pytest

from chatwootai.model.canary.bounds import bounds
from chatwootai.model.canary.rules import CHANCE, Measure, Rule, Share, broken_rule, read_rule
from chatwootai.model.canary.terms import ALL, CanaryTerms, Side, read_terms

NOTHING = dict.fromkeys(Measure, Share())


def terms(**said: object) -> CanaryTerms:
    return CanaryTerms(**{"version": 7, "share": 1_000, "until": 100.0, **said})  # type: ignore[arg-type]  # by name


def test_bounds_hold_the_share_that_was_found_and_close_around_it() -> None:
    assert bounds(0, 0, CHANCE) == (0.0, 1.0)
    assert bounds(0, 10, CHANCE)[0] == 0.0
    assert bounds(10, 10, CHANCE)[1] == 1.0
    widths = []
    for total in (10, 100, 1_000, 10_000):
        low, high = bounds(total // 5, total, CHANCE)
        assert low < 0.2 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.04


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_looked_at_after_every_turn_the_true_share_leaves_the_bounds_no_more_often_than_was_said(share: float) -> None:
    draw, left, trials = random.Random(11), 0, 200
    for _ in range(trials):
        hits = 0
        for total in range(1, 61):
            hits += draw.random() < share
            low, high = bounds(hits, total, CHANCE)
            if not low <= share <= high:
                left += 1
                break
    assert left / trials <= CHANCE


def test_a_rule_is_read_and_written_alike() -> None:
    assert read_rule("handoffs > 30 %") == Rule(Measure.HANDOFFS, 0.3)
    assert [str(read_rule(said)) for said in ("handoffs>30%", "slow>2.5%", "failures>base")] == [
        "handoffs>30%", "slow>2.5%", "failures>base",
    ]  # fmt: skip
    for wrong in ("handoffs<30%", "anger>3%", "slow>", "failures>100%", "handoffs>30"):
        with pytest.raises(ValueError, match="is no rule"):
            read_rule(wrong)


def test_a_rule_is_broken_once_chance_does_not_explain_it() -> None:
    limit = [read_rule("failures>10%")]
    assert broken_rule(limit, NOTHING | {Measure.FAILURES: Share(1, 3)}, NOTHING) is None
    found = broken_rule(limit, NOTHING | {Measure.FAILURES: Share(12, 30)}, NOTHING)
    assert found == (limit[0], "failures: 12 of 30, more than 10 %")


def test_against_the_version_in_force_a_difference_must_be_shown_on_both_sides() -> None:
    rules = [read_rule("handoffs>base"), read_rule("failures>base")]
    base = NOTHING | {Measure.HANDOFFS: Share(90, 900)}
    assert broken_rule(rules, NOTHING | {Measure.HANDOFFS: Share(15, 100)}, base) is None
    assert broken_rule(rules, NOTHING | {Measure.HANDOFFS: Share(20, 20)}, NOTHING) is None  # nothing to compare with
    found = broken_rule(rules, NOTHING | {Measure.HANDOFFS: Share(35, 100)}, base)
    assert found == (rules[0], "handoffs: 35 of 100, with the version in force 90 of 900")


def test_a_share_of_conversations_stays_on_its_side_and_another_canary_asks_others() -> None:
    sides = [[terms(version=version).side("1", one, 3, 0.0) for one in range(10_000)] for version in (7, 8)]
    counts = [side.count(Side.CANARY) for side in sides]
    assert all(900 < count < 1_100 for count in counts)
    both = sum(one is other is Side.CANARY for one, other in zip(*sides, strict=True))
    assert 60 < both < 140
    assert set(sides[0]) == {Side.CANARY, Side.BASE}


def test_where_a_canary_applies_and_until_when() -> None:
    one_inbox = terms(account="1", inbox=3, share=ALL)
    assert one_inbox.side("1", 5, 3, 0.0) is Side.CANARY
    assert one_inbox.side("1", 5, 4, 0.0) is Side.BASE  # the account's other inboxes, since none of this one is left
    assert one_inbox.side("1", 5, None, 0.0) is Side.BASE
    assert one_inbox.side("2", 5, 3, 0.0) is None
    assert terms(account="1", inbox=3, share=ALL - 1).side("1", 5, 4, 0.0) is None
    assert terms(account="1", share=ALL).side("2", 5, 3, 0.0) is Side.BASE
    assert one_inbox.side("1", 5, 3, 100.0) is None


def test_terms_are_kept_and_read_alike() -> None:
    kept = terms(account="1", inbox=3, rules=(read_rule("slow>10%"),))
    assert read_terms(7, kept.as_json()) == kept
