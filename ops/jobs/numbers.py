"""Counts of the whole installation, for `chatwootai jobs stats` and the console: the queue, Redis, who lives."""

import argparse
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from chatwootai.stores.installation.canaries import Canaries
from chatwootai.stores.installation.incidents import Incidents
from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.installation.refusals import Refusal, Refusals
from chatwootai.stores.operators.inspection import Inspection
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.server_check import check_server
from ops.jobs.incidents import print_incident
from ops.jobs.pauses import read_pauses
from ops.jobs.process_view import print_processes, process_as_json
from ops.printing import table
from ops.times import format_age, format_moment

Json = dict[str, Any]
_MIB: Final = 1024 * 1024


async def read_numbers(connection: Connection, _: argparse.Namespace) -> Json:
    """Return all that is counted: the queue's numbers, and a key for each of `PARTS`.

    Raises:
        StoreUnavailable: Redis is away.
    """
    return {**await read_queue(connection), **{name: await read(connection) for name, read in PARTS.items()}}


async def read_queue(connection: Connection) -> Json:
    """Return the queue's numbers, as `Stats` has them."""
    return asdict(await Inspection(connection).stats())


async def _read_redis(connection: Connection) -> Json | None:
    found = await check_server(connection)
    return {**asdict(found), "troubles": found.troubles} if found else None


async def _read_refused(connection: Connection) -> list[Json]:
    return [_refusal_as_json(one) for one in await Refusals(connection).all()]


async def _read_incidents(connection: Connection) -> list[Json]:
    return [asdict(one) for one in await Incidents(connection).all()]


async def _read_processes(connection: Connection) -> list[Json]:
    return [process_as_json(one) for one in await Processes(connection).all()]


async def _read_canary(connection: Connection) -> Json | None:
    found = await Canaries(connection).running()
    return {"version": found.terms.version, "base": found.base, **found.terms.as_json()} if found else None


PARTS: Final[Mapping[str, Callable[[Connection], Awaitable[Any]]]] = {
    "redis": _read_redis,
    "refused": _read_refused,
    "incidents": _read_incidents,
    "canary": _read_canary,
    "processes": _read_processes,
    "paused": read_pauses,
}
"""Reads beside the queue's numbers, by their keys: each may fail without the others."""


def _refusal_as_json(one: Refusal) -> Json:
    """A token that Chatwoot does not take; `looks`: the conversation that finds out when it does again."""
    said = {"account": one.account, "token": f"{one.owner}_token", "since": one.since, "mapping": one.place}
    return {**said, "status": one.status, "said": one.words, "looks": one.conv}


def print_numbers(found: Any) -> None:
    """Print what `read_numbers` found."""
    oldest = f", the oldest for {format_age(found['since'], time.time())}" if found["since"] else ""
    print(f"waiting    {found['waiting']} turns{oldest}; {found['messages']} messages in mailboxes")
    print(f"running    {found['running']}    scheduled  {found['scheduled']}    dead letters  {found['dead']}")
    print(f"conversations with something to do  {found['open']}")
    for one in found["paused"]:
        why = f": {one['why']}" if one["why"] else ""
        print(f"account {one['account']} is paused until {format_moment(one['until'])} by {one['who']}{why}")
    for one in found["refused"]:
        _print_refused(one)
    for one in found["incidents"]:
        print_incident(one)
    if canary := found["canary"]:
        print(f"canary     {canary['version']} beside version {canary['base']}; `config canary` tells more")
    if found["redis"]:
        _print_redis(found["redis"])
    if found["priorities"]:
        print("\nby priority")
        table(("PRIORITY", "WAITING"), found["priorities"].items())
    print_processes(found)
    if found["tenants"]:
        print("\nby account")
        names = ("account", "high", "normal", "running", "messages")
        head = ("ACCOUNT", "HIGH LANE", "NORMAL LANE", "RUNNING", "MESSAGES")
        table(head, [[one[name] for name in names] for one in found["tenants"]])


def _print_refused(one: Mapping[str, Any]) -> None:
    place = f", {one['mapping']}" if one["mapping"] else ""
    effect = "its history is not read" if one["token"].startswith("user") else "its turns wait, and go on by themselves"
    print(
        f"account {one['account']}: Chatwoot refuses its {one['token']} since {format_moment(one['since'])}"
        f" (HTTP {one['status']}: {one['said']}{place}); {effect}"
    )


def _print_redis(redis: Mapping[str, Any]) -> None:
    most = f" of {redis['most'] / _MIB:.0f}" if redis["most"] else ""
    print(f"redis      {redis['used'] / _MIB:.0f}{most} MiB used")
    for trouble in redis["troubles"]:
        print(f"           {trouble}")
