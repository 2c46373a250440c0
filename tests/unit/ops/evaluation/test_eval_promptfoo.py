"""promptfoo's tests as cases: the common part is taken over, the rest is named with its line."""

from pathlib import Path

from config.evaluation.case_files import read_set
from ops.evaluation.promptfoo import import_tests

TESTS = """
prompts: [x]
tests:
  - description: delivery
    vars: {question: "Vocês entregam?"}
    assert:
      - {type: icontains, value: sim}
      - {type: not-contains, value: talvez}
      - {type: regex, value: "R\\\\$ [0-9]+"}
      - {type: latency, threshold: 3000}
      - {type: cost, threshold: 0.002}
      - {type: llm-rubric, value: is polite}
      - {type: javascript, value: "output.length < 9"}
  - vars: {a: "x", b: "y"}
    assert: [{type: is-json}]
"""


def test_the_common_part_is_taken_over_and_the_rest_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(TESTS, encoding="utf-8")
    count, problems = import_tests(tmp_path / "p.yaml", tmp_path / "set")
    assert count == 1
    assert [(each.line, each.message) for each in problems] == [
        (13, "the assertion `javascript` has no like here"),
        (14, "no variable tells what a contact says"),
    ]
    cases, wrong = read_set([tmp_path / "set"])
    assert wrong == []
    expect = cases[0].case.expect
    assert (cases[0].case.name, cases[0].case.say) == ("delivery", ("Vocês entregam?",))
    assert (expect.contains, expect.not_contains, expect.regex) == (("sim",), ("talvez",), (r"R\$ [0-9]+",))
    assert (expect.under_seconds, expect.under_cost, expect.rubric) == (3.0, 0.002, ("is polite",))
