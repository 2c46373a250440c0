"""`chatwootai bench`: measure, as ratios against the plain way in the same run."""

import argparse
from collections.abc import Sequence

from ops.sandboxed import call

SUMMARY = "measure, as ratios against the plain way in the same run"
EXAMPLES = """\
  chatwootai bench --list
  chatwootai bench jobs growth --no-peers
  chatwootai bench --json"""


def forward(argv: Sequence[str]) -> int:
    """The bench reads the arguments itself, `--help` included."""
    return call("bench.command", argv)


def arguments(parser: argparse.ArgumentParser) -> None:
    """None here: they are the bench's."""


def run(arguments: argparse.Namespace) -> int:
    """Without arguments."""
    return forward([])
