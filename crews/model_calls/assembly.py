"""The stack that a model call goes through, outermost first: what each wrapper does stands on top of its file.

The limiter stands beneath fallback and hedging, since each of their requests draws on the minute of a key of its own;
the budget above them, since it pays for all of them.
"""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable

from chatwootai.stores.models.breakers import BreakerStore
from chatwootai.stores.models.budgets import BudgetStore
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.stores.models.limits import LimitStore
from chatwootai.stores.server.connection import Connection
from crews.model_calls.call import Call, Completer, Completion, Endpoint
from crews.model_calls.embeddings import Embeddings
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.prices import prices
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.breaker import Breakers
from crews.model_calls.wrappers.budget import Budget
from crews.model_calls.wrappers.cache import Cache
from crews.model_calls.wrappers.deadline import Deadline
from crews.model_calls.wrappers.fallback import Fallback
from crews.model_calls.wrappers.health import Health
from crews.model_calls.wrappers.hedging import Hedging
from crews.model_calls.wrappers.limiter import Limiter

_WARM_ENDPOINTS, _WARM_CONNECTIONS = 32, 4
_WARM_SECONDS = 45.0  # less than the wire keeps an idle connection


class Stack:
    """The stack of all wrappers.

    `complete` goes through each of them; `embeddings` are asked for through their like.
    """

    def __init__(self, wire: OpenAIClient, connection: Connection | None = None) -> None:
        """Build the stack.

        Without a connection nothing is limited, counted in a budget, or shared with other workers.
        """
        self._wire = wire
        self._background = background = Background()
        stack: Completer = wire
        if connection is not None:
            limiter = Limiter(wire, LimitStore(connection, f"{os.getpid()}.{secrets.token_hex(4)}"), background)
            stack, wire.meter = limiter, limiter
        stack = Hedging(stack)
        self.health = Health()
        breakers = Breakers(BreakerStore(connection) if connection is not None else None, background)
        self.embeddings = Embeddings(wire, connection, breakers, background)
        stack = Fallback(stack, breakers, self.health)
        ledger = BudgetStore(connection) if connection is not None else None
        stack = Budget(stack, ledger, prices(), background)
        if connection is not None:
            stack = Cache(stack, CompletionStore(connection), background)
        self._outermost = Deadline(stack)

    async def complete(self, call: Call) -> Completion:
        """See crews.model_calls.call.Completer."""
        return await self._outermost.complete(call)

    async def keep_warm(self, endpoints: Callable[[], Iterable[Endpoint]]) -> None:
        """Keep a few connections open to each of `endpoints`, for ever: nobody waits for DNS, TCP and TLS."""
        while True:
            for endpoint in list(endpoints())[:_WARM_ENDPOINTS]:
                if endpoint.base_url or os.environ.get("OPENAI_API_KEY"):
                    await self._wire.open_connections(endpoint, _WARM_CONNECTIONS)
            self.health.remind()
            await asyncio.sleep(_WARM_SECONDS)

    async def aclose(self) -> None:
        """Finish what is under way in the background, and close every connection to models."""
        await self._background.settle()
        await self._wire.aclose()
