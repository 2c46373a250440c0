"""Completes the command line in a shell, by argcomplete: verbs, actions, options and the names of what there is."""

import os
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ops.parsing import CommandParser, Verb


def complete(verbs: Mapping[str, Verb]) -> None:
    """Answer a shell that asks what may follow, as its variables say; ends the process."""
    import argcomplete

    from ops.shards.reach import add_shard_options

    parser = CommandParser(prog="chatwootai")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--config", type=Path)
    choices = parser.add_subparsers(dest="verb")
    for name, verb in verbs.items():
        each = choices.add_parser(name)
        verb.arguments(each)
        if hasattr(verb, "run"):
            add_shard_options(each, name)
        _add_completers(each)
    argcomplete.autocomplete(parser, always_complete_options=False)


def _add_completers(parser: Any) -> None:
    for action in parser._actions:
        completer = _COMPLETERS.get(action.dest)
        if completer and action.choices is None:
            action.completer = completer
        for below in action.choices.values() if isinstance(action.choices, dict) else ():
            _add_completers(below)


def complete_account(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Return the accounts' keys that begin so."""
    return [key for key in _sound_accounts(parsed_args) if key.startswith(prefix)]


def complete_crew(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Return the crews that ship or that CHATWOOTAI_CREWS names, which begin so."""
    from config.loading.loader import inspect

    crews = inspect(_folder(parsed_args), os.environ).library.base.crew_set.functions
    return [name for name in crews if name.startswith(prefix)]


def complete_inbox(prefix: str, parsed_args: Namespace, **_: object) -> list[str]:
    """Return the inboxes of the accounts, of the named one where one is named, that begin so."""
    named = getattr(parsed_args, "account", None)
    accounts = _sound_accounts(parsed_args)
    found = {str(inbox) for key, each in accounts.items() if named in {None, key} for inbox in each.inboxes}
    return sorted(number for number in found if number.startswith(prefix))


def _sound_accounts(parsed_args: Namespace) -> "Mapping[str, Any]":
    from ops.access import sound_accounts

    return sound_accounts(_folder(parsed_args))


def _folder(parsed_args: Namespace) -> Path:
    said = getattr(parsed_args, "config", None)
    return Path(said) if said else Path(os.environ.get("CHATWOOTAI_CONFIG") or "config")


_COMPLETERS: dict[str, Callable[..., list[str]]] = {
    "account": complete_account,
    "tenant": complete_account,
    "function": complete_crew,
    "inbox": complete_inbox,
}
"""Completers by the names of arguments; an argument with choices completes these by itself."""
