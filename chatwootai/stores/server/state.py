"""The state of each Redis as this process sees it: whether it is away, and whether it is full. One state a shard.

All clients of a shard share it, whoever made them; a client that nobody named belongs to the shard without a name.
"""

from typing import Final

from chatwootai.stores.server.fullness import Fullness
from chatwootai.stores.server.outage import Outage

_NAME: Final = "_chatwootai_state"
_states: dict[str, "ServerState"] = {}


class ServerState:
    """State of one Redis, as a process knows it: its outage and its fullness."""

    def __init__(self, shard: str = "") -> None:
        self.shard = shard
        self.outage = Outage(shard=shard)
        self.fullness = Fullness(shard=shard)


def shard_state(shard: str = "") -> ServerState:
    """Return the state of a shard; made where nobody asked for it yet."""
    return _states.setdefault(shard, _UNNAMED if not shard else ServerState(shard))


def name_client(client: object, shard: str) -> None:
    """Have the calls of a client tell of this shard."""
    vars(client)[_NAME] = shard_state(shard)


def state_of(client: object) -> ServerState:
    """Return the state of the Redis that a client is connected to."""
    found: ServerState = getattr(client, _NAME, _UNNAMED)
    return found


_UNNAMED: Final = ServerState()
