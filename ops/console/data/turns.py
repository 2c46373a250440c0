"""Pages of turns from the index, newest first."""

from collections.abc import AsyncIterator
from typing import Any

from chatwootai.stores.figures.ended_turn import NANO
from chatwootai.stores.figures.figures import Figures, IndexedTurn, TurnFilter
from chatwootai.stores.server.connection import Connection

PAGE = 50
_MOST_READ = 3_000
"""Rows that one page reads: what is rare is found over several pages, each in a fraction of a second."""
_MOST_OF_FEW = 20_000
"""The same where some turns alone are asked for: all that are kept of an account."""
MOST_ROWS = 10_000
"""Rows of one CSV."""


async def read_turns(
    connection: Connection, wanted: TurnFilter, cursor: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of turns, and the cursor of the next one; None: there is none.

    Raises:
        StoreUnavailable: Redis is away.
    """
    most_read = _MOST_READ if wanted.turns is None else _MOST_OF_FEW
    page = await Figures(connection).page(wanted, most=PAGE, cursor=cursor, most_read=most_read)
    return [turn_as_json(one) for one in page.turns], page.cursor


async def walk_turns(connection: Connection, wanted: TurnFilter) -> AsyncIterator[dict[str, Any]]:
    """Yield at most 10,000 turns.

    Raises:
        StoreUnavailable: Redis is away.
    """
    async for one in Figures(connection).walk(wanted, most=MOST_ROWS):
        yield turn_as_json(one)


def turn_as_json(one: IndexedTurn) -> dict[str, Any]:
    """Return a turn as `GET /api/turns` has it, its reason's sentence aside."""
    turn = one.turn
    return {
        "turn": turn.turn,
        "account": turn.account,
        "conversation": turn.conversation,
        "inbox": turn.inbox,
        "channel": turn.channel,
        "outcome": turn.outcome,
        "cause": turn.cause or None,
        "why": turn.why or None,
        "served_by": turn.served_by or None,
        "seconds": turn.seconds,
        "slowest_step": turn.late or None,
        "cost": turn.cost / NANO,
        "tokens": turn.tokens,
        "config_version": turn.config or None,
        "at": one.at,
    }
