"""The figures of the house: short functions, readable files, shallow folders, exceptions with their reason."""

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bench", "chatwootai", "config", "crews", "ingress", "ops", "sandbox", "workers")
LINES_OF_A_FILE = 330
LINES_OF_A_FUNCTION = 45
MEDIAN, NINTH_DECILE = 8, 18
LEVELS = 10
_EXCEPTION = re.compile(r"# noqa\b(?!: [A-Z]+\d+(, [A-Z]+\d+)*( - | {1,2}# )\S)")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))


@cache
def lengths() -> dict[str, int]:
    """Lines of each function, its docstring and decorators' line not counted apart."""
    return {
        f"{file.relative_to(ROOT)}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for file in sources()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, _Function)
    }


def test_functions_are_short() -> None:
    assert {name: lines for name, lines in lengths().items() if lines > LINES_OF_A_FUNCTION} == {}
    assert statistics.median(lengths().values()) < MEDIAN
    assert statistics.quantiles(lengths().values(), n=10)[-1] < NINTH_DECILE


def test_files_are_short_enough_to_be_read() -> None:
    lines = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in sources()}
    assert {name: number for name, number in lines.items() if number > LINES_OF_A_FILE} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_stands_on_more_levels_than_one_can_follow(package: str) -> None:
    """A level is the longest chain of imports below a module or room, among those beside it in its folder."""
    graph = grimp.build_graph(package, cache_dir=None)
    folders = {name for name in graph.modules if graph.find_children(name)}
    assert {folder: depth for folder in folders if (depth := _depth(graph, folder)) > LEVELS} == {}


def _depth(graph: grimp.ImportGraph, folder: str) -> int:
    beside = graph.find_children(folder)

    @cache
    def level(name: str) -> int:
        inside = {name, *graph.find_descendants(name)}
        reached = {other for each in inside for other in graph.find_modules_directly_imported_by(each)}
        below = {each for each in beside - {name} if reached & {each, *graph.find_descendants(each)}}
        return 1 + max(map(level, below), default=0)

    return max(map(level, beside))


def test_each_exception_of_the_linter_has_its_reason() -> None:
    files = [*sources(), *sorted((ROOT / "tests").rglob("*.py"))]
    bare = {
        f"{file.relative_to(ROOT)}:{number}": line.strip()[-60:]
        for file in files
        if file != Path(__file__)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if _EXCEPTION.search(line)
    }
    assert bare == {}
