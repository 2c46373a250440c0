"""The exact cache: the very same question of the same account is answered once, and asked once however many ask.

Its key is a digest of everything that shapes an answer. Only calls whose crew says so come here (`Call.keep`), and
never one with a tool's result in it. Many who ask at once wait for the first: in this process on one future, in others
by looking into Redis; when the first dies, its lease ends and the next one asks. Without Redis everyone asks.
"""

import asyncio
import hashlib
import secrets
import time
import zlib
from dataclasses import dataclass, replace

import orjson

from chatwootai.model.message.turn import ServedBy, Usage
from chatwootai.stores.models.completions import CompletionStore
from chatwootai.telemetry.metrics import COMPLETIONS
from chatwootai.telemetry.tasks import owned
from crews.errors import CrewError, ModelUnavailable
from crews.model_calls.call import CachePolicy, Call, Completer, Completion
from crews.model_calls.request.packing import to_json
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.failing_open import FailingOpen

_LEASE_MS = 2000
_RENEW = 0.6  # seconds
_FIRST_LOOK, _LAST_LOOK = 0.03, 0.2  # seconds between looks at what another worker asks
_REFRESH = 30.0  # seconds that the making of a new answer may take, nobody waiting for it
_OLD = 6 * 3600.0  # seconds that an answer is kept beyond that, for when no model gives another
_LAST_MOMENT = 0.05  # seconds before the deadline at which an old answer is given
_MORE_TIME = 0.5  # seconds that make asking once more worth it
_VERSION = 3  # of what is kept: raise it, and what was kept before is not understood any more


@dataclass(frozen=True, slots=True)
class _Flight:
    """Somebody of this process asks, until `deadline`."""

    answer: "asyncio.Future[Completion | None]"
    deadline: float

    async def joined(self, call: Call) -> Completion | None:
        """Return the answer; None where whoever asked had too little time for one, and the caller has more."""
        try:
            return await asyncio.shield(self.answer)
        except ModelUnavailable as error:
            if call.deadline - max(self.deadline, error.retry_at) > _MORE_TIME:
                return None
            raise


