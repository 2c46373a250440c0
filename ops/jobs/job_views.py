"""Lists of `chatwootai jobs`, as data and as text. Ids, counts and moments; never what anybody said."""

import argparse
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from chatwootai.model.policy.reasons import is_named
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.inspection import Inspection, Job
from chatwootai.stores.server.connection import Connection
from ops.access import NotFound, sound_accounts
from ops.accounts import resolve_account
from ops.jobs.turn_selection import OUTCOMES, last_turns, turn_row
from ops.printing import table
from ops.times import format_age, format_moment, format_span

Json = dict[str, Any]
_FIELDS = tuple(field.name for field in fields(Job))
_HEAD = (
    "STATE",
    "ACCOUNT",
    "CONVERSATION",
    "LANE",
    "PRIORITY",
    "MESSAGES",
    "TRIES",
    "SINCE",
    "WHEN",
    "WORKER",
    "JOB",
    "WHY",
)


async def account_key(connection: Connection, arguments: argparse.Namespace) -> str | None:
    """Return the key of the account that `--account` names; also of one that left the mapping and has jobs still.

    Raises:
        NotFound: neither the mapping nor a job or dead letter names it.
    """
    name: str | None = arguments.account
    if name is None:
        return None
    try:
        return resolve_account(sound_accounts(arguments.config), name).key
    except NotFound:
        jobs = {one["account"] for one in asdict(await Inspection(connection).stats())["tenants"]}
        dead = {one.conv.rpartition(":")[0] async for one in DeadLetters(connection).all()}
        if name in jobs | dead:
            return name
        raise


async def list_jobs(connection: Connection, arguments: argparse.Namespace) -> Json:
    """Jobs and dead letters. `more`: states of which there are others beyond the limit."""
    if arguments.state in OUTCOMES:
        rows = (await last_turns(connection, arguments, arguments.account))[::-1]
        taken_rows = rows[: arguments.limit or None]
        return {
            "jobs": [],
            "dead": [],
            "turns": taken_rows,
            "more": [arguments.state] if rows[len(taken_rows) :] else [],
        }
    jobs: list[Json] = []
    more = []
    for state, found in _sources(Inspection(connection), arguments).items():
        taken = await _take((job_as_json(job) async for job in found if _matches(job, arguments)), arguments.limit)
        jobs += taken[0]
        more += [state] if taken[1] else []
    dead: list[Json] = []
    if arguments.state in {None, "dead"} and not arguments.lane:
        letters = (letter_as_json(one) async for one in DeadLetters(connection).all())
        ours = (one async for one in letters if _letter_matches(one, arguments))
        dead, left = await _take(ours, arguments.limit)
        more += ["dead"] if left else []
    return {"jobs": jobs, "dead": dead, "turns": [], "more": more}


async def selected_jobs(
    connection: Connection, arguments: argparse.Namespace, account: str | None
) -> AsyncIterator[Job]:
    """Yield the jobs of one state that `--account`, `--cause`, `--since` and `--until` leave."""
    look = Inspection(connection)
    async for job in look.scheduled() if arguments.state == "scheduled" else look.waiting(account=account):
        if account in {None, job.account} and _is_selected(_cause(job), job.since or time.time(), arguments):
            yield job


def rows_of(found: Any) -> list[Json]:
    """Return the rows of a view, for `-o jsonl` and `-o name`: jobs and dead letters, or the view as one row.

    `name` is what `jobs show`, `retry` and `drop` take for it: the job, or the dead letter's turn.
    """
    if "jobs" not in found or "dead" not in found:
        return [found]
    jobs = [{"name": one["job"], **one} for one in found["jobs"]]
    dead = [{"name": one["turn"], "state": "dead", **one} for one in found["dead"]]
    return jobs + dead + [{"name": one["turn"], **one} for one in found["turns"]]


def _sources(look: Inspection, arguments: argparse.Namespace) -> dict[str, AsyncIterator[Job]]:
    sources = {
        "running": look.running(),
        "waiting": look.waiting(account=arguments.account, lane=arguments.lane),
        "scheduled": look.scheduled(),
    }
    return {state: source for state, source in sources.items() if arguments.state in {None, state}}


