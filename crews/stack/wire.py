"""The innermost part of the stack: one chat completion over HTTP, by the openai package on its aiohttp transport.

`client.post` with bytes of our own, because `chat.completions.create` walks the whole history in Python for each
call. Answers are streamed: so a silent model is noticed at its first token, and one that is late can be ended at a
sentence. The package's own retries are off: they sleep up to 60 s without knowing the deadline.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from http.cookiejar import CookieJar
from typing import Any, Protocol

import httpx
import openai
from openai import AsyncOpenAI, AsyncStream, DefaultAioHttpClient

from chatwootai.model.turn import Usage
from crews.call import Call, Completion, Endpoint, Receipt, Target, estimated_prompt
from crews.errors import ModelRefused
from crews.sentences import last_end
from crews.stack import counting, refusals
from crews.stack.dialect import MOST_STEPS, Dialect, Dialects
from crews.stack.embedding import Vectors, embedded
from crews.stack.response.events import MalformedStream
from crews.stack.response.message import EndpointError, Message

_ENDPOINTS = 256  # keys and addresses in use at once; a client is small, its connections are shared
_CONNECT = 5.0  # seconds for DNS, TCP and TLS, at most
_LIMITS = httpx.Limits(max_connections=2000, max_keepalive_connections=400, keepalive_expiry=75.0)
_PLAIN = {"Accept-Encoding": "identity"}  # events are small: unpacking each costs more than its bytes
_PAUSE_MIDWAY = 3.0  # seconds without a byte between two words, after which an answer counts as broken off
_LAST_WORDS = 0.2  # seconds before the deadline at which an answer ends at its last sentence
_TRAILER = 0.05  # seconds for the end of the body after the last event, so that the connection can be kept
_NOTHING = httpx.ByteStream(b"")
_AZURE = (".azure.com", ".azure-api.net")
_NO_KEY = "no API key: set OPENAI_API_KEY, or api_key beside base_url under `model` in the tenant's configuration"
_NO_KEY_NEEDED = "none"  # what a local server without keys is sent


class Meter(Protocol):
    """Who wants to know what an endpoint says of its limits."""

    def told(self, target: Target, remaining: tuple[int, int]) -> None:
        """Requests and tokens left of the key's minute; -1: not said."""


