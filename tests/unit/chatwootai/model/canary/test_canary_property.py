"""Properties of a canary's bounds, rules and sides: what holds of any counts, any rule and any conversation."""

import math

from hypothesis import given
from hypothesis import strategies as st

from chatwootai.model.canary.bounds import bounds
from chatwootai.model.canary.rules import CHANCE, Measure, Rule, Share, broken_rule, read_rule
from chatwootai.model.canary.terms import ALL, CanaryTerms, Side, read_terms

COUNTS = st.integers(1, 5_000).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))
CHANCES = st.floats(1e-6, 0.5)
PERCENT = st.integers(0, 9_999).map(lambda part: float(f"{part // 100}.{part % 100:02d}") / 100)  # as it is written
RULES = st.builds(Rule, st.sampled_from(Measure), st.none() | PERCENT)
TERMS = st.builds(
    CanaryTerms,
    version=st.integers(1, 99),
    share=st.integers(0, ALL),
    account=st.sampled_from(["", "1", "2"]),
    inbox=st.none() | st.integers(1, 3),
    until=st.floats(1, 1e10),
    rules=st.lists(RULES, max_size=3).map(tuple),
)
PLACES = st.tuples(st.sampled_from(["1", "2", "3"]), st.integers(1, 500), st.none() | st.integers(1, 3))


@given(COUNTS, CHANCES)
def test_bounds_hold_what_was_found_and_stay_on_the_scale(counts: tuple[int, int], chance: float) -> None:
    hits, total = counts
    low, high = bounds(hits, total, chance)
    assert 0.0 <= low <= hits / total <= high <= 1.0


@given(COUNTS, CHANCES)
def test_hits_and_misses_have_mirrored_bounds(counts: tuple[int, int], chance: float) -> None:
    hits, total = counts
    low, high = bounds(hits, total, chance)
    mirrored = bounds(total - hits, total, chance)
    assert math.isclose(low, 1 - mirrored[1], abs_tol=1e-6)
    assert math.isclose(high, 1 - mirrored[0], abs_tol=1e-6)


@given(COUNTS, CHANCES, CHANCES)
def test_who_may_err_less_often_says_less(counts: tuple[int, int], one: float, other: float) -> None:
    strict, loose = bounds(*counts, min(one, other)), bounds(*counts, max(one, other))
    assert strict[0] <= loose[0] + 1e-9
    assert strict[1] >= loose[1] - 1e-9


@given(st.integers(0, 99), st.integers(0, 99))
def test_a_rule_is_written_as_it_is_read(whole: int, hundredths: int) -> None:
    text = f"slow>{whole}.{hundredths:02d}%"
    rule = read_rule(text)
    assert rule.above == float(f"{whole}.{hundredths:02d}") / 100
    assert read_rule(str(rule)) == rule


@given(st.lists(RULES, min_size=1, max_size=4), COUNTS, COUNTS)
def test_a_rule_breaks_only_where_what_was_found_lies_above_it(
    rules: list[Rule], canary: tuple[int, int], base: tuple[int, int]
) -> None:
    mine, others = (dict.fromkeys(Measure, Share(*counts)) for counts in (canary, base))
    found = broken_rule(rules, mine, others)
    if found is None:
        return
    rule, words = found
    assert rule in rules
    assert canary[0] / canary[1] > (base[0] / base[1] if rule.above is None else rule.above)
    assert words.startswith(f"{rule.measure}: {canary[0]} of {canary[1]}, ")


@given(RULES, COUNTS)
def test_beside_other_rules_one_needs_more_to_be_broken(rule: Rule, counts: tuple[int, int]) -> None:
    mine, others = dict.fromkeys(Measure, Share(*counts)), dict.fromkeys(Measure, Share(50, 100))
    harmless = Rule(Measure.SLOW, 0.9999)
    among = broken_rule([rule, *[harmless] * 3], mine, others)
    if among is not None and among[0] == rule and rule != harmless:
        assert broken_rule([rule], mine, others) is not None


@given(TERMS, PLACES)
def test_a_conversation_stays_on_its_side_until_the_canary_ends(
    terms: CanaryTerms, place: tuple[str, int, int | None]
) -> None:
    sides = {terms.side(*place, now) for now in (0.0, terms.until / 2, math.nextafter(terms.until, 0))}
    assert len(sides) == 1
    assert terms.side(*place, terms.until) is None
    assert terms.side(*place, terms.until + 1) is None


@given(TERMS, PLACES)
def test_a_canary_answers_nobody_beside_its_place(terms: CanaryTerms, place: tuple[str, int, int | None]) -> None:
    account, _, inbox = place
    if terms.side(*place, 0.0) is Side.CANARY:
        assert terms.account in {"", account}
        assert terms.inbox in {None, inbox}


@given(TERMS, PLACES, st.integers(0, ALL))
def test_a_larger_share_keeps_those_whom_it_answered(
    terms: CanaryTerms, place: tuple[str, int, int | None], more: int
) -> None:
    larger = CanaryTerms(
        version=terms.version, share=max(terms.share, more), account=terms.account, inbox=terms.inbox,
        until=terms.until,
    )  # fmt: skip
    if terms.side(*place, 0.0) is Side.CANARY:
        assert larger.side(*place, 0.0) is Side.CANARY


@given(PLACES)
def test_no_share_answers_nobody_and_all_of_it_everybody(place: tuple[str, int, int | None]) -> None:
    nobody, everybody = (CanaryTerms(version=7, share=share, until=1.0).side(*place, 0.0) for share in (0, ALL))
    assert (nobody, everybody) == (Side.BASE, Side.CANARY)


@given(TERMS)
def test_terms_are_read_as_they_were_kept(terms: CanaryTerms) -> None:
    assert read_terms(terms.version, terms.as_json()) == terms


def test_the_rules_together_err_as_often_as_was_said() -> None:
    limit = Rule(Measure.SLOW, 0.5)
    for hits in range(100):
        alone = bounds(hits, 100, CHANCE)[0] > 0.5
        shown = broken_rule([limit], dict.fromkeys(Measure, Share(hits, 100)), dict.fromkeys(Measure, Share()))
        assert (shown is not None) is alone
