"""How calls to Chatwoot went, as workers tell of them: added up, of five minutes, the worst first, within bounds."""

import time

import orjson
import pytest

from chatwootai.stores import keys
from chatwootai.stores.installation import chatwoot_calls
from chatwootai.stores.installation.chatwoot_calls import CallsTold, ChatwootCalls
from chatwootai.stores.server.connection import Connection


def told(calls: int = 1, errors: int = 0, *, ok: float = 0.0, bad: float = 0.0, why: str = "") -> CallsTold:
    return CallsTold(ok=ok, bad=bad, why=why, calls=calls, errors=errors)


async def test_what_workers_tell_of_an_account_is_added_up_and_the_newest_error_stays(redis: Connection) -> None:
    calls, now = ChatwootCalls(redis), time.time()
    await calls.tell({"7": told(4, 1, ok=now - 2, bad=now - 5, why="HTTP 502")})
    await calls.tell({"7": told(3, 1, ok=now - 9, bad=now - 8, why="an older one, told later")})
    ((one,), others) = (found := await calls.known("7")).accounts, found.others
    assert (one.account, one.calls, one.errors, one.why, others) == ("7", 7, 2, "HTTP 502", 0)
    assert one.ok == pytest.approx(now - 2, abs=0.01)
    assert one.bad == pytest.approx(now - 5, abs=0.01)
    assert one.share == pytest.approx(2 / 7)


async def test_of_an_account_that_nobody_told_of_nothing_is_known(redis: Connection) -> None:
    calls = ChatwootCalls(redis)
    assert (await calls.known("7")).accounts == []
    assert (await calls.known()).accounts == []
    await calls.tell({})
    assert await redis.keys("*") == []


async def test_the_worst_comes_first(redis: Connection) -> None:
    calls, now = ChatwootCalls(redis), time.time()
    await calls.tell({
        "9": told(10, 0, ok=now), "10": told(10, 0, ok=now), "2": told(10, 1, ok=now, bad=now),
        "3": told(10, 9, ok=now, bad=now), "4": told(20, 2, ok=now, bad=now),
    })  # fmt: skip
    assert [one.account for one in (await calls.known()).accounts] == ["3", "4", "2", "9", "10"]


async def test_what_is_older_than_five_minutes_is_counted_no_more(redis: Connection) -> None:
    calls, now = ChatwootCalls(redis), time.time()
    minute = int(now / 60)
    kept = {"ok": int(now * 1000), "bad": 0, "why": "", "minutes": {str(minute - 5): [50, 50], str(minute - 4): [2, 0]}}
    await redis.hset(keys.CHATWOOT_CALLS, "7", orjson.dumps(kept))
    assert (await calls.known("7")).accounts[0].calls == 2
    await calls.tell({"7": told(1, 0, ok=now)})
    (one,) = (await calls.known("7")).accounts
    assert one.errors == 0
    assert str(minute - 5) not in orjson.loads(await redis.hget(keys.CHATWOOT_CALLS, "7") or b"")["minutes"]


async def test_an_account_of_which_nothing_was_told_for_a_day_is_forgotten(redis: Connection) -> None:
    calls, old = ChatwootCalls(redis), time.time() - 90_000
    await calls.tell({"7": told(ok=old), "8": told(ok=time.time())})
    assert [one.account for one in (await calls.known()).accounts] == ["8"]
    assert await redis.hkeys(keys.CHATWOOT_CALLS) == [b"8"]
    assert await redis.ttl(keys.CHATWOOT_CALLS) > 86_000


async def test_beyond_the_bound_no_further_account_is_kept(redis: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chatwoot_calls, "_MOST_ACCOUNTS", 2)
    calls, now = ChatwootCalls(redis), time.time()
    await calls.tell({key: told(ok=now) for key in ("1", "2", "3")})
    await calls.tell({"1": told(ok=now), "4": told(ok=now)})
    found = {one.account: one.calls for one in (await calls.known()).accounts}
    assert found == {"1": 2, "2": 1}


async def test_of_very_many_those_that_failed_last_are_read(redis: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chatwoot_calls, "_MOST_READ", 3)
    calls, now = ChatwootCalls(redis), time.time()
    await calls.tell({str(number): told(ok=now) for number in range(1, 6)})
    assert (found := await calls.known()).accounts == []
    assert found.others == 5
    await calls.tell({"4": told(2, 1, ok=now, bad=now, why="HTTP 502")})
    found = await calls.known()
    assert ([one.account for one in found.accounts], found.others) == (["4"], 4)


async def test_what_an_account_that_has_moved_away_is_told_of_is_not_kept(redis: Connection) -> None:
    await redis.set(keys.moved("7"), "left b")
    await ChatwootCalls(redis).tell({"7": told(ok=time.time())})
    assert not await redis.exists(keys.CHATWOOT_CALLS)
