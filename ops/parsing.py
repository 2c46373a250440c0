"""The parser of the command line: what is misspelt is answered with the nearest name, and by the verb's own usage.

And the lines of stdin, for verbs that stay and answer each.
"""

import argparse
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, NoReturn, Protocol

USAGE_ERROR = 2


async def lines_of_stdin() -> AsyncIterator[str]:
    """Yield each line that says something, as it comes, without its end."""
    import asyncio  # a tenth of the start of a verb, of which most need none

    while line := await asyncio.to_thread(sys.stdin.readline):
        if line.strip():
            yield line.rstrip("\r\n")


class Verb(Protocol):
    """Interface of a module in a room of ops.verbs.

    One with `forward(argv)` takes its own arguments, --help included. One with `DEFAULT` has actions, and that one
    is done where none is named.
    """

    SUMMARY: str
    EXAMPLES: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the verb takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


class CommandParser(argparse.ArgumentParser):
    """A parser that proposes the nearest name, and refuses what it does not know itself, never the one above it."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings.setdefault("allow_abbrev", False)  # a new option must not change what a script's short one means
        super().__init__(**settings)

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:  # type: ignore[override]  # the overloads are for callers
        """Parse; what is left over is an error here, where the usage names the options that there are."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self.error(f"unknown: {' '.join(left)}.{self._near_option(left[0])}")
        return found, left

    def _near_option(self, word: str) -> str:
        near = nearest(word.partition("=")[0], self._option_string_actions) if word.startswith("-") else None
        return f" Did you mean {near}?" if near else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(each) for each in action.choices]
            near = nearest(str(value), names)
            remedy = f"Did you mean {near}?" if near else f"Known here: {', '.join(names)}."
            raise argparse.ArgumentError(action, f"there is no {str(value)[:80]!r}. {remedy}")

    def error(self, message: str) -> NoReturn:
        """Print the usage and a message on stderr, and exit with 2."""
        self.exit(USAGE_ERROR, f"{self.format_usage()}{self.prog}: {message}\n")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, or None."""
    from config.document.problems import nearest

    return nearest(word, known)


def add_action(
    actions: "argparse._SubParsersAction[Any]", name: str, summary: str, examples: str
) -> argparse.ArgumentParser:
    """Add one action of a verb: with a description, and examples, each a line that can be pasted."""
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=summary, description=sentence(summary), epilog=examples_block(examples)
    )
    return parser


def sentence(summary: str) -> str:
    """Return a summary as a sentence."""
    return f"{summary[:1].upper()}{summary[1:]}."


def examples_block(examples: str) -> str:
    """Return examples, a command a line, as the end of a help text shows them."""
    return "examples:\n" + "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