def job_as_json(job: Job) -> Json:
    """Return a job's fields."""
    return {name: getattr(job, name) for name in _FIELDS}  # asdict copies, which ten thousand jobs would feel


def _matches(job: Job, arguments: argparse.Namespace) -> bool:
    own = arguments.account in {None, job.account} and arguments.lane in {None, job.lane}
    return own and _is_selected(_cause(job), job.since or time.time(), arguments)


def _letter_matches(letter: Json, arguments: argparse.Namespace) -> bool:
    own = arguments.account in {None, letter["conv"].rpartition(":")[0]}
    return own and _is_selected(letter["cause"], letter["at"], arguments)


def _cause(job: Job) -> str:
    return put_off_cause(job.cause or "", parked=job.parked)


def _is_selected(cause: str, at: float, arguments: argparse.Namespace) -> bool:
    """Tell whether a cause, as the list prints it, and a moment are what --cause, --since and --until leave."""
    in_time = (arguments.since or 0) <= at and (arguments.until is None or at <= arguments.until)
    return in_time and is_named(arguments.cause or "", cause)


async def _take(source: AsyncIterator[Json], limit: int) -> tuple[list[Json], bool]:
    found: list[Json] = []
    async for one in source:
        if limit and len(found) >= limit:
            return found, True
        found.append(one)
    return found, False


def letter_as_json(letter: DeadLetter) -> Json:
    """A dead letter without anyone's words."""
    return {
        "turn": letter.turn,
        "conv": letter.conv,
        "cause": letter.cause,
        "at": letter.at,
        "messages": [one.message.id for one in letter.deliveries],
        "unreadable": letter.unreadable,
    }


def print_jobs(found: Any) -> None:
    """Print what `listing` found."""
    now = time.time()
    if found["jobs"]:
        table(_HEAD, [_row(job, now) for job in found["jobs"]])
    if found["dead"]:
        print("\ndead letters" if found["jobs"] else "dead letters")
        rows = [
            (one["turn"], one["conv"], format_moment(one["at"]), _ids(one["messages"]), one["cause"])
            for one in found["dead"]
        ]
        table(("TURN", "CONVERSATION", "SINCE", "MESSAGES", "CAUSE"), rows)
    if found["turns"]:
        table(("TURN", "CONVERSATION", "AT", "CAUSE"), map(turn_row, found["turns"]))
    if not found["jobs"] and not found["dead"] and not found["turns"]:
        print("nothing waits, runs or died of what was asked for")
    if found["more"]:
        print(f"... and more: {', '.join(found['more'])} (--limit 0 shows all)")


def _row(job: Json, now: float) -> tuple[object, ...]:
    first = (job["state"], job["account"], job["conv"], job["lane"], job["priority"], job["messages"], job["tries"])
    since = job["began"] if job["state"] == "running" else job["since"]
    return (*first, format_age(since, now), due_text(job, now), job["worker"] or "", job["job"], cause_text(job))


def due_text(job: Mapping[str, Any], now: float) -> str:
    """Return when a job's lease ends, or when it is due; empty where neither is to come."""
    if job["lease"] is not None:
        return f"lease {job['lease'] - now:.1f} s"
    if job["due"] is None:
        return ""
    left = format_span(job["due"] - now)
    return f"once the token is taken, or in {left}" if job.get("parked") else f"due in {left}"


def cause_text(job: Mapping[str, Any]) -> str:
    """Return why a job was put off."""
    return put_off_cause(job.get("cause") or "", parked=bool(job.get("parked")))


def put_off_cause(cause: str, *, parked: bool) -> str:
    """Return a job's cause as lists print it and `--cause` takes it; `parked`: its account's token is refused."""
    return f"Chatwoot refuses the account's bot_token ({cause})" if parked else cause


def _ids(values: Sequence[object]) -> str:
    return ",".join(str(value) for value in values)
