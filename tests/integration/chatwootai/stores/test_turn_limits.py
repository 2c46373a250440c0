"""Turns of crews: a burst counts once, a limit is never overrun, and what a crew has not answered does not count."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores import keys
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.lease import FencedLease, Stale
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.models.budgets import BudgetStore, SpendingAccount
from chatwootai.stores.models.turn_limits import Taken, TurnLimits
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.telemetry.metrics import FAILED_OPEN
from config.settings.settings import Settings
from crews.errors import BudgetSpent
from tests.builders import delivery
from workers.account.turn_budget import TurnBudget


def day(most: int, account: str = "1", thresholds: tuple[int, ...] = ()) -> SpendingAccount:
    return SpendingAccount(account, "tenant", "turns", "2026-11-28", most, thresholds)


async def held(redis: Connection, conversation: int, *, account: str = "1") -> FencedLease:
    """A conversation with a message, held by its job."""
    await Mailbox(redis).admit(delivery(7, conversation=conversation, account=account), priority=5)
    return await again(redis, keys.conv(account, conversation))


async def again(redis: Connection, conv: str) -> FencedLease:
    job: Any = await redis.hget(keys.state(conv), "job")  # type: ignore[misc]
    start = await Conversations(redis).begin(conv, job.decode(), "w")
    assert start is not None
    return start.lease


async def test_200_at_once_in_as_many_conversations_do_not_overrun_a_day(redis: Connection) -> None:
    limits, holds = TurnLimits(redis), [await held(redis, number) for number in range(1, 201)]
    taken = await asyncio.gather(*(limits.take(lease, 7, 7, day=day(3), per_conversation=None) for lease in holds))
    assert [each.reached for each in taken].count(None) == 3
    assert await BudgetStore(redis).used(day(3)) == 3


async def test_another_account_has_turns_of_its_own(redis: Connection) -> None:
    limits, lease, other = TurnLimits(redis), await held(redis, 1), await held(redis, 1, account="2")
    assert (await limits.take(lease, 7, 7, day=day(1), per_conversation=1)).reached is None
    assert (await limits.take(other, 7, 7, day=day(1, "2"), per_conversation=1)).reached is None


async def test_a_burst_that_grows_and_is_tried_again_counts_once(redis: Connection) -> None:
    limits, lease = TurnLimits(redis), await held(redis, 1)
    for last in (7, 9, 8, 9):
        assert await limits.take(lease, 7, last, day=day(1), per_conversation=1) == Taken()
    later = await again(redis, lease.conv)  # another worker, after the first has died
    assert await limits.take(later, 7, 9, day=day(1), per_conversation=1) == Taken()
    assert (await limits.take(later, 10, 10, day=day(1), per_conversation=None)).reached == "day"
    assert (await limits.take(later, 10, 10, day=None, per_conversation=1)).reached == "conversation"


async def test_who_no_longer_holds_the_conversation_counts_nothing_and_gives_nothing_back(redis: Connection) -> None:
    limits, lease = TurnLimits(redis), await held(redis, 1)
    await limits.take(lease, 7, 7, day=day(5), per_conversation=None)
    later = await again(redis, lease.conv)
    for late in (limits.take(lease, 8, 8, day=day(5), per_conversation=None), limits.give_back(lease, 7)):
        with pytest.raises(Stale):
            await late
    assert await BudgetStore(redis).used(day(5)) == 1
    await limits.give_back(later, 7)
    await limits.give_back(later, 7)
    assert await BudgetStore(redis).used(day(5)) == 0


async def test_a_conversation_that_was_resolved_begins_anew(redis: Connection) -> None:
    limits, lease = TurnLimits(redis), await held(redis, 1)
    assert (await limits.take(lease, 7, 7, day=None, per_conversation=1)).reached is None
    assert (await limits.take(lease, 8, 8, day=None, per_conversation=1)).reached == "conversation"
    await redis.hset(keys.state(lease.conv), "closed", "1795183401000")  # type: ignore[misc]
    assert (await limits.take(lease, 8, 8, day=None, per_conversation=1)).reached is None
    assert (await limits.take(lease, 9, 9, day=None, per_conversation=1)).reached == "conversation"


async def test_each_threshold_is_told_once(redis: Connection) -> None:
    limits, lease = TurnLimits(redis), await held(redis, 1)
    counter = day(10, thresholds=(5, 9))
    passed = [(await limits.take(lease, n, n, day=counter, per_conversation=None)).passed for n in range(7, 17)]
    assert passed == [None] * 4 + [0] + [None] * 3 + [1, None]


STEPS = st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=25)


@given(steps=STEPS, most=st.integers(0, 4), of_one=st.integers(1, 3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_never_more_than_the_limits_whatever_is_tried_and_given_back(
    redis_url: str, steps: list[tuple[int, bool, bool]], most: int, of_one: int
) -> None:
    """Against a model of sets: a step is a conversation, whether its burst is a new one, and whether it is answered."""

    async def play() -> None:
        redis = connect(redis_url)
        await redis.flushdb()
        limits, holds = TurnLimits(redis), {number: await held(redis, number) for number in (1, 2, 3)}
        burst, counted = dict.fromkeys(holds, 7), {number: set[int]() for number in holds}
        for number, new, answered in steps:
            burst[number] += 2 * new
            first, room = burst[number], sum(map(len, counted.values())) < most and len(counted[number]) < of_one
            taken = await limits.take(holds[number], first, first + 1, day=day(most), per_conversation=of_one)
            assert (taken.reached is None) == (room or first in counted[number])
            if taken.reached is None:
                counted[number].add(first)
            if not answered:
                await limits.give_back(holds[number], first)
                counted[number].discard(first)
            assert await BudgetStore(redis).used(day(most)) == sum(map(len, counted.values()))
        await redis.aclose()

    asyncio.run(play())


@dataclass
class Asked:
    """A turn, as far as its budget goes."""

    start: TurnStart
    settings: Settings
    deliveries: tuple[Delivery, ...] = (delivery(7, conversation=1),)
    counted: bool = False

    @property
    def last(self) -> Delivery:
        return self.deliveries[-1]


def limited(lease: FencedLease, zone: str | None = None, **budget: object) -> Asked:
    hours = {"hours": {"time_zone": zone, "week": {}}} if zone else {}
    start = TurnStart(lease, 0, 0, (), (), (), ())
    return Asked(start, Settings.model_validate({"budget": budget, **hours}))


async def test_a_day_is_one_in_the_tenants_time_zone(redis: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 11, 28, 2, 30, tzinfo=UTC)
    monkeypatch.setattr("workers.account.turn_budget.time.time", moment.timestamp)
    await TurnBudget(redis).take(limited(await held(redis, 1), "America/Sao_Paulo", turns_per_day=1))
    await TurnBudget(redis).take(limited(await held(redis, 2), "Asia/Tokyo", turns_per_day=1))
    assert {name async for name in redis.scan_iter("cw:spent:*")} == {
        b"cw:spent:1:tenant:turns:2026-11-27", b"cw:spent:1:tenant:turns:2026-11-28",
    }  # fmt: skip
    with pytest.raises(BudgetSpent, match="turns of this tenant"):
        await TurnBudget(redis).take(limited(await held(redis, 3), "America/Sao_Paulo", turns_per_day=1))


async def test_without_a_limit_nothing_is_asked_or_kept(redis: Connection) -> None:
    asked = limited(await held(redis, 1))
    await TurnBudget(redis).take(asked)
    assert not asked.counted
    assert not await redis.hexists(keys.state("1:1"), "taken")  # type: ignore[misc]


async def test_without_redis_it_lets_pass_and_says_so() -> None:
    away = connect("unix:///nowhere/redis.sock")
    before, asked = FAILED_OPEN.labels("turns")._value.get(), limited(FencedLease("1:1", "j", 1), turns_per_day=0)
    await TurnBudget(away).take(asked)
    assert FAILED_OPEN.labels("turns")._value.get() == before + 1
    await away.aclose()
