"""The state of the installation now: what `jobs stats` counts, with the problems that it shows."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chatwootai.stores.installation.chatwoot_calls import AccountCalls, ChatwootCalls, KnownCalls
from chatwootai.stores.models.breakers import BreakerStore
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.inspection import Inspection
from chatwootai.stores.server.connection import Connection
from ops.console.access.identity import Identity
from ops.console.data.blocks import Blocks, read_blocks
from ops.console.data.problems import Problem, find_problems
from ops.jobs.numbers import PARTS, read_queue

_MOST_LETTERS: Final = 1_000
_MOST_WAITS: Final = 200
_MOST_ACCOUNTS: Final = 50


@dataclass(frozen=True, slots=True)
class Now:
    """The numbers, the problems among them, and the names of the reads that failed. `at`: unix seconds."""

    numbers: Mapping[str, Any]
    problems: list[Problem]
    failed: frozenset[str]
    at: float


async def read_now(connection: Connection, who: Identity, *, within: float) -> Now:
    """Return the state as a person may see it: who sees one account sees what is that account's, or all's."""
    reads = {"queue": _read_queue(connection, who.account), **{name: read(connection) for name, read in PARTS.items()}}
    reads["breakers"] = BreakerStore(connection).resting(time.time())
    reads["chatwoot"] = ChatwootCalls(connection).known(who.account)
    if who.account is not None:
        reads["letters"] = _count_letters(connection, who.account)
    blocks = await read_blocks(reads, within=within)
    now = time.time()
    numbers = _numbers(blocks, now) if who.account is None else _of_account(blocks, who.account)
    problems = [one for one in find_problems(numbers) if one.account is None or who.sees(one.account)]
    numbers = {**numbers, "breakers": blocks.found["breakers"], "waits": (blocks.found["queue"] or {}).get("waits")}
    numbers["chatwoot"] = blocks.found["chatwoot"]
    return Now(numbers, problems, blocks.failed, now)


async def _read_queue(connection: Connection, account: str | None) -> dict[str, Any]:
    """Return the queue's numbers, and `waits`: since when the first turn of each account waits, of the 200 busiest."""
    queue = await read_queue(connection)
    busy = sorted(queue["tenants"], key=lambda one: -(one["high"] + one["normal"]))
    keys = [one["account"] for one in busy if one["high"] + one["normal"] and account in {None, one["account"]}]
    return {**queue, "waits": await Inspection(connection).waits(keys[:_MOST_WAITS])}


def _numbers(blocks: Blocks, now: float) -> dict[str, Any]:
    found = blocks.found
    queue: Mapping[str, Any] = found["queue"] or {}
    rest = {name: found[name] for name in PARTS}
    oldest = None if found["queue"] is None else max(0.0, now - queue["since"]) if queue["since"] else 0.0
    return {**queue, **rest, "oldest_wait_seconds": oldest}


def _of_account(blocks: Blocks, account: str) -> dict[str, Any]:
    """Return the numbers of one account, and of the processes, which serve it too."""
    found = blocks.found
    tenants = [one for one in (found["queue"] or {}).get("tenants", ()) if one["account"] == account]
    known = found["queue"] is not None
    return {
        "waiting": sum(one["high"] + one["normal"] for one in tenants) if known else None,
        "running": sum(one["running"] for one in tenants) if known else None,
        "messages": sum(one["messages"] for one in tenants) if known else None,
        "tenants": tenants,
        "workers": (found["queue"] or {}).get("workers", {}),
        "dead": found["letters"],
        "oldest_wait_seconds": None,
        "processes": found["processes"],
        "refused": [one for one in found["refused"] or () if one["account"] == account],
        "incidents": [one for one in found["incidents"] or () if one["account"] == account],
        "paused": [one for one in found["paused"] or () if one["account"] == account],
        "redis": None,
    }


async def _count_letters(connection: Connection, account: str) -> int:
    """Return how many of the newest 1,000 dead letters are an account's."""
    seen = count = 0
    async for letter in DeadLetters(connection).all():
        seen += 1
        count += letter.conv.rpartition(":")[0] == account
        if seen >= _MOST_LETTERS:
            break
    return count


def as_json(now: Now, text: Any) -> dict[str, Any]:
    """Return the state as `GET /api/now` has it. `text(key, **values)` words the problems."""
    numbers = now.numbers
    processes = numbers.get("processes") or ()
    running = dict(numbers.get("workers") or {})
    doors = [_process(one) for one in processes if one["kind"] == "ingress"]
    workers = [
        {**_process(one), "slots": one["slots"], "running": running.pop(one["name"], 0)}
        for one in processes
        if one["kind"] == "worker"
    ]
    workers += [{"name": name, "slots": None, "running": count, "gone": False} for name, count in running.items()]
    return {
        "at": now.at,
        "doors": doors,
        "workers": workers,
        "waiting": numbers.get("waiting"),
        "running": numbers.get("running"),
        "scheduled": numbers.get("scheduled"),
        "messages": numbers.get("messages"),
        "oldest_wait_seconds": numbers.get("oldest_wait_seconds"),
        "dead_letters": numbers.get("dead"),
        "tenants": _tenants(numbers, now.at),
        "breakers": [{"target": name, "until": until} for name, until in (numbers.get("breakers") or {}).items()],
        **_chatwoot(numbers.get("chatwoot")),
        "paused": list(numbers.get("paused") or ()),
        "configuration": _configuration(processes),
        "redis": numbers.get("redis"),
        "problems": [_problem(one, text) for one in now.problems],
        "failed": sorted(now.failed),
    }


def _tenants(numbers: Mapping[str, Any], now: float) -> list[dict[str, Any]]:
    """Return the accounts with something to do, the one whose first turn waits longest first."""
    waits = numbers.get("waits") or {}
    rows = [
        {**one, "oldest_wait_seconds": max(0.0, now - waits[one["account"]]) if one["account"] in waits else None}
        for one in numbers.get("tenants") or ()
    ]
    return sorted(rows, key=lambda one: -(one["oldest_wait_seconds"] or 0.0))


def _chatwoot(known: KnownCalls | None) -> dict[str, Any]:
    """Return how Chatwoot answers, by account, the worst 50 first, and how many further accounts there are."""
    if known is None:
        return {"chatwoot": None, "chatwoot_others": None}
    shown = [_calls(one) for one in known.accounts[:_MOST_ACCOUNTS]]
    return {"chatwoot": shown, "chatwoot_others": len(known.accounts) - len(shown) + known.others}


def _calls(one: AccountCalls) -> dict[str, Any]:
    return {
        "account": one.account,
        "last_success": one.ok,
        "last_error": one.bad,
        "reason": one.why or None,
        "calls": one.calls,
        "errors": one.errors,
        "error_share": round(one.share, 4) if one.calls else None,
    }


def _configuration(processes: Any) -> dict[str, Any]:
    """Return whether all living processes serve one configuration, and which versions they serve."""
    living = [one for one in processes if not one["gone"]]
    versions = sorted({one["version"] for one in living if one["version"]}, reverse=True)
    return {"agree": len({one["digest"] for one in living}) <= 1, "versions": versions, "processes": len(living)}


def _process(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: one[name]
        for name in ("name", "host", "started", "seen", "gone", "warming", "release", "version", "refused")
    }


def _problem(one: Problem, text: Any) -> dict[str, Any]:
    return {
        "severity": one.severity,
        "kind": one.key,
        "text": text(f"problem.{one.key}", **one.values),
        "remedy": text(f"remedy.{one.key}", **one.values),
        "command": one.command,
        "account": one.account,
    }
