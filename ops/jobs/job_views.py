"""Views of `chatwootai jobs`, as data and as text. Ids, counts and moments; never what anybody said."""

import argparse
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.operators.dead_letters import DeadLetter, DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.operators.inspection import Inspection, Job
from chatwootai.stores.server.connection import Connection
from ops.access import NotFound, sound_accounts
from ops.accounts import resolve_account
from ops.jobs.lookup import find_target
from ops.printing import table
from ops.times import format_age, format_moment, format_span

Json = dict[str, Any]
_MANY = 10
_IDS = frozenset({"message", "messages"})
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
    jobs: list[Json] = []
    more: list[str] = []
    for state, found in _sources(Inspection(connection), arguments).items():
        taken = await _take((_job_as_json(job) async for job in found if _matches(job, arguments)), arguments.limit)
        jobs += taken[0]
        more += [state] if taken[1] else []
    dead: list[Json] = []
    if arguments.state in {None, "dead"} and not arguments.lane:
        letters = (letter_as_json(one) async for one in DeadLetters(connection).all())
        ours = (one async for one in letters if _letter_matches(one, arguments))
        dead, left = await _take(ours, arguments.limit)
        more += ["dead"] if left else []
    return {"jobs": jobs, "dead": dead, "more": more}


def rows_of(found: Any) -> list[Json]:
    """Return the rows of a view, for `-o jsonl` and `-o name`: jobs and dead letters, or the view as one row.

    `name` is what `jobs show`, `retry` and `drop` take for it: the job, or the dead letter's turn.
    """
    if "jobs" not in found or "dead" not in found:
        return [found]
    jobs = [{"name": one["job"], **one} for one in found["jobs"]]
    return jobs + [{"name": one["turn"], "state": "dead", **one} for one in found["dead"]]


def _sources(look: Inspection, arguments: argparse.Namespace) -> dict[str, AsyncIterator[Job]]:
    sources = {
        "running": look.running(),
        "waiting": look.waiting(account=arguments.account, lane=arguments.lane),
        "scheduled": look.scheduled(),
    }
    return {state: source for state, source in sources.items() if arguments.state in {None, state}}


def _job_as_json(job: Job) -> Json:
    return {name: getattr(job, name) for name in _FIELDS}  # asdict copies, which ten thousand jobs would feel


def _matches(job: Job, arguments: argparse.Namespace) -> bool:
    own = arguments.account in {None, job.account} and arguments.lane in {None, job.lane}
    return own and _is_selected(job.cause or "", job.since or time.time(), arguments)


def _letter_matches(letter: Json, arguments: argparse.Namespace) -> bool:
    own = arguments.account in {None, letter["conv"].rpartition(":")[0]}
    return own and _is_selected(letter["cause"], letter["at"], arguments)


def _is_selected(cause: str, at: float, arguments: argparse.Namespace) -> bool:
    """Tell whether a cause and a moment are among those that --cause, --since and --until leave."""
    in_time = (arguments.since or 0) <= at and (arguments.until is None or at <= arguments.until)
    return in_time and (arguments.cause or "").casefold() in cause.casefold()


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
    if not found["jobs"] and not found["dead"]:
        print("nothing waits, nothing runs, nothing died")
    if found["more"]:
        print(f"... and more: {', '.join(found['more'])} (--limit 0 shows all)")


def _row(job: Json, now: float) -> tuple[object, ...]:
    first = (job["state"], job["account"], job["conv"], job["lane"], job["priority"], job["messages"], job["tries"])
    since = job["began"] if job["state"] == "running" else job["since"]
    return (*first, format_age(since, now), _due_text(job, now), job["worker"] or "", job["job"], _cause_text(job))


def _due_text(job: Mapping[str, Any], now: float) -> str:
    if job["lease"] is not None:
        return f"lease {job['lease'] - now:.1f} s"
    if job["due"] is None:
        return ""
    left = format_span(job["due"] - now)
    return f"once the token is taken, or in {left}" if job.get("parked") else f"due in {left}"


def _cause_text(job: Mapping[str, Any]) -> str:
    """Return why a job was put off."""
    said = job.get("cause") or ""
    return f"Chatwoot refuses the account's bot_token ({said})" if job.get("parked") else said


def _ids(values: Sequence[object]) -> str:
    return ",".join(str(value) for value in values)


