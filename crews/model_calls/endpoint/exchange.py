"""One call at one endpoint, until it answers or fails: asked anew where a refusal says how.

Errors are values here, raised by the caller, so that no provider's error with headers and body is chained to ours. What
may go wrong, and when:

- before any answer: no connection; a status that is no 200; the same error as the body of a 200, which some servers
  send instead. A refusal of a parameter, or of how messages are, brings the call again without that; one of the
  prompt's length brings it once more with less history.
- in the midst of an answer: an error as an event, the connection's end, silence, the call's deadline. What was heard is
  then of use only where the deadline came and a whole sentence stands there.
"""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

import httpx
import openai

from chatwootai.long_texts import worked_on
from chatwootai.model.message.turn import Usage
from chatwootai.model.text.sentences import last_end
from chatwootai.net import Forbidden
from crews.errors import CrewError
from crews.model_calls.call import Call, Completion, Target, estimated_prompt
from crews.model_calls.endpoint import metrics
from crews.model_calls.endpoint.chat_requests import ChatRequests
from crews.model_calls.endpoint.clients import CONNECT, refused_address
from crews.model_calls.endpoint.raw_pieces import raw_pieces
from crews.model_calls.request.address import address, is_private
from crews.model_calls.request.parameters import KnownParameters, is_thinking_model
from crews.model_calls.request.refusals import MOST_STEPS, adapt_to_refusal
from crews.model_calls.request.shorter_history import with_less_history
from crews.model_calls.response import errors
from crews.model_calls.response.errors import ReportedError
from crews.model_calls.response.events import MalformedStream
from crews.model_calls.response.message import EndpointError, Message

_PAUSE_MIDWAY = 3.0  # seconds without a byte between two words, after which an answer counts as broken off
_PAUSE_AT_HOME = 20.0  # the same at a private address: a machine without much to compute with, busy with others too
_LAST_WORDS = 0.2  # seconds before the deadline at which an answer ends at its last sentence
_TRAILER = 0.05  # seconds for the end of the body after the last event, so that the connection can be kept
_PIECE = 16 * 1024  # bytes that are taken in at once
_AT_A_TIME = 0.005  # seconds of the event loop, after which others have it
_NOTHING = httpx.ByteStream(b"")
_TEACHES = frozenset({errors.PARAMETER, errors.AWAY, errors.NO_MODEL})
"""Causes of a refusal that may be about a parameter, or about how messages are; the others say what they are about."""


class RateLimitObserver(Protocol):
    """Observer of the limits that an endpoint tells."""

    def observe_limits(self, target: Target, remaining: tuple[int, int]) -> None:
        """Note the requests and tokens that are left of the key's minute; -1: not said."""


class Exchange:
    """A call and what has come of it. `message`: the answer that is, or was, under way."""

    def __init__(
        self,
        chat: ChatRequests,
        call: Call,
        known_parameters: KnownParameters,
        reports: metrics.RefusalLog,
        meter: RateLimitObserver | None,
    ) -> None:
        self._chat, self._call, self._meter = chat, call, meter
        self._known_parameters, self._reports = known_parameters, reports
        self._parameters = known_parameters.of(call.target)
        self._may_shorten = True
        self.message = self._new_message()

    async def run(self) -> Completion | Exception:
        """Return the answer, or the error that the caller is to raise."""
        for _ in range(MOST_STEPS):
            try:
                return await self._remember(await self._request_once())
            except openai.APIStatusError as error:
                self._report_limits(error.response.headers)
                reported, body = errors.of_status(error), error.body
            except EndpointError as error:
                reported, body = errors.of_body(error.error), error.error
            except openai.APIConnectionError as error:
                return _connection_error(error)
            except httpx.HTTPError as error:
                return errors.unavailable(f"the model's endpoint broke off its answer ({type(error).__name__})")
            except MalformedStream:
                return errors.unavailable("the model's endpoint answered 200 with something that is no chat completion")
            if self.message.spoken or not self._adapt(reported, body):
                return self._error_for_caller(reported)
        return self._error_for_caller(reported)

    def _adapt(self, reported: ReportedError, body: Any) -> bool:
        """Change what is asked by what was refused; False where that says nothing of ours."""
        if reported.cause == errors.TOO_LONG and self._may_shorten:
            self._may_shorten = False
            shorter = with_less_history(self._call)
            self._call = shorter or self._call
            return shorter is not None
        if reported.cause not in _TEACHES:
            return False
        adapted = adapt_to_refusal(self._parameters, self._call, reported.status or 400, body)
        self._parameters = adapted or self._parameters
        return adapted is not None

    def _error_for_caller(self, reported: ReportedError) -> CrewError:
        """Return the error for the caller.

        The endpoint's reason goes to the log, at most once an hour for each cause.
        """
        error = reported.error(self._call)
        self._reports.say(self._call, reported.cause, reported.status, getattr(error, "reason", None))
        return error

    async def _remember(self, answer: Completion | Exception) -> Completion | Exception:
        """Return the answer, once what it tells of its model is kept."""
        if isinstance(answer, Exception):
            return answer
        message, parameters = self.message, self._parameters
        unheard = message.thought and answer.finish == "length" and not answer.text.strip() and not parameters.thinks
        headless = await worked_on(message.size, lambda: message.headless)
        thinks = parameters.thinks or message.thought or headless
        self._known_parameters.learn(self._call.target, replace(parameters, thinks=thinks, headless=headless))
        return errors.unavailable("the model thought until its limit and said nothing") if unheard else answer

    async def _request_once(self) -> Completion | Exception:
        self.message = self._new_message()
        response = await self._send()
        try:
            self._report_limits(response.headers)
            return await read_stream(self._call, response, self.message)
        finally:
            await response.aclose()
            response.stream = _NOTHING  # its own holds it: a circle that only the garbage collector would find

    async def _send(self) -> httpx.Response:
        if self._call.watch is not None:
            self._call.watch.sent()
        return await self._chat.post(self._parameters.body(self._call), _timeout(self._call))

    def _new_message(self) -> Message:
        suspect = is_thinking_model(self._call.model)
        return Message(headless=self._parameters.headless, suspect=suspect, tools=_named_tools(self._call))

    def _report_limits(self, headers: httpx.Headers) -> None:
        if self._meter is not None and (left := errors.remaining(headers)) is not None:
            self._meter.observe_limits(self._call.target, left)


