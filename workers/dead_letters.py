"""Dead letters: what is kept of a turn that gave up, for an operator to read and replay."""

import time
from collections.abc import Sequence

import orjson

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.conversation.entries import pack_delivery


def dead_letter(
    turn: str, conv: str, cause: str, deliveries: Sequence[Delivery] = (), raw: Sequence[bytes] = ()
) -> bytes:
    """Return a letter's JSON: turn, cause, time, and deliveries as they were admitted (`raw`: unreadable entries)."""
    return orjson.dumps(
        {
            "turn": turn,
            "conv": conv,
            "cause": cause,
            "at": time.time(),
            "deliveries": [orjson.Fragment(pack_delivery(delivery)) for delivery in deliveries],
            "raw": [entry.decode("utf-8", "replace") for entry in raw],
        }
    )
