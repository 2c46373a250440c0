"""The gate: `must` cases pass, and no group has lost more against its accepted results than chance explains."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.evaluation.gating import Gate
from ops.evaluation.baseline import Baseline
from ops.evaluation.results import CaseResult, SetResult

ALL = "all cases"
_NEEDS = "it needs a model"


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """One group beside its accepted results.

    `compared`: cases that both have; `lost`: passed when accepted and not now; `won`: the other way round; `chance`: of
    so many losses by luck, by McNemar's exact test, one-sided; `gated`: it has cases enough to close the gate.
    """

    group: str
    cases: int
    passed: int
    compared: int
    lost: tuple[str, ...]
    won: tuple[str, ...]
    chance: float
    gated: bool


@dataclass(slots=True)
class Verdict:
    """The gate's word on a set. `reasons`: why it is closed, each with the case's name."""

    groups: list[GroupVerdict]
    reasons: list[str] = field(default_factory=list)
    accepted: bool = False

    @property
    def passed(self) -> bool:
        """Tell whether the gate is open."""
        return not self.reasons


def judge_set(result: SetResult, baseline: Baseline | None, gate: Gate) -> Verdict:
    """Return the gate's word on a set; groups are compared where results were accepted before."""
    names = sorted({each.written.group for each in result.cases})
    groups = [(name, [each for each in result.cases if each.written.group == name]) for name in names]
    if len(groups) > 1:
        groups.append((ALL, result.cases))
    verdict = Verdict([_judge_group(*each, baseline, gate) for each in groups], accepted=baseline is not None)
    verdict.reasons = [_reason(each) for each in result.cases if each.written.case.must and each.state != "passed"]
    for each in verdict.groups:
        if each.gated and each.lost and each.chance < gate.chance:
            lost = ", ".join(f"`{name}`" for name in each.lost)
            verdict.reasons.append(f"{each.group}: {len(each.lost)} of {each.compared} are lost: {lost}")
    return verdict


def chance_of_losses(lost: int, won: int) -> float:
    """Return the chance of at least so many losses among the cases that changed, were a loss as likely as a win."""
    changed = lost + won
    ways = sum(math.comb(changed, each) for each in range(lost, changed + 1))
    return ways / float(2**changed)


def pass_hat_k(results: Sequence[CaseResult], k: int) -> float | None:
    """Return the chance that a case passes `k` times in a row, over all cases that were judged; None without any."""
    shares = [
        math.comb(each.passes, k) / math.comb(each.runs, k)
        for each in results
        if each.state != "missed" and each.runs >= k
    ]
    return sum(shares) / len(shares) if shares else None


def _judge_group(name: str, cases: Sequence[CaseResult], baseline: Baseline | None, gate: Gate) -> GroupVerdict:
    before = {each.name: baseline.passed(each.name) for each in cases} if baseline else {}
    compared = [each for each in cases if before.get(each.name) is not None and not _is_only_stale(each)]
    lost = tuple(each.name for each in compared if before[each.name] and each.state != "passed")
    won = tuple(each.name for each in compared if not before[each.name] and each.state == "passed")
    return GroupVerdict(
        group=name,
        cases=len(cases),
        passed=sum(each.state == "passed" for each in cases),
        compared=len(compared),
        lost=lost,
        won=won,
        chance=chance_of_losses(len(lost), len(won)),
        gated=len(compared) >= gate.least_cases,
    )


def _is_only_stale(result: CaseResult) -> bool:
    """Tell whether nothing is known but that the prompt is another one: neither a loss nor a win."""
    return result.stale and result.state == "missed"


def _reason(result: CaseResult) -> str:
    where = f"`{result.name}` ({result.written.file}:{result.written.line}) must pass"
    said = result.failures if result.state == "failed" else [f"{_NEEDS}: {each}" for each in result.misses]
    return f"{where}: {'; '.join(said) or f'it passed {result.passes} times of {result.runs}'}"
