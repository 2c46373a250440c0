"""Embeddings through the stack of a model call: the same breaker, limits, budget and deadline, a request of its own."""

import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatwootai.model.message.turn import Usage
from chatwootai.stores.models.budgets import BudgetStore
from chatwootai.stores.models.limits import LimitStore
from chatwootai.stores.server.connection import Connection
from crews.errors import ModelUnavailable
from crews.model_calls.call import BillingScope, Call, Completer, Completion, Policy, Receipt, Target
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.endpoint.embedding import Vectors
from crews.model_calls.prices import prices
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.breaker import Breakers
from crews.model_calls.wrappers.budget import Budget
from crews.model_calls.wrappers.deadline import Deadline
from crews.model_calls.wrappers.fallback import Fallback
from crews.model_calls.wrappers.limiter import Limiter


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmbeddingCall(Call):
    """A call whose messages are the texts; `dimensions`: of each vector, None: as many as the model has."""

    dimensions: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _EmbeddingCompletion(Completion):
    """An answer without words."""

    vectors: Vectors = field(default_factory=list, repr=False)


class Embeddings:
    """Asks embedding models. Without a connection nothing is limited or counted against a budget."""

    def __init__(
        self, wire: OpenAIClient, connection: Connection | None, breakers: Breakers, background: Background
    ) -> None:
        stack: Completer = _Innermost(wire)
        if connection is not None:
            stack = Limiter(stack, LimitStore(connection, f"{os.getpid()}.{secrets.token_hex(4)}"), background)
        self._breakers = breakers
        ledger = BudgetStore(connection) if connection is not None else None
        self._outermost = Deadline(Budget(Fallback(stack, breakers), ledger, prices(), background))

    async def embed(
        self,
        target: Target,
        texts: Sequence[str],
        deadline: float,
        *,
        payer: BillingScope = BillingScope(),  # noqa: B008 - frozen
        policy: Policy = Policy(),  # noqa: B008 - frozen
        dimensions: int | None = None,
    ) -> Vectors:
        """Return a vector for each text; `deadline` unix seconds.

        Raises:
            ModelUnavailable, ModelRefused: there are none to be had.
            BudgetSpent: the account's money or tokens are used up.
        """
        if (rest := self._breakers.rest_seconds(target.name)) > deadline - time.time():
            raise ModelUnavailable("the endpoint is left alone for a while", retry_at=time.time() + rest)
        said = tuple({"role": "user", "content": text} for text in texts)
        wanted = _EmbeddingCall(
            target=target,
            messages=said,
            deadline=deadline,
            max_tokens=1,
            payer=payer,
            policy=Policy(budget=policy.budget, time_zone=policy.time_zone, hedge_share=0.0),
            dimensions=dimensions,
        )
        try:
            made = await self._outermost.complete(wanted)
        except TimeoutError:
            raise ModelUnavailable("the endpoint gave no embeddings in time", retry_at=deadline) from None
        assert isinstance(made, _EmbeddingCompletion)  # noqa: S101 - the innermost makes no other
        return made.vectors


class _Innermost:
    """One request, one answer."""

    def __init__(self, wire: OpenAIClient) -> None:
        self._wire = wire

    async def complete(self, call: Call) -> Completion:
        dimensions = call.dimensions if isinstance(call, _EmbeddingCall) else None
        texts = [str(each["content"]) for each in call.messages]
        made = await self._wire.embed(call.target, texts, call.deadline, dimensions)
        usage = Usage(prompt_tokens=made.tokens, calls=1)
        call.receipts.append(Receipt(call.target, usage))
        return _EmbeddingCompletion(text="", finish="embedded", model=call.model, usage=usage, vectors=made.vectors)
