"""The innermost part of the stack: one chat completion over HTTP, by the openai package on its aiohttp transport.

Bytes of our own are posted (chat_requests.py), because `chat.completions.create` walks the whole history in Python for
each call. Answers are streamed: so a silent model is noticed at its first token, and one that is late can be ended at a
sentence. The package's own retries are off: they sleep up to 60 s without knowing the deadline.
"""

import asyncio
import time
from collections.abc import Sequence

from chatwootai.model.message.turn import Usage
from crews.errors import ModelRefused
from crews.model_calls.call import Call, Completion, Endpoint, Receipt, Target
from crews.model_calls.endpoint import metrics
from crews.model_calls.endpoint.clients import Clients
from crews.model_calls.endpoint.embedding import EmbeddingAnswer, request_embeddings
from crews.model_calls.endpoint.exchange import Exchange, RateLimitObserver, estimate
from crews.model_calls.request.parameters import KnownParameters
from crews.model_calls.response.message import Message


class OpenAIClient:
    """Asks OpenAI-compatible endpoints; remembers how each wants to be asked."""

    def __init__(self) -> None:
        self.meter: RateLimitObserver | None = None
        self._clients = Clients()
        self._known_parameters = KnownParameters()
        self._reports = metrics.RefusalLog()

    async def complete(self, call: Call) -> Completion:
        """Make one request and return its answer; cancelling it closes the request."""
        chat, began = self._clients.chat(call.target.endpoint), time.perf_counter()
        exchange = Exchange(chat, call, self._known_parameters, self._reports, self.meter)
        result = "closed"
        try:
            answer = await exchange.run()
            result = _result_name(answer)
        except BaseException:  # closed by us: the endpoint has read the prompt, and will want to be paid for it
            usage = exchange.message.usage or estimate(call, exchange.message)
            call.receipts.append(Receipt(call.target, usage, estimated=True))
            raise
        finally:
            metrics.count_request(call.model, result, time.perf_counter() - began)
        message = exchange.message
        if isinstance(answer, Exception):  # raised here so that no provider error with headers and body is chained
            call.receipts.append(_receipt_of_unfinished(call, message))
            raise answer
        call.receipts.append(Receipt(call.target, answer.usage, estimated=message.usage is None and message.spoken))
        metrics.count_tokens(call.model, answer.usage)
        return answer

    async def embed(
        self, target: Target, texts: Sequence[str], deadline: float, dimensions: int | None = None
    ) -> EmbeddingAnswer:
        """Return a vector for each text, by the target's model; see crews.model_calls.endpoint.embedding.

        Raises:
            ModelUnavailable, ModelRefused: there are none to be had.
        """
        return await request_embeddings(self._clients.of(target.endpoint), target.model, texts, deadline, dimensions)

    async def open_connections(self, endpoint: Endpoint, count: int) -> int:
        """Connect `count` times and keep that open, so that the first customers need not wait for TLS; how many are.

        Nothing is asked and no key is sent: any answer will do.
        """
        return sum(await asyncio.gather(*(self._clients.touch(endpoint) for _ in range(count))))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._clients.aclose()


def _result_name(answer: Completion | Exception) -> str:
    if isinstance(answer, Completion):
        return "answered"
    return {ModelRefused: "refused", TimeoutError: "late"}.get(type(answer), "unavailable")


def _receipt_of_unfinished(call: Call, message: Message) -> Receipt:
    """Return a request that brought no answer: one that was never answered costs nothing, as far as anyone can tell."""
    usage = message.usage or (estimate(call, message) if message.alive else Usage(calls=1))
    return Receipt(call.target, usage, estimated=True)
