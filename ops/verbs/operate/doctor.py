"""`chatwootai doctor`: whether models, Chatwoot, the way to our door and Redis work, and what is switched off."""

import argparse
import sys
from os import environ

from ops.options import an_address, takes_account, takes_config, takes_json

SUMMARY = "ask models, Chatwoot, the door and Redis whether all of it works, and say what is switched off and why"
EXAMPLES = """\
  chatwootai doctor
  chatwootai doctor --account 3 --ours https://ai.example.com
  chatwootai doctor --problems --json"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the account, our own address, and how to print."""
    takes_config(parser)
    takes_json(parser)
    takes_account(parser, "only this one")
    parser.add_argument("--ours", type=an_address, metavar="URL", help="the ingress's address, as Chatwoot reaches it")
    parser.add_argument("--problems", action="store_true", help="only what needs something done")


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each thing; 1 where there is a problem, the configuration's own included."""
    import asyncio
    from dataclasses import replace

    from chatwootai.telemetry import log
    from ops.accounts import resolve_account
    from ops.doctor.examine import State, examine_all
    from ops.doctor.findings import findings
    from ops.printing import as_json, coloured, complain

    log.configure("CRITICAL", None, process="ops")  # what fails is said in a sentence
    found = findings(arguments.config, environ)
    snapshot = found.snapshot
    for problem in found.problems:
        complain(problem)
    if arguments.account:
        account = resolve_account(snapshot.accounts, arguments.account)
        snapshot = replace(snapshot, accounts={account.key: account})
    lines = asyncio.run(examine_all(snapshot, environ, arguments.ours))
    colours = {State.PROBLEM: "bad", State.WARNING: "warn", State.OK: "good"}
    shown = [line for line in lines if not arguments.problems or line.state in {State.PROBLEM, State.WARNING}]
    if arguments.json:
        as_json([line.as_data() for line in shown])
    else:
        for line in shown:
            print(coloured(str(line), colours[line.state]) if line.state in colours else line)
    count = sum(line.state is State.PROBLEM for line in lines) + len(found.problems)
    if not arguments.json:
        print(f"{count} problem{'' if count == 1 else 's'}", file=sys.stdout)
    return 1 if count else 0
