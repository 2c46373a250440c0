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
_NAMED_FILE = re.compile(r"(?<![\w./-])((?:[\w-]+/)*[a-z_]+\.py)\b")
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


def test_a_file_that_prose_names_is_there() -> None:
    """A bare name is of the same package, or of one folder's own; a path ends as a file's path does."""
    paths = [path for room in (*HELD, "tests") for path in (ROOT / room).rglob("*.py")]
    known = [str(path.relative_to(ROOT)) for path in paths]
    named = [
        (path, name)
        for path in paths
        if path.parts[len(ROOT.parts)] != "tests"
        for name in _NAMED_FILE.findall(path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 20
    wrong = {
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in named
        if not any(each == name or each.endswith(f"/{name}") for each in _reachable(path, name, known))
    }
    assert wrong == set()


def _reachable(path: Path, name: str, known: list[str]) -> list[str]:
    package = path.relative_to(ROOT).parts[0]
    return known if "/" in name else [each for each in known if each.startswith(f"{package}/")]
