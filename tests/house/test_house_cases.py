"""tests/cases.yaml: each kind of what the world sends names tests that exist."""

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CASES: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / "tests" / "cases.yaml").read_text(encoding="utf-8"))
ROWS = [pytest.param(row, id=row["kind"]) for rows in CASES.values() for row in rows]


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of a file's tests; none where there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("row", ROWS)
def test_a_kind_is_held_by_tests_that_exist(row: dict[str, Any]) -> None:
    assert set(row) == {"kind", "input", "right", "tests"}
    assert all(row.values())
    missing = [each for each in row["tests"] if each.partition("::")[2] not in names_in(each.partition("::")[0])]
    assert missing == []


def test_each_kind_stands_there_once() -> None:
    kinds = [row["kind"] for rows in CASES.values() for row in rows]
    assert len(kinds) == len(set(kinds)) >= 50
