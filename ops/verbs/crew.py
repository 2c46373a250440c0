"""`chatwootai crew`: which crews there are, and what one says on a channel, for a tenant."""

import argparse
from dataclasses import asdict
from os import environ
from typing import TYPE_CHECKING

from chatwootai.channels.registry import names
from ops.crew.plan_view import show_plan
from ops.printing import as_json, complain, table, takes_config, takes_json

if TYPE_CHECKING:
    from config.schema.crew_set import CrewSet
    from config.settings.settings import Settings

SUMMARY = "list the crews, show one on a channel for a tenant, with each value's file and line, or plan what it takes"
EXAMPLES = """\
  chatwootai crew list
  chatwootai crew show customer_service --channel whatsapp
  chatwootai crew show customer_service --tenant 1 --channel whatsapp --inbox 17
  chatwootai crew show customer_service --tenant 1 --channel whatsapp --prompt --say "Quanto custa o frete?"
  chatwootai crew plan customer_service --tenant 1 --channel whatsapp"""


_CHANNELS = f"one of {', '.join(names())} (default: default)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default), `show` and `plan`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listed = actions.add_parser("list", help="functions and their channels")
    show = actions.add_parser("show", help="every value of a crew, and where it came from")
    plan = actions.add_parser("plan", help="calls in a row, tokens, seconds and costs of an answer, in each shape")
    for action in (show, plan):
        action.add_argument("function", help="the crew, as customer_service")
        action.add_argument("--channel", choices=names(), default="default", metavar="CHANNEL", help=_CHANNELS)
    show.add_argument("--prompt", action="store_true", help="the messages that a model would be sent, part by part")
    show.add_argument("--say", default="Hello?", metavar="TEXT", help="what the customer asks in it (default: Hello?)")
    for action in (listed, show, plan):
        action.add_argument("--tenant", metavar="T", help="an account's key, or its tenant's name: with its overlays")
        action.add_argument("--inbox", type=int, metavar="ID", help="as it is in this inbox of the tenant")
        takes_config(action)
        takes_json(action)


def run(arguments: argparse.Namespace) -> int:
    """List, show or plan; 1 where there is no such crew or tenant, or where no plan meets its deadline."""
    from config.document.problems import ConfigurationError

    try:
        found = _found(arguments)
        return 1 if found is None else _done(*found, arguments)
    except ConfigurationError as error:
        complain(error)
        return 1


def _done(crew_set: "CrewSet", settings: "Settings", arguments: argparse.Namespace) -> int:
    if arguments.action == "plan":
        return show_plan(crew_set, settings, arguments)
    if arguments.action == "show" and arguments.prompt:
        from ops.crew.prompt_view import show_prompt

        return show_prompt(crew_set, settings, arguments)
    return _show(crew_set, arguments) if arguments.action == "show" else _list(crew_set, arguments)


def _found(arguments: argparse.Namespace) -> "tuple[CrewSet, Settings] | None":
    """The crews and settings of the catalog and `_base`, or of a tenant or one of its inboxes."""
    from config.loading.loader import shipped
    from crews.catalog import Catalog

    tenant = getattr(arguments, "tenant", None)
    if tenant is None:
        if getattr(arguments, "inbox", None) is not None:
            complain("an inbox belongs to a tenant: add --tenant")
            return None
        return Catalog.from_environment().crew_set, shipped()
    return _of_tenant(tenant, arguments)


def _of_tenant(tenant: str, arguments: argparse.Namespace) -> "tuple[CrewSet, Settings] | None":
    from config.loading.loader import inspect
    from ops.accounts import find_account

    found = inspect(arguments.config, environ)
    account = find_account(found, tenant)
    if account is None:
        return None
    number = arguments.inbox
    settings = account.settings if number is None else found.snapshot.settings(account.key, number)
    return None if settings.crew_set is None else (settings.crew_set, settings)


def _list(crew_set: "CrewSet", arguments: argparse.Namespace) -> int:
    rows = [(name, crew_set.channels(name)) for name in crew_set.functions]
    if getattr(arguments, "json", False):
        as_json([{"function": name, "channels": list(channels)} for name, channels in rows])
    else:
        table(("FUNCTION", "CHANNELS"), [(name, ", ".join(channels)) for name, channels in rows])
    return 0


def _show(crew_set: "CrewSet", arguments: argparse.Namespace) -> int:
    values = crew_set.values(arguments.function, arguments.channel)
    if arguments.json:
        as_json([asdict(value) for value in values])
        return 0
    for value in values:
        print(f"{value.path}  ({value.file}:{value.line})")
        for line in str(value.value).splitlines() or [""]:
            print(f"    {line}")
    return 0
