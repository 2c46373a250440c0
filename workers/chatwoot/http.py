"""The HTTP client for Chatwoot: token, timeouts and retries of each operation."""

import math
import random
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from itertools import repeat
from typing import Any, Final

import aiohttp
import orjson
from yarl import URL

from chatwootai.attempts import attempts
from chatwootai.telemetry.metrics import CHATWOOT_CALLS, CHATWOOT_SECONDS, DEPENDENCY_SUCCESS, RETRIES
from workers.chatwoot.access_token import Token
from workers.chatwoot.errors import MissingUserToken, OutOfTime, TryAgain
from workers.chatwoot.operations import Operation, Owner
from workers.chatwoot.request import RequestBody, send_once
from workers.chatwoot.response import Response
from workers.chatwoot.response_verdict import describe, is_barred, is_undecided, raise_final_error

_ATTEMPTS: Final = 4
_ATTEMPT_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
_LEAST_SECONDS: Final = 0.05
_BACKOFF: Final = 0.2
_answered = DEPENDENCY_SUCCESS.labels("chatwoot")

OnCall = Callable[[str], None]
"""Hears of each call that has ended: why it failed, or nothing."""


class Http:
    """Sends operations to one account of one Chatwoot.

    `worked_at`: when each token last brought an answer of Chatwoot's, by time.monotonic().
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        url: str,
        account: int,
        bot_token: str,
        user_token: str | None,
        on_call: OnCall = lambda _: None,
    ) -> None:
        self._session = session
        self._base = _base(url, account)
        self._tokens = {Owner.BOT: Token("bot_token", bot_token)}
        if user_token:
            self._tokens[Owner.USER] = Token("user_token", user_token)
        self._dashed = False
        self._on_call = on_call
        self.worked_at: dict[Owner, float] = {}

    def __repr__(self) -> str:
        return f"Http({self._base})"

    def has(self, owner: Owner) -> bool:
        """Say whether there is a token of this owner."""
        return owner in self._tokens

    async def call(
        self,
        operation: Operation,
        *,
        deadline: float,
        conversation: int | None = None,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        begin_by: float = math.inf,
    ) -> object:
        """Send an operation until it has an answer, it is refused, or there is no time left.

        Args:
            operation: from the table.
            deadline: unix seconds; every timeout and wait is cut from it.
            conversation: the display id that the path names.
            body: sent as JSON.
            query: the address's parameters.
            begin_by: unix seconds; no attempt is sent later, one that was sent before may still be answered.

        Returns:
            The JSON of a 2xx answer; None where that has no body.

        Raises:
            ChatwootError: one of workers.chatwoot.errors.
        """
        token = self._token(operation)
        url = self._base + operation.path.format(conversation=conversation)
        tries = attempts(repeat(0.0, _ATTEMPTS - 1), until=min(deadline, begin_by) - _LEAST_SECONDS)
        async for number in tries:
            answer = await self._attempt(operation, URL(url).with_query(query or {}), token, body, deadline, begin_by)
            raise_final_error(operation, answer)
            if answer.good and not is_undecided(operation, answer):
                self._note_answer(operation, answer)
                return answer.body
            if answer.status == HTTPStatus.BAD_REQUEST:  # Envoy may refuse a request for an underscore in a name
                self._dashed = True
            self._wait_for_next(tries, operation, answer, number)
        raise AssertionError("the last pause raises")

    def _note_answer(self, operation: Operation, answer: Response) -> None:
        if answer.body is not None:  # an empty 200 may come from somebody else
            self.worked_at[operation.owner] = time.monotonic()
            _answered.set_to_current_time()

    def _token(self, operation: Operation) -> Token:
        token = self._tokens.get(operation.owner)
        if token is None:
            raise MissingUserToken(operation.name)
        return token

    async def _attempt(
        self,
        operation: Operation,
        url: URL,
        token: Token,
        body: Mapping[str, Any] | None,
        deadline: float,
        begin_by: float,
    ) -> Response:
        left = deadline - time.time()
        if not left >= _LEAST_SECONDS or time.time() > begin_by:
            raise OutOfTime(operation.name, time.time())
        data = None if body is None else RequestBody(orjson.dumps(body), content_type="application/json")
        if data is not None:
            data.begin_by = begin_by
        began = time.perf_counter()
        seconds = min(left, _ATTEMPT_SECONDS)
        answer = await send_once(
            self._session, operation.method, url, token, data,
            seconds=seconds, connect=min(seconds, _CONNECT_SECONDS), dashed=self._dashed,
        )  # fmt: skip
        CHATWOOT_CALLS.labels(operation.name, str(answer.status) if answer.status else answer.fault).inc()
        CHATWOOT_SECONDS.labels(operation.name).observe(time.perf_counter() - began)
        good = answer.good and not is_undecided(operation, answer)
        self._on_call("" if good else f"{operation.name}: {describe(answer)}")
        return answer

    def _wait_for_next(self, tries: attempts, operation: Operation, answer: Response, number: int) -> None:
        """Settle the wait before the next attempt; raise TryAgain if there is none, or no time for one."""
        wait = _BACKOFF * 2 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - jitter, not a secret
        if answer.limited:
            wait = 60.0
        if answer.retry_after is not None:
            wait = max(wait, answer.retry_after)
        at = time.time() + wait
        if not tries.wait(wait):
            raise TryAgain(operation.name, describe(answer), at, barred=is_barred(answer))
        RETRIES.labels("chatwoot").inc()


def _base(url: str, account: int) -> str:
    parsed = URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.host or parsed.user is not None or parsed.query_string:
        raise ValueError("Chatwoot's url must be like https://chatwoot.example.com, without a name, password or query")
    return f"{url.partition('#')[0].rstrip('/')}/api/v1/accounts/{account}"
