"""Retention by account on a real Redis: obeyed by every writer, and by what was written before it was shortened."""

import datetime
from collections.abc import Mapping

import pytest

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.tool_call import KeptCall
from chatwootai.model.message.turn import ContextLimits, Exchange
from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.media import Readings
from chatwootai.stores.conversation.tool_calls import ToolCalls
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.operators.thumbs import Thumbs
from chatwootai.stores.privacy.retention import KIND_OF_KEY, RetentionStore
from chatwootai.stores.server.connection import Connection
from config.settings.pacing import Retention
from config.settings.settings import Settings
from tests.builders import account, delivery
from workers.account.retention import RetentionInForce, retained_ms

HOUR = 3_600_000
SHORT = {"messages": HOUR, "turns": 2 * HOUR, "dead_letters": 3 * HOUR, "thumbs": lifetimes.DAY,
         "figures": 2 * lifetimes.DAY, "context": 4 * HOUR}  # fmt: skip
DAY = datetime.date(2026, 11, 29)
LIMITS = ContextLimits(entries=10, milliseconds=72 * HOUR)


async def leave(redis: Connection, account: str, conversation: int) -> None:
    """Leave something of every kind that a tenant may have kept for a shorter time."""
    conv, turn = keys.conv(account, conversation), f"t{account}"
    await Mailbox(redis).admit(delivery(1, "words", account=account, conversation=conversation), priority=5)
    job = str(await redis.hget(keys.state(conv), "job"), "ascii")
    begun = await Conversations(redis).begin(conv, job, "w")
    assert begun is not None
    await ToolCalls(redis, begun.lease, "burst").begin("a", KeptCall(tool="cancel", arguments="{}"))
    said = [Exchange(Role.CONTACT, "words", 1.0)]
    letter = b'{"conv": "%s"}' % conv.encode()
    decision = Decision(turn=turn, answered=[1], actions=(), exchanges=said, dead=letter)
    await Conversations(redis).commit(begun.lease, begun.sequence, decision, LIMITS)
    await Readings(redis).keep(conv, 1, {0: {"transcript": "words"}})
    ended = EndedTurn(account=account, turn=turn, conversation=25, inbox=1, channel="line", outcome="reply")
    await Figures(redis).write(ended, {"account": account, "conversation": conversation}, DAY)
    await Thumbs(redis).put(account, turn, up=True, reason="", by="ana")


async def left_ms(redis: Connection, account: str) -> Mapping[str, int]:
    """Return what is left of each key's time, by the pattern."""
    conv, turn = keys.conv(account, 25), f"t{account}"
    named = {
        "cw:kept:{conv}": f"cw:kept:{conv}",
        "cw:media:{conv}:{message}": keys.media(conv, 1),
        "cw:calls:{conv}:{burst}": f"cw:calls:{conv}:burst",
        "cw:turn:{turn}": keys.turn(turn),
        "cw:turns:{account}": keys.turns(account),
        "cw:life:{conv}": f"cw:life:{conv}",
        "cw:dead:{turn}": keys.dead(turn),
        "cw:thumbs:{account}": keys.thumbs(account),
        "cw:day:{account}:{day}": keys.day_counts(account, DAY),
    }
    found = {pattern: await redis.pttl(key) for pattern, key in named.items()}
    assert all(ms > 0 for ms in found.values()), found
    return found


async def test_every_writer_obeys_and_the_neighbour_keeps_what_ships(redis: Connection) -> None:
    assert await RetentionStore(redis).set({"1": SHORT}) == 0
    await leave(redis, "1", 25)
    await leave(redis, "2", 25)
    for pattern, ms in (await left_ms(redis, "1")).items():
        kept = SHORT[KIND_OF_KEY[pattern]]
        assert kept - HOUR // 2 < ms <= kept, pattern
    for pattern, ms in (await left_ms(redis, "2")).items():
        kept = lifetimes.RETAINED[KIND_OF_KEY[pattern]]
        assert kept - HOUR // 2 < ms <= kept, pattern


async def test_what_was_written_before_is_shortened_once_and_never_lengthened(redis: Connection) -> None:
    await leave(redis, "1", 25)
    await leave(redis, "2", 25)
    before = await left_ms(redis, "2")
    store = RetentionStore(redis)
    assert await store.set({"1": SHORT}) >= 8
    assert await store.set({"1": SHORT}) == 0, "the same again looks at nothing"
    for pattern, ms in (await left_ms(redis, "1")).items():
        assert ms <= SHORT[KIND_OF_KEY[pattern]], pattern
    assert await redis.pttl(keys.context("1:25")) <= SHORT["context"]
    assert all(abs(ms - before[pattern]) < HOUR // 2 for pattern, ms in (await left_ms(redis, "2")).items())
    await redis.pexpire(keys.turn("t1"), HOUR)
    await store.set({"1": {**SHORT, "turns": lifetimes.TURN_MS}})
    assert await redis.pttl(keys.turn("t1")) <= HOUR


async def test_a_walk_that_was_cut_off_is_made_again(redis: Connection) -> None:
    await leave(redis, "1", 25)
    await RetentionStore(redis).set({"1": SHORT})
    await redis.hdel(keys.retention("1"), "walked")
    await redis.pexpire(keys.turn("t1"), lifetimes.TURN_MS)
    assert await RetentionStore(redis).set({"1": SHORT}) == 1
    assert await redis.pttl(keys.turn("t1")) <= SHORT["turns"]


async def test_a_worker_follows_the_configuration_and_looks_again_each_hour(redis: Connection) -> None:
    asked = Settings.model_validate({"privacy": {"retention": {"turns_hours": 5}}, "context": {"ttl_hours": 9}})
    accounts = [account(settings=asked)]
    follower = RetentionInForce(redis, lambda: accounts)
    await follower.follow(1.0)
    kept = await redis.hgetall(keys.retention("1"))
    assert (kept[b"turns"], kept[b"context"], kept[b"messages"]) == (b"18000000", b"32400000", b"86400000")
    await redis.delete(keys.retention("1"))
    await follower.follow(2.0)
    assert not await redis.exists(keys.retention("1")), "nothing changed, so nothing is asked"
    await follower.follow(4000.0)
    assert await redis.exists(keys.retention("1"))
    accounts[:] = [account(settings=Settings())]
    await follower.follow(4001.0)
    assert await redis.hget(keys.retention("1"), "turns") == str(lifetimes.TURN_MS).encode()


def test_ceilings_are_the_times_that_ship_and_are_the_defaults() -> None:
    assert Retention().milliseconds == lifetimes.RETAINED
    assert {*retained_ms(account())} == {*KIND_OF_KEY.values()}
    for field in Retention.model_fields:
        longest = getattr(Retention(), field)
        with pytest.raises(ValueError, match="less than or equal"):
            Retention.model_validate({field: longest + 1})
        with pytest.raises(ValueError, match="greater than or equal"):
            Retention.model_validate({field: 0})