class Wire:
    """Asks OpenAI-compatible endpoints. One client per endpoint, one pool of connections for all."""

    def __init__(self) -> None:
        self.meter: Meter | None = None
        self._http = DefaultAioHttpClient(limits=_LIMITS, follow_redirects=False, headers=_PLAIN, cookies=_NoCookies())
        self._clients: OrderedDict[str, AsyncOpenAI] = OrderedDict()
        self._dialects = Dialects()

    async def complete(self, call: Call) -> Completion:
        """One request, one answer; cancelling it closes the request."""
        client, began = self._client(call.target.endpoint), time.perf_counter()
        dialect = self._dialects.of(call.target)
        message = Message(headless=dialect.headless, tools=_named_tools(call))
        result = "closed"
        try:
            answer = await self._answer(client, call, dialect, message)
            result = _named(answer)
        except BaseException:  # closed by us: the endpoint has read the prompt, and will want to be paid for it
            call.receipts.append(Receipt(call.target, message.usage or _estimate(call, message), estimated=True))
            raise
        finally:
            counting.request(call.model, result, time.perf_counter() - began)
        if isinstance(answer, Exception):  # raised here so that no provider error with headers and body is chained
            call.receipts.append(_unfinished(call, message))
            raise answer
        call.receipts.append(Receipt(call.target, answer.usage, estimated=message.usage is None and message.spoken))
        counting.tokens(call.model, answer.usage)
        return answer

    async def embed(self, target: Target, texts: Sequence[str], deadline: float) -> Vectors:
        """A vector for each text, by the target's model; `deadline` unix seconds.

        Raises:
            ModelUnavailable, ModelRefused: there are none to be had.
        """
        return await embedded(self._client(target.endpoint), target.model, texts, deadline)

    async def open_connections(self, endpoint: Endpoint, count: int) -> int:
        """Connect `count` times and keep that open, so that the first customers need not wait for TLS; how many are.

        Nothing is asked and no key is sent: any answer will do.
        """
        url = str(self._client(endpoint).base_url)
        answers = await asyncio.gather(*(self._touch(url) for _ in range(count)))
        return sum(answers)

    async def _touch(self, url: str) -> bool:
        try:
            await self._http.head(url, timeout=_CONNECT)
        except (httpx.HTTPError, OSError, ValueError):
            return False
        return True

    async def aclose(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    async def _answer(
        self, client: AsyncOpenAI, call: Call, dialect: Dialect, message: Message
    ) -> Completion | Exception:
        try:
            response, dialect = await self._understood(client, call, dialect)
            return self._learned(call, dialect, await self._heard(call, response, message), message)
        except openai.APIStatusError as error:
            self._tell(call, error.response.headers)
            return refusals.of_status(error)
        except openai.APIConnectionError as error:
            return refusals.unavailable(f"the model's endpoint could not be reached ({type(error).__name__})")
        except httpx.HTTPError as error:
            return refusals.unavailable(f"the model's endpoint broke off its answer ({type(error).__name__})")
        except MalformedStream:
            return refusals.unavailable("the model's endpoint answered 200 with something that is no chat completion")
        except EndpointError as reported:
            return refusals.of_error(reported.error)

    async def _understood(self, client: AsyncOpenAI, call: Call, dialect: Dialect) -> tuple[httpx.Response, Dialect]:
        """The response, and in which dialect it was had: each refusal of a parameter brings the call without it."""
        for _ in range(MOST_STEPS):
            try:
                return await self._send(client, call, dialect), dialect
            except openai.APIStatusError as error:
                less = dialect.without_what(error, call)
                if less is None:
                    raise
                dialect = less
        return await self._send(client, call, dialect), dialect

    def _learned(
        self, call: Call, dialect: Dialect, answer: Completion | Exception, message: Message
    ) -> Completion | Exception:
        """The answer, once what it tells of its model is kept."""
        if isinstance(answer, Exception):
            return answer
        unheard = message.thought and answer.finish == "length" and not answer.text.strip() and not dialect.thinks
        thinks, headless = dialect.thinks or message.thought or message.headless, message.headless
        self._dialects.learn(call.target, replace(dialect, thinks=thinks, headless=headless))
        return refusals.unavailable("the model thought until its limit and said nothing") if unheard else answer

    async def _send(self, client: AsyncOpenAI, call: Call, dialect: Dialect) -> httpx.Response:
        if call.watch is not None:
            call.watch.sent()
        response: Any = await client.post(  # with this `cast_to` it is the unread response, whatever its types say
            "/chat/completions",
            content=dialect.body(call),
            cast_to=httpx.Response,
            options={"timeout": _timeout(call)},
            stream=True,
            stream_cls=AsyncStream[Any],
        )
        assert isinstance(response, httpx.Response)  # noqa: S101  # the package may change its mind: tests would see
        return response

    async def _heard(self, call: Call, response: httpx.Response, message: Message) -> Completion | Exception:
        try:
            self._tell(call, response.headers)
            return await _listened(call, response, message)
        finally:
            await response.aclose()
            response.stream = _NOTHING  # its own holds it: a circle that only the garbage collector would find

    def _tell(self, call: Call, headers: httpx.Headers) -> None:
        if self.meter is not None and (left := refusals.remaining(headers)) is not None:
            self.meter.told(call.target, left)

    def _client(self, endpoint: Endpoint) -> AsyncOpenAI:
        client = self._clients.get(endpoint.id)
        if client is None:
            client = self._clients[endpoint.id] = self._open(endpoint)
            if len(self._clients) > _ENDPOINTS:
                self._clients.popitem(last=False)
        self._clients.move_to_end(endpoint.id)
        return client

    def _open(self, endpoint: Endpoint) -> AsyncOpenAI:
        # The environment's key belongs to the environment's endpoint: a base_url of a tenant's never receives it.
        api_key = endpoint.api_key or (_NO_KEY_NEEDED if endpoint.base_url else None)
        base_url, query, headers = _addressed(endpoint)
        try:
            return AsyncOpenAI(
                api_key=api_key,
                base_url=base_url,
                default_query=query,
                default_headers=headers,
                http_client=self._http,
                max_retries=0,
            )
        except openai.OpenAIError:
            raise ModelRefused(_NO_KEY, code="no_key") from None


def _addressed(endpoint: Endpoint) -> tuple[str | None, dict[str, object], dict[str, str]]:
    """Address, query and headers: Azure's older addresses end in `?api-version=...`, and want the key in its own."""
    if endpoint.base_url is None:
        return None, {}, {}
    url = httpx.URL(endpoint.base_url)
    azure = endpoint.api_key and url.host.endswith(_AZURE)
    headers = {"api-key": endpoint.api_key} if azure and endpoint.api_key else {}
    return str(url.copy_with(query=None)), dict(url.params), headers


class _NoCookies(CookieJar):
    """One client serves all tenants: what an endpoint wants remembered of one must not go out with another's call."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Take none."""

    def add_cookie_header(self, request: Any) -> None:
        """Send none."""


async def _listened(call: Call, response: httpx.Response, message: Message) -> Completion | Exception:
    """Listen to the end, or for as long as there is time; then what was said up to a sentence's end will do."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + call.deadline - time.time() - _LAST_WORDS
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    try:
        async with asyncio.timeout_at(ends) as limit:
            async for data in response.aiter_bytes() if encoded else response.aiter_raw():
                message.feed(data)
                if message.alive:
                    _report(call, message)
                    limit.reschedule(min(ends, loop.time() + (_TRAILER if message.done else _PAUSE_MIDWAY)))
            message.close()
            _report(call, message)
    except TimeoutError:
        if not message.ended:
            return _ended(call, message, late=loop.time() >= ends)
    if not message.ended:
        return refusals.unavailable("the model's endpoint broke off its answer")
    if message.failed:
        return refusals.unavailable("the model's endpoint ended its answer with an error")
    return message.completion(call.model, call.target.name, _estimate(call, message))


def _ended(call: Call, message: Message, *, late: bool) -> Completion | Exception:
    """An answer that we stop listening to: of use if it is late and says something whole."""
    if not late:
        return refusals.unavailable("the model's endpoint fell silent in the midst of its answer")
    plain = call.response_format is None and not message.tools
    if plain and last_end(message.text(cut=True)):
        return message.completion(call.model, call.target.name, _estimate(call, message), ended_by_us=True)
    return TimeoutError("the turn's deadline came before a whole sentence did")


def _named(answer: Completion | Exception) -> str:
    if isinstance(answer, Completion):
        return "answered"
    return {ModelRefused: "refused", TimeoutError: "late"}.get(type(answer), "unavailable")


def _report(call: Call, message: Message) -> None:
    """Tell who watches how far the answer has come: a thought is a sign of life, and no word."""
    if call.watch is None:
        return
    if message.spoken:
        call.watch.spoke()
    elif message.alive:
        call.watch.lives()


def _named_tools(call: Call) -> frozenset[str]:
    return frozenset(str(tool.get("function", {}).get("name")) for tool in call.tools)


def _estimate(call: Call, message: Message) -> Usage:
    """What an answer cost whose endpoint does not say: a token an event, as most of them stream."""
    return Usage(prompt_tokens=estimated_prompt(call), completion_tokens=message.pieces, calls=1)


def _unfinished(call: Call, message: Message) -> Receipt:
    """A request that brought no answer: one that was never answered costs nothing, as far as anyone can tell."""
    usage = message.usage or (_estimate(call, message) if message.spoken else Usage(calls=1))
    return Receipt(call.target, usage, estimated=True)


def _timeout(call: Call) -> httpx.Timeout:
    left = max(call.deadline - time.time(), 0.001)
    return httpx.Timeout(left, connect=min(left, _CONNECT))
