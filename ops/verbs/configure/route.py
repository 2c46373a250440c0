"""`chatwootai route`: which tenant, crew, channel and priority a message gets, and why."""

import argparse
from dataclasses import asdict
from os import environ

from chatwootai.channels.registry import names
from ops.options import a_phone, takes_account, takes_config, takes_json
from ops.printing import as_json, complain

SUMMARY = "tell which tenant, crew, channel and priority a message gets, and why"
EXAMPLES = """\
  chatwootai route --account 1
  chatwootai route --account 1 --inbox 17 --channel whatsapp --from +5531999990000"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The message: its account, inbox, channel and contact."""
    takes_config(parser)
    takes_json(parser)
    takes_account(parser, "of the message", required=True)
    parser.add_argument("--inbox", type=int, default=0, metavar="ID", help="Chatwoot's inbox id")
    parser.add_argument("--channel", choices=names(), default="whatsapp", help="default: whatsapp")
    parser.add_argument(
        "--from", dest="phone", type=a_phone, metavar="PHONE", help="the contact's phone, with its country code"
    )
    parser.add_argument("--unverified", action="store_true", help="the channel does not vouch for the phone")


def run(arguments: argparse.Namespace) -> int:
    """Print the route; 1 where there is no such account or the configuration is broken."""
    from chatwootai.model.message.routing import route
    from config.document.problems import ConfigurationError
    from config.loading.loader import load
    from config.snapshot import place_of
    from ops.accounts import resolve_account

    try:
        snapshot = load(arguments.config, environ)
    except ConfigurationError as error:
        complain(error)
        return 1
    account = resolve_account(snapshot.accounts, arguments.account)
    if arguments.inbox and arguments.inbox not in account.inboxes:
        known = ", ".join(map(str, sorted(account.inboxes))) or "none"
        complain(f"note: the mapping names no inbox {arguments.inbox} of account {account.key} (it names: {known})")
    where = place_of(account, arguments.inbox)
    found = route(where, arguments.channel, arguments.phone, verified=not arguments.unverified)
    told = {("tenant" if name == "folder" else name): value for name, value in asdict(found).items()}
    if arguments.json:
        as_json(told)
        return 0
    for name in ("tenant", "domain", "function", "channel", "priority"):
        print(f"{name:<9} {told[name]}")
    print("because")
    for reason in found.why:
        print(f"  {reason}")
    return 0
