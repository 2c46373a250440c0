"""Can this door admit? Redis or the journal: one of the two is enough, and /readyz says which is limping, by shard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.stores.server.fullness import CODE as FULL
from chatwootai.telemetry.http import Check, Checks, Status
from ingress.intake import DeliveryIntake
from ingress.intakes import Intakes, ShardIntake
from ingress.journal.journal import Journal

_SECONDS: Final = 0.5
"""Well within what a probe has: one that is frozen says nothing at all, and the door is of use without it."""


def checks(intakes: Intakes) -> Checks:
    """Return the checks behind /readyz; where there are several shards, each check's name ends with its shard's."""
    found: dict[str, Callable[[], Awaitable[Check]]] = {}
    for each in intakes:
        end = f" {each.shard.name}" if each.shard.name else ""
        others = [other.intake for other in intakes if other is not each]
        found.update({f"{name}{end}": check for name, check in _of_shard(each, others).items()})
    if intakes.moved is not None:
        found["journal of moving accounts"] = _moved_check(intakes.moved.journal)
    return found


def _moved_check(journal: Journal) -> Callable[[], Awaitable[Check]]:
    async def check() -> Check:
        detail = {"records": journal.records, "bytes": journal.size}
        return Check(Status.DEGRADED if journal.size else Status.OK, detail)

    return check


def _of_shard(one: ShardIntake, others: Sequence[DeliveryIntake]) -> Checks:
    intake = one.intake

    def lost() -> Status:
        # Other shards' accounts are served: the door stays in service for them.
        return Status.DEGRADED if any(not other.away for other in others) else Status.UNAVAILABLE

    async def redis() -> Check:
        # Away is only degraded while the journal takes what comes.
        try:
            if not intake.away:
                async with asyncio.timeout(_SECONDS):
                    await intake.probe()
                return Check(Status.OK)
            error = _why_away(intake)
        except StoreUnavailable as unavailable:
            error = unavailable.code
        except TimeoutError:
            error = f"no answer within {_SECONDS:g} s"
        return Check(Status.DEGRADED if await intake.journal.usable() else lost(), {"error": error})

    async def disk() -> Check:
        journal = intake.journal
        detail = {"records": journal.records, "bytes": journal.size}
        if await journal.usable():
            return Check(Status.DEGRADED if journal.size else Status.OK, detail)
        return Check(lost() if intake.away else Status.DEGRADED, {**detail, "error": journal.trouble})

    return {"redis": redis, "journal": disk, "mailboxes": intake.pressure.check, "incidents": one.incidents.check}


def _why_away(intake: DeliveryIntake) -> str:
    return intake.state.outage.error.partition(":")[0] or (FULL if intake.state.fullness.full else "away")
