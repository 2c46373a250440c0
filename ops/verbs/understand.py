"""`chatwootai understand`: what is told of a message before a model is asked: language, wishes, answer, documents."""

import argparse

from ops.printing import takes_config, takes_json

SUMMARY = "say what a message is told to want: its language, a person, anger, a curated answer, documents"
EXAMPLES = """\
  chatwootai understand --account 1 "tem como um vendedor me ligar?"
  cat messages.txt | chatwootai understand --account 1 -"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The account and the message, `-` for one on each line of stdin."""
    parser.add_argument("--account", required=True, metavar="K", help="the account's key in the mapping")
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
    from ops.accounts import find_account
    from ops.understand import understand

    account = find_account(inspect(arguments.config, environ), arguments.account)
    return 1 if account is None else understand(arguments, account, environ)
