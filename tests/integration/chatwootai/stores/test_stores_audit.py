"""The audit: entries in a chain, in which nothing can be changed, left out or added unseen."""

import asyncio

import orjson
import pytest

from chatwootai.stores import keys
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded


async def test_what_is_appended_is_read_in_order_and_holds_together(redis: Connection) -> None:
    log = AuditLog(redis)
    await log.append("ann@vm", "retry", account="1", of="1:25")
    await log.append("ben@vm", "replay", account="1", count=12, details={"cause": "model\n", "since": "2h"})
    first, second = [one async for one in log.entries()]
    assert (first.number, first.who, first.what, first.of, first.previous) == (1, "ann@vm", "retry", "1:25", "")
    assert (second.number, second.count, second.previous) == (2, 12, first.digest)
    assert second.details == {"cause": "model", "since": "2h"}
    found = await log.verify()
    assert (found.faults, found.entries, found.first, found.last) == ((), 2, 1, 2)
    assert found.digest == second.digest


async def test_nothing_written_is_whole(redis: Connection) -> None:
    found = await AuditLog(redis).verify()
    assert (found.faults, found.entries) == ((), 0)


async def test_many_at_once_stand_one_after_the_other(redis: Connection, redis_server: Embedded) -> None:
    others = [connect(redis_server.url) for _ in range(4)]
    await asyncio.gather(*(AuditLog(one).append(f"who{number}", "drop") for number, one in enumerate(others)))
    for one in others:
        await one.aclose()
    found = await AuditLog(redis).verify()
    assert (found.faults, found.entries, found.last) == ((), 4, 4)


async def test_only_the_newest_are_kept_and_hold_together(redis: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatwootai.stores.operators.audit.KEPT", 3)
    log = AuditLog(redis)
    for _ in range(5):
        await log.append("ann@vm", "drop")
    found = await log.verify()
    assert (found.faults, found.entries, found.first, found.last) == ((), 3, 3, 5)


@pytest.mark.parametrize("meddle", ["change", "leave out", "cut the end", "add", "garbage"])
async def test_what_somebody_meddled_with_is_found(redis: Connection, meddle: str) -> None:
    log = AuditLog(redis)
    for what in ("publish", "drop", "retry"):
        await log.append("ann@vm", what)
    entries = await redis.xrange(keys.AUDIT)
    name, fields = entries[1] if meddle != "cut the end" else entries[2]
    if meddle != "add":
        await redis.xdel(keys.AUDIT, name)
    if meddle == "change":  # nothing is changed in a stream: all of it is written anew
        changed = fields[b"body"].replace(b"ann", b"eve")
        rest = [(changed, fields[b"digest"]), (entries[2][1][b"body"], entries[2][1][b"digest"])]
        await redis.xdel(keys.AUDIT, entries[2][0])
        for body, digest in rest:
            await redis.xadd(keys.AUDIT, {"body": body, "digest": digest})
    elif meddle == "add":
        body = orjson.dumps({**orjson.loads(entries[2][1][b"body"]), "number": 4})
        await redis.xadd(keys.AUDIT, {"body": body, "digest": "0" * 64})
    elif meddle == "garbage":
        await redis.xadd(keys.AUDIT, {"body": b"{", "digest": b"\xff"})
    assert (await log.verify()).faults
