"""Calls of tools that must not be made twice, kept with the burst that they were made for."""

from collections.abc import Iterable

import structlog

from chatwootai.model.message.tool_call import KeptCall
from chatwootai.stores import lifetimes
from chatwootai.stores.conversation.entries import BrokenEntry, pack_call, unpack_call
from chatwootai.stores.conversation.lease import FencedLease
from chatwootai.stores.server.connection import Connection, StoreUnavailable
from chatwootai.stores.server.scripts import Runner

_MOST = 64  # calls of one burst
_log = structlog.get_logger(__name__)


class ToolCalls:
    """The calls of one burst, written by the job that holds the conversation."""

    def __init__(self, connection: Connection, lease: FencedLease, burst: str) -> None:
        self._runner = Runner.of(connection)
        self._lease, self._burst = lease, burst

    async def begin(self, field: str, call: KeptCall) -> KeptCall | None:
        """Write down that a call begins; what was written before, where it has begun already.

        Raises:
            StoreUnavailable: Redis is away, another job holds the conversation, or the burst has too many: do not call.
        """
        lease = self._lease
        answer = await self._runner.run(
            "call_begin",
            **lease.named,
            burst=self._burst,
            field=field,
            call=pack_call(call),
            most=_MOST,
            keep_ms=lifetimes.CALLS_MS,
        )
        if answer == b"begun":
            return None
        if answer in (b"stale", b"full"):
            raise StoreUnavailable(f"a tool's call is not begun: {answer.decode()}")
        return _unpack_or_none(answer) or call

    async def end(self, field: str, call: KeptCall | None) -> None:
        """Write down how it ended; None: it was not made after all.

        Raises:
            StoreUnavailable: Redis is away; it stays begun.
        """
        entry = pack_call(call) if call is not None else b""
        await self._runner.run("call_end", conv=self._lease.conv, burst=self._burst, field=field, call=entry)


def known_calls(raw: Iterable[bytes]) -> dict[str, KeptCall]:
    """Return the calls of a burst by field, from the answer of HGETALL: names and entries in turn."""
    several = list(raw)
    found = {name.decode(): _unpack_or_none(entry) for name, entry in zip(several[::2], several[1::2], strict=False)}
    return {name: call for name, call in found.items() if call is not None}


def _unpack_or_none(entry: bytes) -> KeptCall | None:
    try:
        return unpack_call(entry)
    except BrokenEntry as error:  # another version's: that a tool was used is known, not how it ended
        _log.warning("tool_call_broken", error=str(error))
        return KeptCall(tool="a tool", arguments="")