async def read_stream(call: Call, response: httpx.Response, message: Message) -> Completion | Exception:
    """Listen to the end, or for as long as there is time; then what was said up to a sentence's end will do."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + call.deadline - time.time() - _LAST_WORDS
    pause = _PAUSE_AT_HOME if is_private(address(call.target.endpoint)) else _PAUSE_MIDWAY
    encoded = response.headers.get("content-encoding", "identity") != "identity"
    try:
        async with asyncio.timeout_at(ends) as limit:
            async for data in response.aiter_bytes() if encoded else raw_pieces(response):
                await _feed(message, data)
                if message.alive:
                    _notify_observer(call, message)
                    _allow(limit, loop.time(), _TRAILER if message.done else pause, ends)
            await _run_cooperatively(message.close())
            _notify_observer(call, message)
    except TimeoutError:
        if not message.ended:
            late = loop.time() >= ends
            return await worked_on(message.size, lambda: _end_early(call, message, late=late))
    if not message.ended:
        return errors.unavailable("the model's endpoint broke off its answer")
    if message.failed:
        return errors.unavailable("the model's endpoint ended its answer with an error")
    usage = estimate(call, message)
    return await worked_on(message.size, lambda: message.completion(call.model, call.target.name, usage))


def _allow(limit: asyncio.Timeout, now: float, pause: float, ends: float) -> None:
    """Let the next bytes take `pause` seconds, or up to an eighth more: a timer is not set anew for each piece."""
    least, most = min(ends, now + pause), min(ends, now + pause * 9 / 8)
    due = limit.when()
    if due is None or not least <= due <= most:
        limit.reschedule(most)


async def _feed(message: Message, data: bytes) -> None:
    """Take in what came: mostly one event, and from a proxy that has held them back, thousands."""
    for at in range(0, len(data), _PIECE):
        if at:
            await asyncio.sleep(0)
        piece = data[at : at + _PIECE] if len(data) > _PIECE else data
        if not message.feed_plain(piece):
            await _run_cooperatively(message.feed(piece))


async def _run_cooperatively(steps: Iterator[None]) -> None:
    """Go through steps, and let others have the event loop every few milliseconds."""
    began = time.perf_counter()
    for _ in steps:
        if time.perf_counter() - began > _AT_A_TIME:
            await asyncio.sleep(0)
            began = time.perf_counter()


def _end_early(call: Call, message: Message, *, late: bool) -> Completion | Exception:
    """Return an answer that we stop listening to: of use if it is late and says something whole."""
    if not late:
        return errors.unavailable("the model's endpoint fell silent in the midst of its answer")
    plain = call.response_format is None and not message.tools
    if plain and last_end(message.text(cut=True)):
        return message.completion(call.model, call.target.name, estimate(call, message), ended_by_us=True)
    return TimeoutError("the turn's deadline came before a whole sentence did")


def _notify_observer(call: Call, message: Message) -> None:
    """Tell who watches how far the answer has come: a thought is a sign of life, and no word."""
    if call.watch is None:
        return
    if message.spoken:
        call.watch.spoke()
    elif message.alive:
        call.watch.lives()


def _connection_error(error: openai.APIConnectionError) -> CrewError:
    if isinstance(error.__cause__, Forbidden):
        return refused_address()
    reason = f"{error.request.url.host}: {_system_words(error)}"
    return errors.unavailable(f"the model's endpoint could not be reached ({type(error).__name__})", reason=reason)


def _system_words(error: BaseException) -> str:
    """Return the operating system's words for what failed below, as `Name or service not known`."""
    below: BaseException | None = error
    words = "no answer in time" if isinstance(error, openai.APITimeoutError) else "no connection"
    while below is not None:
        if isinstance(below, socket.gaierror):
            return str(below.strerror)
        if isinstance(below, OSError) and below.errno and below.errno > 0:
            words = os.strerror(below.errno)
        below = below.__cause__ or below.__context__
    return words


def _named_tools(call: Call) -> frozenset[str]:
    return frozenset(str(tool.get("function", {}).get("name")) for tool in call.tools)


def estimate(call: Call, message: Message) -> Usage:
    """Return what an answer cost whose endpoint does not say: a token an event, as most of them stream."""
    return Usage(prompt_tokens=estimated_prompt(call), completion_tokens=message.pieces, calls=1)


def _timeout(call: Call) -> httpx.Timeout:
    left = max(call.deadline - time.time(), 0.001)
    return httpx.Timeout(left, connect=min(left, CONNECT))
