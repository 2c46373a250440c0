"""Runs a set: finds its cases, rehearses each as often as asked, and puts its results beside the accepted ones."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from config.evaluation.case_files import WrittenCase, read_set, set_folders, set_names
from config.snapshot import Account, Snapshot
from crews.model_calls.assembly import Stack
from crews.model_calls.endpoint.client import OpenAIClient
from ops.access import CommandError, NotFound
from ops.evaluation import graders
from ops.evaluation.baseline import Baseline
from ops.evaluation.judge import Judge, kept_agreement
from ops.evaluation.rehearsing.recording import CappedModel, RecordedModel
from ops.evaluation.rehearsing.rehearsal import Rehearsal
from ops.evaluation.results import CaseResult, Rehearsed, SetResult

_NANO = 1_000_000_000
_STALE = "the prompt is another than the one accepted: ask a model (--live), or accept the results anew"


@dataclass(frozen=True, slots=True)
class Order:
    """One run of a set.

    `live`: a real model is asked, for `most_cost` dollars at most; `judged`: also for what only a model can judge;
    `tell`: hears of each case.
    """

    configuration: Path
    snapshot: Snapshot
    account: Account
    name: str
    live: bool = False
    repeat: int = 1
    most_cost: float = 1.0
    baseline: Baseline | None = None
    judged: bool = False
    tell: Callable[[int, int, CaseResult], None] = lambda done, of, result: None


def cases_of(configuration: Path, account: Account, name: str) -> list[WrittenCase]:
    """Return the cases of a tenant's set.

    Raises:
        NotFound: the tenant has no such set.
        CommandError: a case is broken, each problem with its place; or there is none.
    """
    folders = set_folders(configuration, account.domain, account.folder, name)
    if not folders:
        there = set_names(configuration, account.domain, account.folder)
        write = f"write cases into evals/{name}/*.yaml beside config.yaml"
        known = f"there are: {', '.join(there)}" if there else write
        raise NotFound(f"account {account.key} has no set {name}; {known}")
    cases, problems = read_set(folders)
    if problems:
        raise CommandError("\n".join(map(str, problems)))
    if not cases:
        raise CommandError(f"the set {name} has no cases")
    return cases


async def run_set(order: Order) -> SetResult:
    """Return the results of a set.

    Raises:
        NotFound, CommandError: as `cases_of`.
    """
    began = time.perf_counter()
    written = cases_of(order.configuration, order.account, order.name)
    reviewed = [each for each in written if each.case.reviewed]
    result = SetResult(order.account.key, order.name, [], order.live, order.repeat)
    result.drafts = [each.case.name for each in written if not each.case.reviewed]
    async with AsyncExitStack() as stack:
        model = await _model(stack, order)
        rehearsal = await Rehearsal.open(stack, order.configuration, order.snapshot, order.account, reviewed, model)
        judge = _judge(order, model)
        for each in reviewed:
            found = await _run_case(rehearsal, each, order, judge)
            result.cases.append(found)
            order.tell(len(result.cases), len(reviewed), found)
        result.notes = [*rehearsal.notes, *(judge.remarks if judge else ())]
    result.seconds = time.perf_counter() - began
    return result


async def _model(stack: AsyncExitStack, order: Order) -> RecordedModel | CappedModel:
    return await model_of(stack, order.most_cost) if order.live else RecordedModel()


async def model_of(stack: AsyncExitStack, most_cost: float) -> CappedModel:
    """Return the tenant's real models, which stop at so many dollars; closed with the stack."""
    models = Stack(OpenAIClient())
    stack.push_async_callback(models.aclose)
    return CappedModel(models, int(most_cost * _NANO))


def _judge(order: Order, model: RecordedModel | CappedModel) -> Judge | None:
    """Return the judge, whose word counts where it has agreed with a labelled set; None where none is asked."""
    if not (order.live and order.judged):
        return None
    judge = Judge(model, order.account.settings, counts=False)
    folders = set_folders(order.configuration, order.account.domain, order.account.folder, order.name)
    known = kept_agreement(folders, judge.name)
    judge.counts = known is not None and known.counts
    if not judge.counts:
        judge.remarks.append("the judge counts for nothing: `eval judge` has not shown that it agrees with people")
    return judge


async def _run_case(rehearsal: Rehearsal, written: WrittenCase, order: Order, judge: Judge | None) -> CaseResult:
    result = CaseResult(written)
    for _ in range(order.repeat):
        found = await rehearsal.run(written.case)
        graded = graders.grade(written.case.expect, found)
        if judge is not None and not found.misses:
            graded |= await judge.grade(written.case.expect, found)
        if judge is None or not judge.counts:
            result.unjudged = graders.unjudged(written.case.expect)
        _add(result, found, graded)
    if order.baseline is not None:
        _compare(result, order.baseline, live=order.live)
    return result


def _add(result: CaseResult, found: Rehearsed, graded: Mapping[str, Sequence[str]]) -> None:
    """Add one run to a case's result. A run with a miss has failed at nothing: it was not finished."""
    failures = [] if found.misses else [text for each in graded.values() for text in each]
    result.runs += 1
    result.passes += not failures and not found.misses
    result.failures += [each for each in failures if each not in result.failures]
    result.misses += [each for each in found.misses if each not in result.misses]
    for name, said in graded.items():
        result.graded.setdefault(name, []).extend(() if found.misses else said)
    result.outcome = str(found.outcome.verdict)
    result.answer, result.prompt = found.answer, found.prompt
    result.cost += found.cost
    result.seconds = max(result.seconds, found.seconds)


def _compare(result: CaseResult, baseline: Baseline, *, live: bool) -> None:
    """Note what was accepted, and that a recorded answer belongs to another prompt."""
    result.before = baseline.answer(result.name)
    accepted = baseline.prompt(result.name)
    if not live and accepted and result.prompt and accepted != result.prompt:
        result.stale = True
        if not result.misses:
            result.misses.append(_STALE)
