"""Results of a set as data, as JUnit's XML, as events of OpenTelemetry, and as lines for people."""

import difflib
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from ops.evaluation.gate import Verdict, pass_hat_k
from ops.evaluation.results import CaseResult, SetResult

_NANO = 1_000_000_000
_EVENT = "gen_ai.evaluation.result"


def as_data(result: SetResult, verdict: Verdict) -> dict[str, Any]:
    """Return what `eval run --json` prints."""
    return {
        "account": result.account,
        "set": result.name,
        "live": result.live,
        "cases": [_case(each) for each in result.cases],
        "passed": result.count("passed"),
        "failed": result.count("failed"),
        "missed": result.count("missed"),
        "gate": {
            "passed": verdict.passed, "reasons": verdict.reasons, "accepted": verdict.accepted,
            "groups": [asdict(each) for each in verdict.groups],
        },
        "pass_hat_k": {str(k): _rounded(pass_hat_k(result.cases, k)) for k in range(1, result.repeat + 1)},
        "drafts": result.drafts,
        "notes": result.notes,
        "cost": sum(each.cost for each in result.cases) / _NANO,
        "seconds": round(result.seconds, 3),
    }  # fmt: skip


def _case(each: CaseResult) -> dict[str, Any]:
    return {
        "name": each.name,
        "passed": each.state == "passed",
        "misses": each.misses,
        "failures": each.failures,
        "state": each.state,
        "group": each.written.group,
        "must": each.written.case.must,
        "file": each.written.file,
        "line": each.written.line,
        "outcome": each.outcome,
        "answer": each.answer,
        "unjudged": each.unjudged,
        "runs": each.runs,
        "passes": each.passes,
        "cost": each.cost / _NANO,
        "seconds": round(each.seconds, 4),
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def as_junit(result: SetResult) -> bytes:
    """Return the results as JUnit's XML: what failed is a failure, what needs a model is skipped."""
    suites = Xml.Element("testsuites")
    suite = Xml.SubElement(
        suites,
        "testsuite",
        name=f"{result.account}.{result.name}",
        tests=str(len(result.cases)),
        failures=str(result.count("failed")),
        errors="0",
        skipped=str(result.count("missed")),
        time=f"{result.seconds:.3f}",
    )
    for each in result.cases:
        of = f"{result.name}.{each.written.group}"
        case = Xml.SubElement(
            suite, "testcase", name=_printable(each.name), classname=of, file=each.written.file,
            line=str(each.written.line), time=f"{each.seconds:.3f}",
        )  # fmt: skip
        if each.state == "failed":
            failure = Xml.SubElement(case, "failure", message=_printable(each.failures[0] if each.failures else ""))
            failure.text = _printable("\n".join([*each.failures, *differences(each)]))
        elif each.state == "missed":
            Xml.SubElement(case, "skipped", message=_printable("; ".join(each.misses)))
    return bytes(Xml.tostring(suites, encoding="utf-8", xml_declaration=True))


def _printable(text: str) -> str:
    """Return a text without the control characters that XML cannot hold."""
    return "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")


def as_events(result: SetResult) -> Iterator[str]:
    """Yield OpenTelemetry's event of each expectation, a JSON object a line, without any words said."""
    for each in result.cases:
        for name, failures in each.graded.items():
            said = {
                "event.name": _EVENT,
                "gen_ai.evaluation.name": name,
                "gen_ai.evaluation.score.value": 0 if failures else 1,
                "gen_ai.evaluation.score.label": "fail" if failures else "pass",
                "chatwootai.account": result.account,
                "chatwootai.evaluation.set": result.name,
                "chatwootai.evaluation.case": each.name,
            }
            yield json.dumps(said, ensure_ascii=False)


def differences(result: CaseResult) -> list[str]:
    """Return what differs between the accepted answer and this one; nothing where none was accepted."""
    if result.before is None or result.before == result.answer:
        return []
    lines = difflib.unified_diff(
        result.before.splitlines(), result.answer.splitlines(), "accepted", "now", lineterm="", n=1
    )
    return list(lines)


def as_lines(result: SetResult, verdict: Verdict) -> Iterator[str]:
    """Yield the results as people read them: what is not green, the groups, the gate's word."""
    for each in result.cases:
        if each.state != "passed":
            must = ", must pass" if each.written.case.must else ""
            yield f"{each.state:7} {each.name}  ({each.written.file}:{each.written.line}{must})"
            yield from (f"        {text}" for text in (each.failures if each.state == "failed" else each.misses))
            yield from (f"        {line}" for line in differences(each))
    yield from (f"note    {note}" for note in result.notes)
    if result.drafts:
        yield f"drafts  {len(result.drafts)} not run until a person has reviewed them: {', '.join(result.drafts[:5])}"
    yield from _groups(verdict)
    k = result.repeat
    if k > 1 and (share := pass_hat_k(result.cases, k)) is not None:
        yield f"pass^{k}  {share:.3f}: cases that pass {k} times in a row"
    cost = f", ${sum(each.cost for each in result.cases) / _NANO:.4f}" if result.live else ""
    counts = ", ".join(f"{result.count(state)} {state}" for state in ("passed", "failed", "missed"))
    yield f"{counts}; {result.seconds:.1f} s{cost}"
    yield from (f"closed  {reason}" for reason in verdict.reasons)
    yield f"gate    {'passed' if verdict.passed else 'not passed'}"


def _groups(verdict: Verdict) -> Iterator[str]:
    for each in verdict.groups:
        if not verdict.accepted:
            beside = "nothing accepted to compare with"
        elif not each.gated:
            beside = f"{each.compared} compared, too few to gate: {len(each.lost)} lost, {len(each.won)} won"
        else:
            beside = f"{each.compared} compared: {len(each.lost)} lost, {len(each.won)} won (chance {each.chance:.3f})"
        yield f"group   {each.group}: {each.passed} of {each.cases}; {beside}"
