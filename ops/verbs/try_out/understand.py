"""`chatwootai understand`: what is told of a message before a model is asked: language, wishes, answer, documents."""

import argparse

from ops.options import takes_account, takes_config, takes_json

SUMMARY = "say what a message is told to want: its language, a person, anger, a curated answer, documents"
EXAMPLES = """\
  chatwootai understand --account 1 "tem como um vendedor me ligar?"
  cat messages.txt | chatwootai understand --account 1 -"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The account and the message, `-` for one on each line of stdin."""
    takes_account(parser, required=True)
    parser.add_argument(
        "--inbox", type=int, metavar="ID", help="Chatwoot's inbox id, whose settings hold; default: the account's"
    )
    parser.add_argument(
        "message", help="what a customer writes; -: one message a line on stdin, a JSON object a line out"
    )
    takes_config(parser)
    takes_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where there is no such account."""
    from os import environ

    from config.loading.loader import inspect
    from ops.accounts import resolve_account
    from ops.understand import understand

    account = resolve_account(inspect(arguments.config, environ).snapshot.accounts, arguments.account)
    return understand(arguments, account, environ)
