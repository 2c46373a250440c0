"""The operator's command line: finds the verbs, teaches them, and turns what they return into an exit code."""

import argparse
import importlib
import os
import pkgutil
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from ops import verbs

BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell reports it
INTERRUPTED = 130  # 128 + SIGINT

_INTRODUCTION = "ChatwootAI answers customers in Chatwoot: signed webhooks in, a crew's answer in the conversation."
_TEACHING = """\
start here:
  chatwootai demo --once          one signed message through the whole system, on embedded parts
  chatwootai check                lint all configuration: every problem at once, with file, line and remedy
  chatwootai tenants              who is served, by which crew
  chatwootai tenants show 1       all settings of account 1, and the file and line of each (--explain: what it means)

The configuration is the folder that CHATWOOTAI_CONFIG names (default: config). `chatwootai VERB --help` says more.
"""


class Verb(Protocol):
    """Interface of a module in ops.verbs. One with `forward(argv)` takes its own arguments, --help included."""

    SUMMARY: str
    EXAMPLES: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the verb takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Returns the exit code: 0 done, 1 the verb found fault or failed, 2 called wrongly."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes stdout once more while it exits; a reader that has gone must not make that a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _dispatch(words: list[str]) -> int:
    known = {name.replace("_", "-"): _verb(name) for name in _names()}
    if words and (forward := getattr(known.get(words[0]), "forward", None)):
        return int(forward(words[1:]))
    parser = _parser(known)
    arguments = parser.parse_args(words)
    if arguments.verb is None:
        parser.print_help()
        return 0
    return known[arguments.verb].run(arguments)


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(verbs.__path__) if not module.name.startswith("_"))


def _verb(name: str) -> Verb:
    return cast("Verb", importlib.import_module(f"ops.verbs.{name}"))


def _parser(known: dict[str, Verb]) -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="chatwootai", description=_INTRODUCTION, epilog=_TEACHING, formatter_class=formatter
    )
    choices = parser.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for name, verb in known.items():
        each = choices.add_parser(
            name,
            help=verb.SUMMARY,
            description=verb.SUMMARY,
            epilog=f"examples:\n{verb.EXAMPLES}",
            formatter_class=formatter,
        )
        verb.arguments(each)
    return parser


if __name__ == "__main__":
    sys.exit(main())
