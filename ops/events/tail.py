"""Selects and prints the newest log lines of all processes, for `chatwootai tail`."""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import orjson

from chatwootai.stores.installation.event_stream import EventStream
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from ops.access import NotFound, away_message, sound_accounts
from ops.accounts import resolve_account
from ops.printing import coloured, complain

LEVELS: Final = ("info", "warning", "error", "critical")
_PAUSE: Final = 0.5
_FIRST: Final = ("at", "level", "process", "event")
_CAUSES: Final = ("event", "cause", "reason", "error", "why", "said", "trouble", "kind")


async def show(connection: Connection, arguments: argparse.Namespace) -> int:
    """Print the newest lines that are selected, and with `--follow` those that come; 0.

    Raises:
        NotFound: there is no such account, and no line names it.
        StoreUnavailable: Redis is away, at the start.
    """
    stream = EventStream(connection)
    least = "warning" if arguments.errors else arguments.level
    troubles_alone = LEVELS.index(least) > 0
    known = await stream.read(arguments.since or 0.0, troubles_alone=troubles_alone)
    account = _account_key(arguments, known)
    picked = [one for one in known if _is_selected(one, account, least, arguments)]
    _print(picked[-arguments.lines :] if arguments.lines else picked, arguments)
    if not picked and not arguments.follow and not arguments.json:
        print("nothing was said")
    while arguments.follow:
        sys.stdout.flush()
        await asyncio.sleep(_PAUSE)
        try:
            new = await stream.read(troubles_alone=troubles_alone)
        except StoreUnavailable as error:
            complain(f"{time.strftime('%H:%M:%S')} {away_message(error)}")
            await asyncio.sleep(2.0)
            continue
        _print([one for one in new if _is_selected(one, account, least, arguments)], arguments)
    return 0


def _account_key(arguments: argparse.Namespace, known: list[dict[str, Any]]) -> str | None:
    name: str | None = arguments.account
    if name is None:
        return None
    try:
        return resolve_account(sound_accounts(arguments.config), name).key
    except NotFound:
        if any(one.get("account") == name for one in known):  # it has left the mapping
            return name
        raise


def _is_selected(line: Mapping[str, Any], account: str | None, least: str, arguments: argparse.Namespace) -> bool:
    level = line.get("level")
    rank = LEVELS.index(level) if level in LEVELS else len(LEVELS)
    if rank < LEVELS.index(least) or (account is not None and str(line.get("account")) != account):
        return False
    if arguments.until is not None and line["at"] > arguments.until:
        return False
    cause = (arguments.cause or "").casefold()
    return not cause or any(cause in str(line.get(name, "")).casefold() for name in _CAUSES)


def _print(lines: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    if arguments.output == "json" and not arguments.follow:
        print(orjson.dumps(lines, option=orjson.OPT_INDENT_2).decode())
    elif arguments.json:
        for line in lines:
            print(orjson.dumps(line).decode())
    else:
        for line in lines:
            print(_text(line))


def _text(line: Mapping[str, Any]) -> str:
    level, at = str(line.get("level", "")), line["at"]
    clock = time.strftime("%m-%d %H:%M:%S", time.localtime(at)) + f".{int(at % 1 * 1000):03d}"
    rest = "  ".join(f"{name}={value}" for name, value in line.items() if name not in {*_FIRST, "room"})
    kind = {"warning": "warn", "error": "bad", "critical": "bad"}.get(level, "")
    head = coloured(f"{level:<8}", kind) if kind else f"{level:<8}"
    return f"{clock}  {head}  {line.get('process', '')}  {line.get('event', '')}  {rest}".rstrip()
