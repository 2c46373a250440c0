"""Imports the common part of promptfoo's tests: variables, and assertions that need no JavaScript."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from config.document.problems import Problem
from config.document.tree import Node, Scalar, Sequence, Table, plain
from config.document.yaml_source import parse
from ops.access import CommandError

_SAID: Final = ("question", "message", "input", "query", "prompt", "text", "user")
"""Variables that are likely to hold what a contact says, the likeliest first; else the only one there is."""
_LISTS: Final = {
    "contains": "contains_exactly",
    "icontains": "contains",
    "contains-any": "contains_any",
    "icontains-any": "contains_any",
    "contains-all": "contains_exactly",
    "icontains-all": "contains",
    "not-contains": "not_contains",
    "not-icontains": "not_contains",
    "regex": "regex",
    "not-regex": "not_regex",
    "llm-rubric": "rubric",
}
_ONE: Final[Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "equals": ("equals", str),
    "is-json": ("json_answer", lambda _: True),
    "latency": ("under_seconds", lambda threshold: float(threshold) / 1000),
    "cost": ("under_cost", float),
    "factuality": ("same_facts_as", str),
}
_OF_THRESHOLD: Final = {"latency", "cost"}
_PASSED_OVER: Final = {"vars", "assert", "description", "metadata"}
_NO_NAME: Final = re.compile(r"[^\w:-]")


def import_tests(file: Path, folder: Path) -> tuple[int, list[Problem]]:
    """Write the tests of a file as cases into a set's folder; return how many, and what has no like here.

    Raises:
        CommandError: the file holds no tests, or the cases cannot be written.
    """
    try:
        node, problems = parse(file.read_bytes(), str(file))
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    tests = node.items.get("tests") if isinstance(node, Table) else node
    if not isinstance(tests, Sequence):
        raise CommandError(f"{file} has no list of `tests`")
    default = node.items.get("defaultTest") if isinstance(node, Table) else None
    cases = [case for at, test in enumerate(tests.items, 1) if (case := _case(test, default, at, problems))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(cases, allow_unicode=True, sort_keys=False, width=110)
        (folder / f"{file.stem}.yaml").write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{folder}: {error.strerror}") from None
    return len(cases), problems


def _case(test: Node, default: Node | None, at: int, problems: list[Problem]) -> dict[str, Any] | None:
    if not isinstance(test, Table):
        problems.append(_problem(test, "a test is a map", "Write `vars:` and `assert:`."))
        return None
    unlike = sorted(test.items.keys() - _PASSED_OVER)
    problems += [_problem(test.items[key], f"`{key}` is not taken over", "Look at the case.") for key in unlike]
    said = _said(test)
    if said is None:
        problems.append(_problem(test, "no variable tells what a contact says", f"Name one {', '.join(_SAID)}."))
        return None
    expect: dict[str, Any] = {}
    for each in (*_assertions(default), *_assertions(test)):
        _take(each, expect, problems)
    described = test.items.get("description")
    name = str(described.value) if isinstance(described, Scalar) else f"test {at}: {said[:60]}"
    return {"name": name, "say": [said], "expect": expect}


def _said(test: Table) -> str | None:
    given = test.items.get("vars")
    texts = {
        name: each.value
        for name, each in (given.items.items() if isinstance(given, Table) else ())
        if isinstance(each, Scalar) and isinstance(each.value, str) and each.value.strip()
    }
    named = next((texts[name] for name in _SAID if name in texts), None)
    return named if named is not None else next(iter(texts.values())) if len(texts) == 1 else None


def _assertions(test: Node | None) -> Iterator[Node]:
    listed = test.items.get("assert") if isinstance(test, Table) else None
    yield from listed.items if isinstance(listed, Sequence) else ()


def _take(node: Node, expect: dict[str, Any], problems: list[Problem]) -> None:
    """Add one assertion to what is expected; a problem with its line where it has no like here."""
    said = plain(node)
    kind = str(said.get("type")) if isinstance(said, dict) else ""
    value = said.get("threshold" if kind in _OF_THRESHOLD else "value") if isinstance(said, dict) else None
    if kind in _LISTS and value is not None:
        several = value if isinstance(value, list) else [value]
        expect.setdefault(_LISTS[kind], []).extend(str(each) for each in several)
    elif kind in _ONE and (value is not None or kind == "is-json"):
        key, made = _ONE[kind]
        expect[key] = made(value)
    else:
        problems.append(
            _problem(node, f"the assertion `{_NO_NAME.sub('', kind)[:40]}` has no like here", "Write it anew.")
        )


def _problem(node: Node, message: str, remedy: str) -> Problem:
    return Problem(*node.mark, "promptfoo", message, remedy)
