"""`chatwootai crew`: which crews there are, and what one says on a channel, for a tenant."""

import argparse
from dataclasses import asdict
from os import environ
from typing import TYPE_CHECKING

from ops.printing import as_json, complain, table, takes_config, takes_json

if TYPE_CHECKING:
    from config.crewing import Crewing

SUMMARY = "list the crews, or show one as it is on a channel for a tenant, with the file and line of each value"
EXAMPLES = """\
  chatwootai crew list
  chatwootai crew show customer_service --channel whatsapp
  chatwootai crew show customer_service --tenant 1 --channel whatsapp --inbox 17"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default) and `show`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="functions and their channels")
    show = actions.add_parser("show", help="every value of a crew, and where it came from")
    show.add_argument("function", help="the crew, as customer_service")
    show.add_argument("--channel", default="default", help="the channel (default: default)")
    for action in (listed, show):
        action.add_argument("--tenant", metavar="T", help="an account's key, or its tenant's name: with its overlays")
        action.add_argument("--inbox", type=int, metavar="ID", help="as it is in this inbox of the tenant")
        takes_config(action)
        takes_json(action)


def run(arguments: argparse.Namespace) -> int:
    """List or show; 1 where there is no such crew or tenant."""
    from config.problems import ConfigurationError

    try:
        crewing = _crewing(arguments)
        if crewing is None:
            return 1
        return _show(crewing, arguments) if arguments.action == "show" else _list(crewing, arguments)
    except ConfigurationError as error:
        complain(error)
        return 1


def _crewing(arguments: argparse.Namespace) -> "Crewing | None":
    """The crews of the catalog, or of a tenant or one of its inboxes."""
    from crews.catalog import Catalog

    tenant = getattr(arguments, "tenant", None)
    if tenant is None:
        if getattr(arguments, "inbox", None) is not None:
            complain("an inbox belongs to a tenant: add --tenant")
            return None
        return Catalog.from_environment().crewing
    return _of_tenant(tenant, arguments)


def _of_tenant(tenant: str, arguments: argparse.Namespace) -> "Crewing | None":
    from config.loader import inspect
    from ops.accounts import meant

    found = inspect(arguments.config, environ)
    account = meant(found, tenant)
    if account is None:
        return None
    number = arguments.inbox
    settings = account.settings if number is None else found.snapshot.settings(account.key, number)
    return settings.crewing


def _list(crewing: "Crewing", arguments: argparse.Namespace) -> int:
    rows = [(name, crewing.channels(name)) for name in crewing.functions]
    if getattr(arguments, "json", False):
        as_json([{"function": name, "channels": list(channels)} for name, channels in rows])
    else:
        table(("FUNCTION", "CHANNELS"), [(name, ", ".join(channels)) for name, channels in rows])
    return 0


def _show(crewing: "Crewing", arguments: argparse.Namespace) -> int:
    values = crewing.values(arguments.function, arguments.channel)
    if arguments.json:
        as_json([asdict(value) for value in values])
        return 0
    for value in values:
        print(f"{value.path}  ({value.file}:{value.line})")
        for line in str(value.value).splitlines() or [""]:
            print(f"    {line}")
    return 0
