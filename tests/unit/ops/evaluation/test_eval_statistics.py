"""The gate's arithmetic: McNemar's exact test, pass^k, a judge's kappa."""

import pytest

from config.evaluation.case import Case
from config.evaluation.case_files import WrittenCase
from config.evaluation.gating import Gate
from ops.evaluation.baseline import Baseline
from ops.evaluation.gate import chance_of_losses, judge_set, pass_hat_k
from ops.evaluation.judge import agreement
from ops.evaluation.results import CaseResult, SetResult


def result(
    name: str, *, passes: int = 1, runs: int = 1, must: bool = False, misses: tuple[str, ...] = ()
) -> CaseResult:
    written = WrittenCase(Case(name=name, say=("oi",), must=must), "a.yaml", 1, "a")
    failures = [] if passes == runs or misses else ["wrong"]
    return CaseResult(written, runs, passes, failures, list(misses))


@pytest.mark.parametrize(
    ("lost", "won", "chance"), [(0, 0, 1.0), (1, 0, 0.5), (5, 0, 0.03125), (4, 1, 0.1875), (8, 1, 0.01953125)]
)
def test_the_chance_of_losses_is_that_of_a_fair_coin(lost: int, won: int, chance: float) -> None:
    assert chance_of_losses(lost, won) == pytest.approx(chance)


@pytest.mark.parametrize(("cases", "lost", "open_"), [(40, 4, True), (40, 5, False), (20, 12, True)])
def test_a_group_closes_the_gate_by_losses_beyond_chance_and_only_with_cases_enough(
    cases: int, lost: int, open_: bool
) -> None:
    results = [result(f"c{number}", passes=int(number >= lost)) for number in range(cases)]
    before = Baseline("a", "b", {each.name: {"passed": True} for each in results})
    verdict = judge_set(SetResult("1", "s", results), before, Gate())
    assert verdict.passed is open_
    assert len(verdict.groups[0].lost) == lost


def test_a_must_case_that_is_missed_closes_the_gate() -> None:
    verdict = judge_set(SetResult("1", "s", [result("m", passes=0, must=True, misses=("no",))]), None, Gate())
    assert verdict.reasons == ["`m` (a.yaml:1) must pass: it needs a model: no"]


def test_pass_hat_k_is_the_chance_of_k_passes_in_a_row() -> None:
    results = [
        result("a", passes=3, runs=3),
        result("b", passes=2, runs=3),
        result("c", passes=0, runs=3, misses=("x",)),
    ]
    assert pass_hat_k(results, 1) == pytest.approx((1 + 2 / 3) / 2)
    assert pass_hat_k(results, 2) == pytest.approx((1 + 1 / 3) / 2)
    assert pass_hat_k(results, 3) == pytest.approx(0.5)


def test_a_judge_counts_only_with_labels_enough_and_agreement_beyond_chance() -> None:
    labels = [True, False] * 50
    assert agreement("m", labels, list(labels)).counts
    assert not agreement("m", labels[:50], list(labels[:50])).counts
    assert not agreement("m", labels, [True] * 100).counts
    unsure = agreement("m", labels, [None] * 100)
    assert (unsure.abstained, unsure.agreed, unsure.counts) == (100, 0, False)
