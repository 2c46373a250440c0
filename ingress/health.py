"""Can this door admit? Redis or the journal: one of the two is enough, and /readyz says which is limping."""

import asyncio
from typing import Final

from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.stores.server.fullness import CODE as FULL
from chatwootai.stores.server.fullness import FULLNESS
from chatwootai.stores.server.outage import OUTAGE
from chatwootai.telemetry.http import Check, Checks, Status
from ingress.intake import DeliveryIntake

_SECONDS: Final = 0.5
"""Well within what a probe has: one that is frozen says nothing at all, and the door is of use without it."""


def checks(intake: DeliveryIntake) -> Checks:
    """Return the checks behind /readyz."""
    journal = intake.journal

    async def redis() -> Check:
        # Away is only degraded while the journal takes what comes.
        try:
            if not intake.away:
                async with asyncio.timeout(_SECONDS):
                    await intake.probe()
                return Check(Status.OK)
            error = OUTAGE.error.partition(":")[0] or (FULL if FULLNESS.full else "away")
        except StoreUnavailable as unavailable:
            error = unavailable.code
        except TimeoutError:
            error = f"no answer within {_SECONDS:g} s"
        return Check(Status.DEGRADED if await journal.usable() else Status.UNAVAILABLE, {"error": error})

    async def disk() -> Check:
        detail = {"records": journal.records, "bytes": journal.size}
        if await journal.usable():
            return Check(Status.DEGRADED if journal.size else Status.OK, detail)
        away = intake.away
        return Check(Status.UNAVAILABLE if away else Status.DEGRADED, {**detail, "error": journal.trouble})

    return {"redis": redis, "journal": disk, "mailboxes": intake.pressure.check}
