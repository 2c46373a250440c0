"""An account goes to another Redis with all that is kept of it; its neighbours stay as they are."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from chatwootai.stores import keys
from chatwootai.stores.conversation.mailbox import Admission, Mailbox
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.key_list import KeyKind, key_kinds
from chatwootai.stores.moving.account_data import AccountData
from chatwootai.stores.moving.move import Move, NotOpened, Stage
from chatwootai.stores.moving.places import count_keys
from chatwootai.stores.moving.ways import goes_whole
from chatwootai.stores.privacy.erasure import Erasure
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from tests.builders import delivery
from tests.house.test_house_privacy import EXAMPLES

TTL_MS = 500_000
WRITE: dict[str, tuple[str | int, ...]] = {
    "string": ("SET", "value"),
    "hash": ("HSET", "field", "value"),
    "list": ("RPUSH", "one", "two"),
    "set": ("SADD", "member"),
    "zset": ("ZADD", 7, "member"),
    "stream": ("XADD", "1-1", "t", "row"),
}
Shard = tuple[str, Connection]


@pytest.fixture
async def shards(redis_server: Embedded, redis: Connection) -> AsyncIterator[tuple[Connection, Connection]]:
    """Two empty databases of one server: scripts and keys of one know nothing of the other's."""
    other = connect(redis_server.url.replace("db=0", "db=1"))
    yield redis, other
    await other.aclose()


def move_of(shards: tuple[Connection, Connection], account: str = "7") -> Move:
    return Move(account, ("a", shards[0]), ("b", shards[1]))


def key_of(kind: KeyKind, account: str) -> str:
    key = kind.pattern
    for name, value in {**EXAMPLES, "conv": f"{account}:25", "account": account, "job": f"turn:{account}:25:3"}.items():
        key = key.replace(f"{{{name}}}", value)
    return key


async def fill(redis: Connection, account: str) -> set[str]:
    """Write a key of each kind that goes whole; returns their names."""
    names = set()
    for kind in key_kinds():
        if not goes_whole(kind.pattern) or kind.type == "channel" or kind.pattern.startswith("cw:ready"):
            continue
        command, *what = WRITE[next(name for name in WRITE if kind.type.startswith(name))]
        key = key_of(kind, account)
        await redis.execute_command(str(command), key, *what)  # type: ignore[no-untyped-call]  # redis-py has none
        await redis.pexpire(key, TTL_MS)
        names.add(key)
    return names


async def everything(redis: Connection) -> dict[str, Any]:
    """What is kept, in an order that does not depend on how; marks left out."""
    found: dict[str, Any] = {}
    for raw in await redis.keys("*"):
        key = raw.decode()
        match (await redis.type(key)).decode():
            case "hash":
                found[key] = await redis.hgetall(key)
            case "zset":
                found[key] = dict(await redis.zrange(key, 0, -1, withscores=True))
            case "set":
                found[key] = await redis.smembers(key)
            case "list":
                found[key] = await redis.lrange(key, 0, -1)
            case "stream":
                found[key] = await redis.xrange(key)
            case _:
                found[key] = await redis.get(key)
    return {key: value for key, value in found.items() if not key.startswith("cw:moved:")}


async def carry(move: Move) -> None:
    await move.begin()
    assert not await move.hold()
    await move.copy()
    await move.open()
    await move.clear()


async def test_all_kinds_of_keys_go_with_their_lifetimes_and_the_neighbours_stay(
    shards: tuple[Connection, Connection],
) -> None:
    source, target = shards
    names = await fill(source, "7")
    neighbours = await fill(source, "77")
    before, there = await everything(source), await everything(target)
    await carry(move_of(shards))
    assert await everything(source) == {key: before[key] for key in neighbours}
    made = await everything(target)
    counted = {"cw:turns-kept", "cw:turns-kept:sizes"}
    assert {key: made[key] for key in names} == {key: before[key] for key in names}
    assert made.keys() - names <= counted | {"cw:wake"}
    assert not there
    for key in names:
        assert TTL_MS / 2 < await target.pttl(key) <= TTL_MS, key
    assert await count_keys(source) == {"77": len(neighbours)}


