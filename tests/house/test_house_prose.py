"""Docstrings begin with what is returned or done, or with a noun: never with a clause that stands for one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HELD = (
    "bench",
    "chatwootai",
    "config",
    "crews",
    "ingress",
    "ops",
    "sandbox",
    "workers",
)
"""Packages that keep to it: all."""
_CLAUSE = re.compile(
    r"(What|Whether|How|Who|Whom|Whose|Whoever|Whatever|Whichever|Where|When|Which|Why|That which|Those|The one)\b"
)
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def _docstrings(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, _DOCUMENTED) and (said := ast.get_docstring(node)):
            yield f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}", said.splitlines()[0]


@pytest.mark.parametrize("room", HELD)
def test_a_docstring_says_first_what_is_returned_or_done(room: str) -> None:
    paths = sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / room]
    found = [each for path in paths for each in _docstrings(path)]
    assert found
    assert {name: line for name, line in found if _CLAUSE.match(line)} == {}
