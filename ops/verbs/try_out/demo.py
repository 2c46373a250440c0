"""`chatwootai demo`: run the whole system on embedded parts and send one signed message through it."""

import argparse
from collections.abc import Sequence

from ops.sandboxed import call

SUMMARY = "run the whole system on embedded parts and send one signed message through it"
EXAMPLES = """\
  chatwootai demo --once
  chatwootai demo --config nimbus      with the accounts and inboxes of a configuration of your own"""


def forward(argv: Sequence[str]) -> int:
    """The sandbox reads the arguments itself, `--help` included."""
    return call("sandbox.installation.demo", argv)


def arguments(parser: argparse.ArgumentParser) -> None:
    """None here: they are the sandbox's."""


def run(arguments: argparse.Namespace) -> int:
    """Without arguments."""
    return forward([])
