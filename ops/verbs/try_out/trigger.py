"""`chatwootai trigger`: a message through the whole installation, from the public address to the reply."""

import argparse
from os import environ

from ops.options import an_address, takes_account, takes_config, takes_json
from ops.parsing import add_action
from ops.printing import as_json

SUMMARY = "send a made-up customer's message through the whole installation, and wait for the reply"
EXAMPLES = """\
  chatwootai trigger message --account 3 "What are your opening hours?"
  chatwootai trigger message --account 3 --inbox 29 --ours https://ai.example.com "Was kostet Nimbus?"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`message`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    what = "make a contact and a conversation in Chatwoot, deliver a message signed as Chatwoot does, show the reply"
    example = 'chatwootai trigger message --account 3 "What are your opening hours?"'
    message = add_action(actions, "message", what, example)
    takes_config(message)
    takes_json(message)
    takes_account(message, required=True)
    message.add_argument("--inbox", type=int, metavar="ID", help="Chatwoot's (default: an API, web chat or mail inbox)")
    message.add_argument("--ours", type=an_address, metavar="URL", help="the ingress's address (default: Chatwoot's)")
    message.add_argument("--within", type=float, default=60.0, metavar="SECONDS", help="wait so long (default: 60)")
    message.add_argument("message", help="what the customer writes")


def run(arguments: argparse.Namespace) -> int:
    """Print each step and the reply; 1 where none came, 4 where Chatwoot refuses."""
    import asyncio

    return asyncio.run(_message(arguments))


async def _message(arguments: argparse.Namespace) -> int:
    import aiohttp

    from config.loading.loader import inspect
    from ops.accounts import resolve_account
    from ops.trial.trigger import Trigger

    snapshot = inspect(arguments.config, environ).snapshot
    account = resolve_account(snapshot.accounts, arguments.account)
    async with aiohttp.ClientSession() as session:
        tell = (lambda _: None) if arguments.json else print
        trigger = Trigger(
            session, account, snapshot, arguments.message, tell, arguments.inbox, arguments.ours, arguments.within
        )
        told = await trigger.run(environ.get("CHATWOOT_ADMIN_TOKEN"))
    if arguments.json:
        as_json(told)
        return 0
    for reply in told["replies"]:
        print("\n".join(f"  | {line}" for line in reply.splitlines()))
    return 0
