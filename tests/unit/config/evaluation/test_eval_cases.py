"""Cases as they are written: turns and bursts, and problems with their places."""

from pathlib import Path
from typing import Any

import pytest

from config.evaluation.case import Case
from config.evaluation.case_files import problems_of_sets, read_set, set_folders


@pytest.mark.parametrize(
    ("said", "bursts"),
    [
        ({"say": ["a", "b"], "recorded": {"model": ["x"]}}, (("a", "b"),)),
        ({"say": ["a", "b"], "recorded": {"model": ["x", "y"]}}, (("a",), ("b",))),
        ({"say": [["a", "b"], "c"], "recorded": {"model": ["x"]}}, (("a", "b"), ("c",))),
        ({"say": ["a", "b"], "turns": "each"}, (("a",), ("b",))),
        ({"say": ["a", "b"], "turns": "one", "recorded": {"model": ["x", "y"]}}, (("a", "b"),)),
    ],
)
def test_each_message_is_a_turn_where_an_answer_is_recorded_for_each(said: dict[str, Any], bursts: object) -> None:
    assert Case.model_validate({"name": "n", **said}).bursts == bursts


def test_problems_name_file_and_line_and_a_name_stands_for_one_case(tmp_path: Path) -> None:
    place = tmp_path / "domains/retail/shop/evals/a"
    place.mkdir(parents=True)
    (place / "one.yaml").write_text("- {name: x, say: [oi]}\n- {name: x, say: [oi]}\n- {name: y, sai: [oi]}\n")
    (place / "two.jsonl").write_text('{"name": "z", "say": ["oi"]}\n{"name": \n')
    problems = problems_of_sets(tmp_path)
    found = {(Path(each.file).name, each.line, each.rule) for each in problems}
    assert {("one.yaml", 2, "case-twice"), ("one.yaml", 3, "unknown-key"), ("two.jsonl", 2, "json")} <= found


def test_a_set_is_that_of_the_base_the_domain_and_the_tenant_together(tmp_path: Path) -> None:
    for number, where in enumerate(("_base", "retail", "retail/shop")):
        folder = tmp_path / "domains" / where / "evals/a"
        folder.mkdir(parents=True)
        (folder / "cases.yaml").write_text(f"name: case {number}\nsay: [oi]\n")
    cases, problems = read_set(set_folders(tmp_path, "retail", "shop", "a"))
    assert ([each.case.name for each in cases], problems) == (["case 0", "case 1", "case 2"], [])
