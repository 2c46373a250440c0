"""Pauses accounts and lets them go on, for the verb and the console alike; each is written down in the audit."""

import time
from typing import TYPE_CHECKING, Any

from ops.access import CommandError, UsageError, operator_name
from ops.printing import tell
from ops.times import format_moment, format_span

if TYPE_CHECKING:
    from chatwootai.stores.server.connection import Connection


async def pause(connection: "Connection", account: str, until: float, why: str = "") -> None:
    """Pause an account until then (unix seconds).

    Raises:
        UsageError: that is over, or further away than a week.
        StoreUnavailable: Redis is away.
    """
    from chatwootai.stores.operators.pauses import Pauses
    from ops.events.audit import write_down

    try:
        made = await Pauses(connection).pause(account, until, who=operator_name(), why=why)
    except ValueError as error:
        raise UsageError(error) from error
    await write_down(connection, "pause", account=account, details={"until": format_moment(until), "why": made.why})
    left = format_span(until - time.time())
    tell(f"account {account} is paused until {format_moment(until)}, for {left}: its messages are taken and wait")


async def resume(connection: "Connection", account: str) -> None:
    """Let a paused account go on now.

    Raises:
        CommandError: it is not paused.
        StoreUnavailable: Redis is away.
    """
    from chatwootai.stores.operators.pauses import Pauses
    from ops.events.audit import write_down

    if not await Pauses(connection).resume(account):
        raise CommandError(f"account {account} is not paused")
    await write_down(connection, "resume", account=account)
    tell(f"account {account} goes on: what waited is answered now")


async def read_pauses(connection: "Connection") -> list[dict[str, Any]]:
    """Return the pauses as JSON has them, the next to end first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    from dataclasses import asdict

    from chatwootai.stores.operators.pauses import Pauses

    return [asdict(one) for one in await Pauses(connection).all()]
