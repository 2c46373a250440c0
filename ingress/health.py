"""Can this door admit? Redis or the journal: one of the two is enough, and /readyz says which is limping."""

from chatwootai.stores.connection import StoreUnavailable
from chatwootai.telemetry.http import Check, Checks, Status
from ingress.admission import Admissions


def checks(admissions: Admissions) -> Checks:
    """The checks behind /readyz."""
    journal = admissions.journal

    async def redis() -> Check:
        try:
            await admissions.ping()
        except StoreUnavailable as error:
            # Away is only degraded while the journal takes what comes.
            return Check(Status.DEGRADED if await journal.usable() else Status.UNAVAILABLE, {"error": str(error)})
        return Check(Status.OK)

    async def disk() -> Check:
        detail = {"records": journal.records, "bytes": journal.size}
        if await journal.usable():
            return Check(Status.DEGRADED if journal.size else Status.OK, detail)
        away = admissions.away
        return Check(Status.UNAVAILABLE if away else Status.DEGRADED, {**detail, "error": journal.trouble})

    return {"redis": redis, "journal": disk, "mailboxes": admissions.pressure.check}