async def read_life(connection: Connection, arguments: argparse.Namespace) -> Json:
    """One conversation: where it stands, and how it came there."""
    target = await find_target(connection, arguments.what, lambda: [*sound_accounts(arguments.config)])
    found = await ConversationHistories(connection).read(target.conv)
    if not found.known and target.letter is None and target.record is None:
        raise NotFound(f"nothing is remembered of conversation {target.conv}: no message of it came in the last days")
    job = await Inspection(connection).job(found.job) if found.job else None
    letters = await DeadLetters(connection).of(target.conv)
    return {
        "conversation": found.conv,
        "found_by": {"job": target.job, "turn": target.turn, "message": target.message},
        "job": _job_as_json(job) if job else ({"job": found.job, "state": "lost"} if found.job else None),
        "tries": found.tries,
        "waiting": [_delivery_as_json(one) for one in found.waiting],
        "outbox": [asdict(one) for one in found.outbox],
        "kept": [_delivery_as_json(one) for one in found.kept],
        "dead": [letter_as_json(one) for one in letters],
        "turn": target.record,
        "steps": [{"at": one.at, "step": one.name, **one.details} for one in found.steps],
    }


def _delivery_as_json(one: Delivery) -> Json:
    return {"message": one.message.id, "delivery": one.delivery_id, "received_at": one.received_at}


def print_life(found: Any) -> None:
    """Print what `life` found."""
    print(f"conversation {found['conversation']}: {_state_text(found['job'])}")
    for name, lines in (
        ("waits", [f"message {one['message']}, since {format_moment(one['received_at'])}" for one in found["waiting"]]),
        ("outbox", [f"{one['kind']} {one['part']} of turn {one['turn']}" for one in found["outbox"]]),
        ("dead", [f"{one['turn']}: {one['cause']} ({format_moment(one['at'])})" for one in found["dead"]]),
        ("kept", [f"message {one['message']}, delivery {one['delivery'] or '-'}" for one in found["kept"]]),
    ):
        for line in lines:
            print(f"  {name:<7} {line}")
    if found["turn"]:
        _print_turn(found["turn"])
    print("\nsteps")
    last: float | None = None
    for one in found["steps"]:
        details = "  ".join(
            f"{name}={_detail_text(name, value)}" for name, value in one.items() if name not in {"at", "step"}
        )
        later = "" if last is None else f"+{one['at'] - last:.3f}"
        print(f"  {format_moment(one['at'])} {later:>9}  {one['step']:<11} {details}".rstrip())
        last = one["at"]


def _detail_text(name: str, value: object) -> str:
    """A detail's value: messages' ids with a sign before each, that nobody takes them for counts.

    A list of many is shown by its ends; --json has all.
    """
    sign = "#" if name in _IDS else ""
    shown = [f"{sign}{each}" for each in str(value).split(",")]
    return f"{shown[0]},...,{shown[-1]} ({len(shown)})" if len(shown) > _MANY else ",".join(shown)


def _print_turn(record: Mapping[str, Any]) -> None:
    cause = f" ({_handoff_cause(record)})" if record.get("cause") else ""
    print(f"\nturn: {record.get('outcome')}{cause} on {record.get('channel')} in {record.get('seconds')} s")
    print("  counted from the customer's newest message; `window` is the quiet time that ends a burst")
    for name, seconds in record.get("steps") or ():
        print(f"  {name:<9} {seconds:.4f} s")
    for name, outcome, _ in record.get("tools") or ():
        print(f"  tool {name}: {outcome}")


def _handoff_cause(record: Mapping[str, Any]) -> str:
    """A handoff's cause, and what stood behind it: `model: 401 invalid_api_key`."""
    behind = record.get("error") or str(record.get("why") or "").replace("_", " ")
    return f"{record['cause']}: {behind}" if behind else str(record["cause"])


def _state_text(job: Mapping[str, Any] | None) -> str:
    if job is None:
        return "it rests"
    if job["state"] == "lost":
        return f"its job {job['job']} is gone; the sweep gives it another within seconds, while a worker runs"
    now, words = time.time(), [f"{job['job']} is {job['state']}", f"priority {job['priority']}"]
    words += [f"on {job['worker']}"] if job["worker"] else []
    words += [_due_text(job, now)] if _due_text(job, now) else []
    words += [f"{job['tries']} tries"] if job["tries"] else []
    words += [_cause_text(job)] if _cause_text(job) else []
    return ", ".join(words)
