"""One conversation for `chatwootai jobs show`: where it stands, and how it came there. Never what anybody said."""

import argparse
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.policy.reasons import named_cause
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.history import ConversationHistories
from chatwootai.stores.operators.inspection import Inspection
from chatwootai.stores.server.connection import Connection
from ops.access import NotFound, sound_accounts
from ops.accounts import suggest_account
from ops.jobs.in_chatwoot import look_for_missed, look_in_chatwoot, print_chatwoot, print_missed
from ops.jobs.job_views import Json, cause_text, due_text, job_as_json, letter_as_json
from ops.jobs.lookup import find_target
from ops.times import format_moment

_MANY = 10
_IDS = frozenset({"message", "messages"})


async def read_life(connection: Connection, arguments: argparse.Namespace) -> Json:
    """One conversation: where it stands, and how it came there."""
    target = await find_target(connection, arguments.what, lambda: sound_accounts(arguments.config), one=False)
    found = await ConversationHistories(connection).read(target.conv)
    if not found.known and target.letter is None and target.record is None:
        account, _, number = target.conv.rpartition(":")
        known = sound_accounts(arguments.config)
        if account not in known:
            raise NotFound(
                f"nothing is remembered of conversation {target.conv}, and the mapping has no account {account}. "
                f"{suggest_account(known, account)}"
            )
        said = await look_in_chatwoot(connection, known[account], int(number))
        return {"conversation": target.conv, "others": target.others, "chatwoot": said}
    job = await Inspection(connection).job(found.job) if found.job else None
    letters = await DeadLetters(connection).of(target.conv)
    missed = await _missed(connection, arguments, target.conv) if found.job is None and not letters else None
    return {
        "conversation": found.conv,
        "others": target.others,
        "found_by": {"job": target.job, "turn": target.turn, "message": target.message},
        "job": job_as_json(job) if job else ({"job": found.job, "state": "lost"} if found.job else None),
        "tries": found.tries,
        "waiting": [_delivery_as_json(one) for one in found.waiting],
        "outbox": [asdict(one) for one in found.outbox],
        "kept": [_delivery_as_json(one) for one in found.kept],
        "dead": [letter_as_json(one) for one in letters],
        "turn": target.record,
        "steps": [{"at": one.at, "step": one.name, **one.details} for one in found.steps],
        "missed": missed,
    }


async def _missed(connection: Connection, arguments: argparse.Namespace, conv: str) -> Json | None:
    account, _, number = conv.rpartition(":")
    known = sound_accounts(arguments.config).get(account)
    return await look_for_missed(connection, known, int(number)) if known else None


def _delivery_as_json(one: Delivery) -> Json:
    return {"message": one.message.id, "delivery": one.delivery_id, "received_at": one.received_at}


def print_life(found: Any) -> None:
    """Print what `life` found."""
    if found["others"]:
        print(f"the contact's other conversations: {', '.join(found['others'])}")
    if "chatwoot" in found:
        print_chatwoot(found["conversation"], found["chatwoot"])
        return
    print(f"conversation {found['conversation']}: {_state_text(found['job'])}")
    if found["missed"]:
        print_missed(found["conversation"], found["missed"])
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
    cause = record.get("cause")
    why = f" ({named_cause(cause, record.get('why'), record.get('error'))})" if cause else ""
    print(f"\nturn: {record.get('outcome')}{why} on {record.get('channel')} in {record.get('seconds')} s")
    print("  counted from the customer's newest message; `window` is the quiet time that ends a burst")
    for name, seconds in record.get("steps") or ():
        print(f"  {name:<9} {seconds:.4f} s")
    for name, outcome, _ in record.get("tools") or ():
        print(f"  tool {name}: {outcome}")


def _state_text(job: Mapping[str, Any] | None) -> str:
    if job is None:
        return "it rests"
    if job["state"] == "lost":
        return f"its job {job['job']} is gone; the sweep gives it another within seconds, while a worker runs"
    now, words = time.time(), [f"{job['job']} is {job['state']}", f"priority {job['priority']}"]
    words += [f"on {job['worker']}"] if job["worker"] else []
    words += [due_text(job, now)] if due_text(job, now) else []
    words += [f"{job['tries']} tries"] if job["tries"] else []
    words += [cause_text(job)] if cause_text(job) else []
    return ", ".join(words)