async def test_what_waits_is_answered_on_the_other_shard(shards: tuple[Connection, Connection]) -> None:
    source, target = shards
    for conversation in (1, 2, 3):
        await Mailbox(source).admit(delivery(conversation, account="7", conversation=conversation), priority=5)
    await Mailbox(source).admit(delivery(9, account="8"), priority=5)
    later = math.floor((await source.time())[0] * 1000) + 900_000
    await source.zrem("cw:ready:normal:7", "turn:7:2:1")
    await source.zadd("arq:queue", {"turn:7:2:1": later})
    await source.zadd(keys.SCHEDULED, {"turn:7:2:1": later})
    await source.zadd(keys.TIMERS, {"7:4": later, "8:4": later})
    await carry(move_of(shards))
    claim = await Queue(target, "w", lease=5).claim(9)
    assert [job.job for job in claim.jobs] == ["turn:7:1:1", "turn:7:3:1"]
    assert await target.zscore(keys.SCHEDULED, "turn:7:2:1") == later
    assert await target.zrange(keys.TIMERS, 0, -1) == [b"7:4"]
    assert await target.hgetall(keys.WAITING) == {b"7": b"3"}
    assert await source.hgetall(keys.WAITING) == {b"8": b"1"}
    assert [job.job for job in (await Queue(source, "w", lease=5).claim(9)).jobs] == ["turn:8:25:1"]
    assert await Mailbox(target).admit(delivery(1, account="7", conversation=1), priority=5) is Admission.DUPLICATE


async def test_dead_letters_and_records_of_turns_are_known_by_what_they_say(
    shards: tuple[Connection, Connection],
) -> None:
    source, target = shards
    for account in ("7", "77"):
        await source.set(f"cw:turn:t{account}", f'{{"account": "{account}"}}', px=TTL_MS)
        await source.set(f"cw:dead:t{account}", f'{{"conv": "{account}:25"}}', px=TTL_MS)
        await source.zadd(keys.DEAD, {f"t{account}": 5})
    assert await AccountData(source, "7").count() == 2
    await carry(move_of(shards))
    assert await target.zrange(keys.DEAD, 0, -1, withscores=True) == [(b"t7", 5.0)]
    assert await target.exists("cw:turn:t7", "cw:dead:t7") == 2
    assert await source.zrange(keys.DEAD, 0, -1) == [b"t77"]
    assert await source.exists("cw:turn:t7", "cw:dead:t7") == 0
    assert await source.exists("cw:turn:t77", "cw:dead:t77") == 2


async def test_a_contact_who_was_erased_stays_so_under_another_secret(
    shards: tuple[Connection, Connection],
) -> None:
    source, target = shards
    for connection, account in ((source, "7"), (target, "9")):
        await Mailbox(connection).admit(delivery(1, account=account, contact=93), priority=5)
        work = Erasure(connection, Subject(account, 93))
        await work.learn()
        await work.bury()
        await work.erase()
    assert await source.get(keys.ERASED) != await target.get(keys.ERASED)
    await carry(move_of(shards))
    assert await Mailbox(target).admit(delivery(2, account="7", contact=93), priority=5) is Admission.DUPLICATE
    assert await Mailbox(target).admit(delivery(2, account="9", contact=93), priority=5) is Admission.DUPLICATE
    assert await Mailbox(target).admit(delivery(3, account="7", contact=94), priority=5) is Admission.ACCEPTED


async def test_a_turn_that_runs_is_waited_for(shards: tuple[Connection, Connection]) -> None:
    source, _ = shards
    await Mailbox(source).admit(delivery(1, account="7"), priority=5)
    queue = Queue(source, "w", lease=5)
    await queue.claim(9)
    move = move_of(shards)
    await move.begin()
    assert str(await move.hold()) == "1 turns"
    await queue.retire("turn:7:25:1")
    assert not await move.hold()
    await source.set(keys.knowledge_ingest("7"), "token")
    assert str(await move.hold()) == "an ingest of its knowledge"


async def test_nothing_is_removed_before_the_account_is_elsewhere(shards: tuple[Connection, Connection]) -> None:
    await fill(shards[0], "7")
    move = move_of(shards)
    for step in (move.begin, move.hold, move.copy):
        with pytest.raises(NotOpened):
            await move.clear()
        await step()
    with pytest.raises(NotOpened):
        await move.clear()
    assert await move.stage("a") is Stage.COPIED


async def test_undone_it_goes_on_where_it_was(shards: tuple[Connection, Connection]) -> None:
    source, target = shards
    await Mailbox(source).admit(delivery(1, account="7"), priority=5)
    before = await everything(source)
    move = move_of(shards)
    await move.begin()
    await move.hold()
    await move.copy()
    await move.undo()
    left = await everything(source)
    assert {key: left[key] for key in before if key != "cw:wake"} == {
        key: before[key] for key in before if key != "cw:wake"
    }
    assert not await everything(target)
    assert await move.stage("a") is Stage.NEW
    assert [job.job for job in (await Queue(source, "w", lease=5).claim(9)).jobs] == ["turn:7:25:1"]


async def test_it_comes_back(shards: tuple[Connection, Connection]) -> None:
    await Mailbox(shards[0]).admit(delivery(1, account="7"), priority=5)
    await carry(move_of(shards))
    await carry(Move("7", ("b", shards[1]), ("a", shards[0])))
    assert await shards[0].get(keys.moved("7")) is None
    assert await shards[1].get(keys.moved("7")) == b"left a"
    assert await Mailbox(shards[0]).admit(delivery(2, account="7"), priority=5) is Admission.ACCEPTED
