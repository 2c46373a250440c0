"""Processor time that a turn's figures cost: of writing them, beside that of the record alone, taking turns."""

import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from bench.figure import Figure, rounded
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.figures.day_counts import Spent
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.server.connection import Connection

_TIMES, _ROUNDS = 500, 6
_MODEL = "gpt-4o-mini"
_RECORD: dict[str, Any] = {
    "account": "1", "function": "customer_service", "outcome": "reply", "seconds": 1.2,
    "steps": [["draft", 0.01]] * 12, "passages": [["help", "delivery", 0.5, True]] * 5,
    "model_calls": [{"model": _MODEL, "served_by": "fused", "seconds": 0.9, "prompt_tokens": 900, "cost": 0.0002}],
}  # fmt: skip


async def ended(connection: Connection) -> Figure:
    """Return the microseconds of this process that a turn's figures take, against those of its record alone."""
    figures, turns, today = Figures(connection), Turns(connection), datetime.now(UTC).date()

    async def whole(number: int) -> None:
        turn = EndedTurn(
            account=str(number % 50), turn=f"turn:ended:{number}", conversation=number, inbox=1, channel="whatsapp",
            outcome="reply", served_by="fused", seconds=1.2, cost=200_000, tokens=980, config=3, late="draft",
        )  # fmt: skip
        spent = Spent("customer_service", {_MODEL: (200_000, 980)})
        await figures.write(turn, _RECORD, today, spent=spent)

    async def alone(number: int) -> None:
        await turns.write(f"turn:ended:{number}", _RECORD)

    took: dict[str, list[float]] = {"whole": [], "alone": []}
    for _ in range(_ROUNDS):
        took["alone"].append(await _took(alone))
        took["whole"].append(await _took(whole))
    ours, plain = statistics.median(took["whole"]), statistics.median(took["alone"])
    return Figure("console.turn_ended", rounded(ours), "us of CPU", f"the record alone: {rounded(plain)} us")


async def _took(write: Callable[[int], Awaitable[None]]) -> float:
    began = time.process_time()
    for number in range(_TIMES):
        await write(number)
    return 1e6 * (time.process_time() - began) / _TIMES
