"""The documentation says what is: its links lead somewhere, its commands, variables and metrics exist."""

import argparse
import ast
import contextlib
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from chatwootai.telemetry import metrics
from ops import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
ROOMS = ("chatwootai", "config", "crews", "ingress", "ops", "sandbox", "workers")
_LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
_VARIABLE = re.compile(r"\b[A-Z]{2,}(?:_[A-Z0-9]+)+\b")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files(page: Path) -> None:
    local = [link for link, _ in _LINK.findall(page.read_text("utf-8")) if not link.startswith(("http", "mailto:"))]
    assert [link for link in local if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_are_verbs_with_the_options_they_are_given(page: Path) -> None:
    wrong = [line for line in _commands(page.read_text("utf-8")) if not _known(line)]
    assert wrong == []


def _commands(text: str) -> Iterator[str]:
    """Each `chatwootai ...` in a code block or between backticks, up to a comment, a pipe or the end."""
    blocks = "\n".join(re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL))
    for found in re.findall(r"^(?:\$ )?chatwootai ([^#|>\n]+)", blocks, re.MULTILINE):
        yield found.strip()
    yield from re.findall(r"`chatwootai ([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def _known(line: str) -> bool:
    verb, *rest = line.replace("|", " ").split()
    if verb.startswith(("-", "<")) or verb.isupper():
        return True  # `chatwootai VERB --help`
    options = {word.strip("[],").partition("=")[0] for word in rest if word.lstrip("[").startswith("--")}
    return verb in _verbs() and options <= _options(verb)


@cache
def _verbs() -> dict[str, argparse.ArgumentParser | None]:
    """Each verb's parser; None for those that parse their own arguments."""
    known = {name: cli._load(module) for name, module in cli.find_verbs().items()}
    return {name: None if hasattr(verb, "forward") else cli.verb_parser(name, verb) for name, verb in known.items()}


def _below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= action.choices
            for name, below in action.choices.items():
                found |= {f"{name} {word}": parser for word, parser in _below(below).items()}
    return found


@cache
def _options(verb: str) -> set[str]:
    parser = _verbs()[verb]
    if parser is None:
        with contextlib.redirect_stdout(io.StringIO()) as said, pytest.raises(SystemExit):
            cli.main([verb, "--help"])
        return set(re.findall(r"--[a-z-]+", said.getvalue()))
    return {name for each in (parser, *_below(parser).values()) for name in each._option_string_actions}


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    page = (ROOT / "docs/reference/environment.md").read_text("utf-8")
    rows = "\n".join(line for line in page.splitlines() if line.startswith("| `"))
    documented = set(_VARIABLE.findall("\n".join(line.split("|")[1] for line in rows.splitlines())))
    assert documented == _read()


def _read() -> set[str]:
    """Names that ingress, workers, crews, config, the floor and the verbs look up in the environment."""
    found: set[str] = set()
    for room in set(ROOMS) - {"sandbox"}:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OURS.fullmatch(node.value):
                    found.add(node.value)
    return found


_OURS = re.compile(r"(CHATWOOTAI|CONSOLE|REDIS|INGRESS|JOURNAL|WORKER|CATCH_UP|OPENAI|LOG|OTEL)_[A-Z_]+")


def test_metrics_that_pages_name_exist() -> None:
    source = Path(metrics.__file__).read_text("utf-8")
    for page in PAGES:
        for name in re.findall(r"\bchatwootai_[a-z_]+\b", page.read_text("utf-8")):
            bare = re.sub(r"_(total|bucket|count|sum|created)$", "", name)
            assert bare in source or name in source, f"{named(page)}: {name}"
