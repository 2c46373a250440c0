"""`chatwootai crew`: which crews there are, and what one says on a channel, for a tenant."""

import argparse
from dataclasses import asdict
from os import environ
from typing import TYPE_CHECKING

from chatwootai.channels.registry import names
from ops.access import NotFound, UsageError
from ops.crew.plan_view import show_plan
from ops.options import takes_account, takes_config, takes_json
from ops.parsing import add_action
from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from config.schema.crew_set import CrewSet
    from config.settings.settings import Settings

SUMMARY = "list the crews, show one on a channel for a tenant, with each value's file and line, or plan what it takes"
EXAMPLES = """\
  chatwootai crew list
  chatwootai crew show customer_service --channel whatsapp
  chatwootai crew show customer_service --account 1 --channel whatsapp --inbox 17
  chatwootai crew show customer_service --account 1 --channel whatsapp --prompt --say "Quanto custa o frete?"
  chatwootai crew plan customer_service --account 1 --channel whatsapp"""


_CHANNELS = f"one of {', '.join(names())} (default: default)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default), `show` and `plan`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    listed = add_action(actions, "list", "list functions and their channels", "chatwootai crew list --account 1")
    what = "show every value of a crew, and where it came from"
    show = add_action(actions, "show", what, "chatwootai crew show customer_service --account 1 --channel whatsapp")
    what = "plan an answer: calls in a row, tokens, seconds and costs, in each shape"
    plan = add_action(actions, "plan", what, "chatwootai crew plan customer_service --account 1 --channel whatsapp")
    for action in (show, plan):
        action.add_argument("function", help="the crew, as customer_service")
        action.add_argument("--channel", choices=names(), default="default", metavar="CHANNEL", help=_CHANNELS)
    show.add_argument("--prompt", action="store_true", help="the messages that a model would be sent, part by part")
    show.add_argument("--say", default="Hello?", metavar="TEXT", help="what the customer asks in it (default: Hello?)")
    for action in (listed, show, plan):
        takes_account(action, "with the overlays of this account")
        action.add_argument("--inbox", type=int, metavar="ID", help="as it is in this inbox of the account")
        takes_config(action)
        takes_json(action, names=action is listed)


def run(arguments: argparse.Namespace) -> int:
    """List, show or plan; 1 where there is no such crew or tenant, or where no plan meets its deadline."""
    from config.document.problems import ConfigurationError

    try:
        found = _find_crews(arguments)
        return 1 if found is None else _done(*found, arguments)
    except ConfigurationError as error:
        complain(error)
        return 1


def _done(crew_set: "CrewSet", settings: "Settings", arguments: argparse.Namespace) -> int:
    from config.document.problems import suggestion

    if (function := getattr(arguments, "function", None)) and function not in crew_set.functions:
        raise NotFound(f"there is no crew {function}. {suggestion(function, crew_set.functions)}")
    if arguments.action == "plan":
        return show_plan(crew_set, settings, arguments)
    if arguments.action == "show" and arguments.prompt:
        from ops.crew.prompt_view import show_prompt

        return show_prompt(crew_set, settings, arguments)
    return _show(crew_set, arguments) if arguments.action == "show" else _list(crew_set, arguments)


def _find_crews(arguments: argparse.Namespace) -> "tuple[CrewSet, Settings] | None":
    """The crews and settings of the catalog and `_base`, or of a tenant or one of its inboxes."""
    from config.loading.loader import shipped
    from crews.catalog import Catalog

    name = getattr(arguments, "account", None)
    if name is None:
        if getattr(arguments, "inbox", None) is not None:
            raise UsageError("an inbox belongs to an account: add --account")
        return Catalog.from_environment().crew_set, shipped()
    return _of_account(name, arguments)


def _of_account(name: str, arguments: argparse.Namespace) -> "tuple[CrewSet, Settings] | None":
    from config.loading.loader import inspect
    from ops.accounts import resolve_account

    found = inspect(arguments.config, environ)
    account = resolve_account(found.snapshot.accounts, name)
    number = arguments.inbox
    settings = account.settings if number is None else found.snapshot.settings(account.key, number)
    return None if settings.crew_set is None else (settings.crew_set, settings)


def _list(crew_set: "CrewSet", arguments: argparse.Namespace) -> int:
    rows = [(name, crew_set.channels(name)) for name in crew_set.functions]
    if getattr(arguments, "json", False):
        as_json([{"function": name, "channels": list(channels)} for name, channels in rows], "function")
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
