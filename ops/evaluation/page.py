"""Results of a set as one HTML page, which needs nothing beside it."""

from collections.abc import Iterator
from html import escape

from ops.evaluation.gate import Verdict
from ops.evaluation.reports import differences
from ops.evaluation.results import CaseResult, SetResult

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1b1f24;background:#fff}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dee4}
.passed{color:#116329}.failed{color:#a40e26}.missed{color:#7d4e00}pre{white-space:pre-wrap;background:#f6f8fa;padding:.6rem}
details{margin:.4rem 0}summary{cursor:pointer}
@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}td,th{border-color:#30363d}pre{background:#161b22}
.passed{color:#56d364}.failed{color:#ff7b72}.missed{color:#e3b341}}
"""


def as_page(result: SetResult, verdict: Verdict) -> str:
    """Return the page: the gate's word, the groups, and every case with what was said."""
    title = escape(f"{result.name} of account {result.account}")
    word = "passed" if verdict.passed else "not passed"
    counts = ", ".join(f"{result.count(state)} {state}" for state in ("passed", "failed", "missed"))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
    kind = "passed" if verdict.passed else "failed"
    body = [
        f"<h1>{title}</h1>",
        f'<p class="{kind}">Gate {word}.</p>',
        f"<p>{counts}; {result.seconds:.1f} s.</p>",
        *(f"<p>{escape(reason)}</p>" for reason in verdict.reasons),
        *(f"<p>{escape(note)}</p>" for note in result.notes),
        *_groups(verdict),
        *(_case(each) for each in sorted(result.cases, key=lambda each: each.state == "passed")),
    ]
    whole = f"<head>{head}<style>{_STYLE}</style></head><body>{''.join(body)}</body>"
    return f'<!doctype html><html lang="en">{whole}</html>\n'


def _groups(verdict: Verdict) -> Iterator[str]:
    yield "<table><tr><th>group</th><th>passed</th><th>compared</th><th>lost</th><th>won</th><th>gated</th></tr>"
    for each in verdict.groups:
        cells = (
            escape(each.group), f"{each.passed} of {each.cases}", each.compared, len(each.lost), len(each.won),
            "yes" if each.gated else "too few cases",
        )  # fmt: skip
        yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</table><h2>Cases</h2>"


def _case(each: CaseResult) -> str:
    said = "\n".join(f"{text}" for burst in each.written.case.bursts for text in burst)
    lines = [*each.failures, *each.misses, *(f"not judged: {text}" for text in each.unjudged)]
    listed = "".join(f"<li>{escape(line)}</li>" for line in lines)
    changed = "\n".join(differences(each))
    return (
        f"<details{'' if each.state == 'passed' else ' open'}>"
        f'<summary><span class="{each.state}">{each.state}</span> {escape(each.name)}'
        f"{' (must pass)' if each.written.case.must else ''}</summary>"
        f"<p>{escape(each.written.file)}:{each.written.line}, {escape(each.outcome)}, {each.seconds:.2f} s</p>"
        f"<ul>{listed}</ul><pre>{escape(said)}</pre><pre>{escape(each.answer)}</pre>"
        f"{f'<pre>{escape(changed)}</pre>' if changed else ''}</details>"
    )
