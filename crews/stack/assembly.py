"""The stack that a model call goes through, outermost first."""

from chatwootai.stores.breakers import BreakerStore
from chatwootai.stores.connection import Connection
from crews.call import Completer
from crews.stack.breaker import Breakers
from crews.stack.deadline import Deadline
from crews.stack.fallback import Fallback
from crews.stack.hedging import Hedging


def assemble(wire: Completer, connection: Connection | None = None) -> Completer:
    """The stack as every turn uses it. Without a connection nothing is shared with other workers."""
    stack: Completer = Hedging(wire)
    stack = Fallback(stack, Breakers(BreakerStore(connection) if connection is not None else None))
    return Deadline(stack)
