"""`chatwootai tenants`: who is served, and all settings of one with their origins."""

import argparse
import json
from dataclasses import asdict
from itertools import groupby
from os import environ
from textwrap import wrap
from typing import TYPE_CHECKING

from ops.accounts import resolve_account
from ops.options import ACCOUNT, takes_config, takes_json
from ops.parsing import add_action
from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from config.loading.effective import Value
    from config.loading.loader import Inspection
    from config.snapshot import Account

    Describe = Callable[[Value], str]

SUMMARY = "list who is served, or show all settings of one, with the file and line of each"
EXAMPLES = """\
  chatwootai tenants
  chatwootai tenants show 1
  chatwootai tenants show 1 --explain
  chatwootai tenants show 1 --inbox 17 --json"""
_WIDTH, _INDENT = 110, " " * 6


def arguments(parser: argparse.ArgumentParser) -> None:
    """`list` (default) and `show`."""
    takes_config(parser)
    takes_json(parser, names=True)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    _options(add_action(actions, "list", "list accounts, tenants and crews", "chatwootai tenants list -o name"))
    what = "show all settings of one, merged, each with its file and line"
    show = add_action(actions, "show", what, "chatwootai tenants show 1 --inbox 17 --explain")
    show.add_argument("tenant", metavar="ACCOUNT", help=ACCOUNT)
    show.add_argument("--inbox", type=int, metavar="ID", help="as they are in this inbox")
    show.add_argument("--explain", action="store_true", help="with what each setting means; also those that are unset")
    _options(show)


def _options(parser: argparse.ArgumentParser) -> None:
    """The same options after the action; absent there, what stood before it holds."""
    takes_config(parser)
    takes_json(parser, names=True)
    for action in parser._actions:
        if action.dest in {"config", "output"}:
            action.default = argparse.SUPPRESS


def run(arguments: argparse.Namespace) -> int:
    """List or show, problems on stderr; 1 if there are any."""
    from config.loading.loader import inspect

    found = inspect(arguments.config, environ)
    for problem in found.problems:
        complain(problem)
    done = _show(found, arguments) if arguments.action == "show" else _list(found, arguments)
    return 1 if found.problems else done


def _list(found: "Inspection", arguments: argparse.Namespace) -> int:
    accounts = [found.snapshot.accounts[key] for key in sorted(found.snapshot.accounts)]
    if arguments.json:
        as_json([_summary(account) for account in accounts], "account")
        return 0
    rows = [
        (each.key, each.name, f"{each.domain}/{each.folder}", each.crew, each.priority, each.installation.url, each.id)
        for each in accounts
    ]
    table(("ACCOUNT", "NAME", "TENANT", "CREW", "PRIORITY", "CHATWOOT", "ID"), rows)
    return 0


def _summary(account: "Account") -> dict[str, object]:
    return {
        "account": account.key,
        "name": account.name,
        "domain": account.domain,
        "tenant": account.folder,
        "crew": account.crew,
        "priority": account.priority,
        "signature": account.signature,
        "chatwoot": {"name": account.installation.name, "url": account.installation.url, "id": account.id},
        "inboxes": [
            {
                "id": box.id,
                "name": box.name,
                "domain": box.domain,
                "tenant": box.folder,
                "crew": box.crew,
                "priority": box.priority,
            }
            for box in account.inboxes.values()
        ],
    }


def _show(found: "Inspection", arguments: argparse.Namespace) -> int:
    from config.loading.effective import effective_values, mapping_values

    account = resolve_account(found.snapshot.accounts, arguments.tenant)
    mapping = mapping_values(found, account.key)
    settings = effective_values(found, account.key, arguments.inbox, unset=arguments.explain)
    explain = _describer if arguments.explain else _no_description
    if arguments.json:
        written = {name: _data(values, explain(name)) for name, values in _parts(mapping, settings)}
        as_json({**_summary(account), "inbox": arguments.inbox, **written}, "account")
        return 0
    print(f"account {account.key}: {account.name} ({account.domain}/{account.folder})")
    for name, values in _parts(mapping, settings):
        inbox = f" of inbox {arguments.inbox}" if name == "settings" and arguments.inbox is not None else ""
        print(f"\n{name}{inbox}")
        _values(values, explain(name))
    return 0


def _parts(*parts: "tuple[Value, ...]") -> "Iterator[tuple[str, tuple[Value, ...]]]":
    return zip(("mapping", "settings"), parts, strict=True)


def _describer(part: str) -> "Describe":
    """Return what describes a value of a part: of the mapping's account, or of its settings."""
    from config.mapping.entries import AccountEntry
    from config.schema.descriptions import describe
    from config.settings.settings import Settings

    model = AccountEntry if part == "mapping" else Settings
    return lambda value: describe(model, tuple(value.path.split(".")))


def _no_description(_: str) -> "Describe":
    return lambda _: ""


def _data(values: "tuple[Value, ...]", describe: "Describe") -> list[dict[str, object]]:
    said = [(asdict(each), describe(each)) for each in values]
    return [{**each, "description": text} if text else each for each, text in said]


def _values(values: "tuple[Value, ...]", describe: "Describe") -> None:
    """Print values, those of one setting together, and below the first of them its description."""
    told = {""}
    for text, several in groupby(values, describe):
        for value in several:
            shown = json.dumps(value.value, ensure_ascii=False, default=str)
            origin = f"{value.file}:{value.line}" if value.line else value.file
            print(f"  {value.path} = {shown}  ({origin})")
        if text not in told:
            told.add(text)
            print(*wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT), "", sep="\n")