class Cache:
    """Answers again what it has answered."""

    def __init__(self, inner: Completer, store: CompletionStore, background: Background) -> None:
        self._inner = inner
        self._store = store
        self._background = background
        self._open = FailingOpen("cache")
        self._flights: dict[str, _Flight] = {}

    async def complete(self, call: Call) -> Completion:
        """Return an answer kept, one that somebody is about to have, or a new one."""
        if call.keep is None or call.payer.account is None or not _may_serve_others(call):
            if call.keep is not None:
                COMPLETIONS.labels("passed").inc()
            return await self._inner.complete(call)
        digest = _digest(call, call.keep)
        while (flight := self._flights.get(digest)) is not None:
            COMPLETIONS.labels("joined").inc()
            if (answer := await flight.joined(call)) is not None:
                return _served_again(answer, ServedBy.CACHE)
        return await self._ask_for_all(call, call.keep, digest)

    async def _ask_for_all(self, call: Call, keep: CachePolicy, digest: str) -> Completion:
        """Return the first of this process to ask: what it comes to is everyone's, its errors too; its end is not."""
        flight: asyncio.Future[Completion | None] = asyncio.get_running_loop().create_future()
        self._flights[digest] = _Flight(flight, call.deadline)
        try:
            answer = await self._find_or_ask(call, keep, digest)
            flight.set_result(answer)
            return answer
        except CrewError as error:
            flight.set_exception(error)
            flight.exception()  # seen, even if nobody else waits
            raise
        finally:
            del self._flights[digest]
            if not flight.done():
                flight.set_result(None)  # cancelled, or out of time: those who wait may have more

    async def _find_or_ask(self, call: Call, keep: CachePolicy, digest: str) -> Completion:
        account, token, pause, again = call.payer.account or "", secrets.token_hex(8), _FIRST_LOOK, False
        while True:
            found = await self._open.ask(
                lambda: self._store.recall(
                    account,
                    digest,
                    token,
                    lease_ms=_LEASE_MS,
                    fresh_ms=int(keep.seconds * 1000),
                    again=again,  # noqa: B023 - called before the next round changes it
                )
            )
            kept = _unpack(found.answer) if found is not None and found.answer else None
            if kept is not None and found is not None and kept.age <= keep.seconds + keep.stale_seconds:
                answer = kept.answer
                COMPLETIONS.labels("hit" if found.state == "hit" else "stale").inc()
                if found.state == "refresh":
                    self._background.start(self._refresh(call, keep, digest, token))
                return _served_again(answer, ServedBy.CACHE if found.state == "hit" else ServedBy.STALE)
            if found is None:
                return await self._inner.complete(call)
            if found.state in {"lead", "refresh", "hit"}:
                return await self._ask_or_stale(call, keep, digest, token, kept)
            if kept is not None and call.deadline - time.time() < pause + _LAST_MOMENT:
                return _old(kept)  # another worker still asks
            again = True
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _LAST_LOOK)

    async def _ask_or_stale(
        self, call: Call, keep: CachePolicy, digest: str, token: str, kept: "_KeptAnswer | None"
    ) -> Completion:
        """Return a new answer; where no model gives one, the one that was too old to be given again."""
        if kept is None:
            return await self._ask_and_renew(call, keep, digest, token)
        try:
            async with asyncio.timeout(max(0.0, call.deadline - time.time() - _LAST_MOMENT)):
                return await self._ask_and_renew(call, keep, digest, token)
        except (CrewError, TimeoutError):
            return _old(kept)

    async def _ask_and_renew(self, call: Call, keep: CachePolicy, digest: str, token: str) -> Completion:
        """Ask the model, and say every now and then that we still do."""
        COMPLETIONS.labels("miss").inc()
        account = call.payer.account or ""
        renewing = owned(asyncio.create_task(self._keep_claim(account, digest, token)), "cache")
        kept = b""
        try:
            answer = await self._inner.complete(call)
            kept = _pack(answer) if _worth_keeping(answer) else b""
            return answer
        finally:
            renewing.cancel()
            keep_ms = int((keep.seconds + keep.stale_seconds + (_OLD if keep.stale_seconds else 0.0)) * 1000)
            self._background.start(self._store_answer(account, digest, token, kept, keep_ms))

    async def _store_answer(self, account: str, digest: str, token: str, kept: bytes, keep_ms: int) -> None:
        left = await self._open.ask(lambda: self._store.keep(account, digest, token, kept, keep_ms=keep_ms))
        COMPLETIONS.labels("kept").inc(bool(kept) and left is not None)

    async def _keep_claim(self, account: str, digest: str, token: str) -> None:
        while True:
            await asyncio.sleep(_RENEW)
            await self._open.ask(lambda: self._store.renew(account, digest, token, lease_ms=_LEASE_MS))

    async def _refresh(self, call: Call, keep: CachePolicy, digest: str, token: str) -> None:
        """Make a new answer where a stale one served; if that fails, the next who asks tries."""
        try:
            await self._ask_and_renew(replace(call, deadline=time.time() + _REFRESH, receipts=[]), keep, digest, token)
        except (CrewError, TimeoutError):
            COMPLETIONS.labels("refresh_failed").inc()


def _may_serve_others(call: Call) -> bool:
    return not any(message.get("role") == "tool" or message.get("tool_calls") for message in call.messages)


def _worth_keeping(answer: Completion) -> bool:
    """Tell whether an answer is whole: not cut, withheld, waiting for a tool, or a stand-in model's."""
    whole = answer.finish == "stop" and bool(answer.text.strip()) and not answer.tool_calls
    return whole and answer.served_by is ServedBy.CREW


def _digest(call: Call, keep: CachePolicy) -> str:
    target = call.target
    shape = {
        "version": [_VERSION, keep.version],
        "account": call.payer.account,
        "model": [target.endpoint.base_url, target.model, call.policy.reasoning_effort],
        "limits": [call.temperature, call.max_tokens],
        "messages": list(call.messages),
        "tools": list(call.tools),
        "response_format": call.response_format,
    }
    return hashlib.sha256(to_json(shape, sorted_keys=True)).hexdigest()


@dataclass(frozen=True, slots=True)
class _KeptAnswer:
    """An answer, and how old it is, in seconds."""

    answer: Completion
    age: float


def _pack(answer: Completion) -> bytes:
    return zlib.compress(orjson.dumps([_VERSION, answer.text, answer.finish, answer.model, time.time()]), 6)


def _unpack(packed: bytes) -> _KeptAnswer | None:
    """Return the answer, or None for what is damaged or of another version: then it is made anew."""
    try:
        version, text, finish, model, at = orjson.loads(zlib.decompress(packed))
    except (zlib.error, ValueError, TypeError):
        return None
    return (
        _KeptAnswer(Completion(text=text, finish=finish, model=model), time.time() - at)
        if version == _VERSION
        else None
    )


def _old(kept: _KeptAnswer) -> Completion:
    COMPLETIONS.labels("old").inc()
    return _served_again(kept.answer, ServedBy.STALE)


def _served_again(answer: Completion, served_by: ServedBy) -> Completion:
    """Return the same answer for someone else, who pays nothing for it."""
    return replace(answer, usage=Usage(), served_by=served_by)
