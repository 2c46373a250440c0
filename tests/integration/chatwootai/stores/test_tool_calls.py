"""What must not be done twice for one burst: kept in a real Redis, whichever draft, worker or retry asks."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.tool_calls import ToolCalls, known_calls
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.server.connection import Connection
from crews.run_state.tool_result import Fate, ToolAnswer
from crews.runtime import environment
from tests.builders import delivery
from tests.integration.chatwootai.stores.test_stores_conversations import CONV, begin, commit

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


class Draft:
    """What of a draft the calls need to know."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.handoff: str | None = None


class Shop:
    """Counts what it is asked, and answers when it may."""

    def __init__(self, *answers: ToolAnswer) -> None:
        self.answers = list(answers) or [ToolAnswer({"ticket": 1})]
        self.asked = 0
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self) -> ToolAnswer:
        self.asked += 1
        await self.may.wait()
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def calls(redis: Connection, found: TurnStart) -> Any:
    from crews.run_state.tool_calls import BurstToolCalls

    return BurstToolCalls(f"{CONV}:{found.burst}", ToolCalls(redis, found.lease, found.burst), known_calls(found.calls))


async def again(redis: Connection, found: TurnStart) -> TurnStart:
    """The same burst once more, as after a failed try."""
    await Conversations(redis).again(found.lease, after=0)
    return await begin(redis)


async def test_a_later_try_is_given_what_an_earlier_one_was_told_and_a_second_order_is_made(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop, draft = await begin(redis), Shop(ToolAnswer({"ticket": "<1>"})), Draft()
    known = calls(redis, first)
    assert known.reminder() == ""
    texts = [(await known.once(draft, "order", {"sku": "a"}, shop)).text for _ in range(2)]
    assert shop.asked == 2  # the same draft asked twice: two pieces
    await Mailbox(redis).admit(delivery(8), priority=5)  # newer messages are the same burst
    second = calls(redis, await again(redis, first))
    assert second.burst == known.burst
    later = Draft()
    kept = [await second.once(later, "order", {"sku": "a"}, shop) for _ in range(2)]
    assert [each.text for each in kept] == texts
    assert [each.outcome for each in kept] == ["kept", "kept"]
    assert shop.asked == 2
    assert later.handoff is None
    await second.once(later, "order", {"sku": "a"}, shop)
    assert shop.asked == 3
    assert "order" in second.reminder()
    assert len(second.done) == 3


async def test_what_was_begun_and_never_ended_is_not_made_again_and_wants_a_person(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop()
    shop.may.clear()
    known = calls(redis, first)
    running = asyncio.create_task(known.once(Draft(), "order", {"sku": "a"}, shop))
    while not shop.asked:  # noqa: ASYNC110 - the shop only counts
        await asyncio.sleep(0.01)
    second, draft = calls(redis, await again(redis, first)), Draft()  # as another worker sees it
    for sku in ("a", "a"):
        found = await second.once(draft, "order", {"sku": sku}, shop)
        assert found.fate is Fate.UNKNOWN
        assert "do not call it again" in found.text
    assert (await second.once(draft, "order", {"sku": "b"}, Shop())).fate is Fate.DONE  # another order is none of it
    assert draft.handoff
    assert shop.asked == 1
    assert [each.arguments for each in second.doubtful] == ['{"sku": "a"}']
    shop.may.set()
    await running  # the first worker lives on: what happened is written down all the same
    assert calls(redis, await begin_of(redis)).doubtful == ()


async def begin_of(redis: Connection) -> TurnStart:
    """The hold as it is now."""
    state = await redis.hgetall(keys.state(CONV))
    found = await Conversations(redis).begin(CONV, state[b"job"].decode(), "w1")
    assert found is not None
    return found


async def test_two_orders_alike_that_are_asked_for_at_once_are_two(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    known, shop, draft = calls(redis, await begin(redis)), Shop(), Draft()
    both = await asyncio.gather(*(known.once(draft, "order", {}, shop) for _ in range(2)))
    assert [each.fate for each in both] == [Fate.DONE, Fate.DONE]
    assert shop.asked == 2


async def test_a_draft_that_is_thrown_away_leaves_the_call_running_for_the_next(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    known, shop = calls(redis, await begin(redis)), Shop()
    shop.may.clear()
    first = asyncio.create_task(known.once(Draft(), "order", {}, shop))
    while not shop.asked:  # noqa: ASYNC110 - the shop only counts
        await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    next_draft = asyncio.create_task(known.once(Draft(), "order", {}, shop))
    await asyncio.sleep(0)
    shop.may.set()
    assert '"ticket": 1' in (await next_draft).text
    assert shop.asked == 1


@pytest.mark.parametrize(
    ("fate", "asked", "doubtful"),
    [(Fate.DONE, 1, 0), (Fate.FAILED, 1, 0), (Fate.UNKNOWN, 1, 1), (Fate.REFUSED, 2, 0), (Fate.UNSENT, 2, 0)],
)
async def test_only_what_surely_was_not_done_is_tried_again(
    redis: Connection, fate: Fate, asked: int, doubtful: int
) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop(ToolAnswer({"error": "x"}, fate))
    await calls(redis, first).once(Draft(), "order", {}, shop)
    second = calls(redis, await again(redis, first))
    await second.once(Draft(), "order", {}, shop)
    assert shop.asked == asked
    assert len(second.doubtful) == doubtful


async def look(known: Any, draft: Draft, shop: Shop, about: str = "a", *, reads: bool = True) -> Any:
    return await known.again(draft, "look", {"about": about}, shop, reads=reads)


@pytest.mark.parametrize("reads", [True, False])
async def test_what_may_be_repeated_is_not_where_it_need_not_be(redis: Connection, reads: bool) -> None:
    """Not by the next draft, nor by another worker; but a draft that asks twice is answered twice."""
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop(ToolAnswer({"stock": 1}), ToolAnswer({"stock": 2}))
    known, draft = calls(redis, first), Draft()
    texts = [(await look(known, draft, shop, reads=reads)).text for _ in range(2)]
    assert shop.asked == 2
    later = Draft()
    kept = [await look(known, later, shop, reads=reads) for _ in range(2)]
    assert ([each.text for each in kept], {each.outcome for each in kept}) == (texts, {"kept"})
    second = calls(redis, await again(redis, first))
    draft = Draft()
    assert (await look(second, draft, shop, reads=reads)).text == texts[0]
    assert (await look(second, draft, shop, "b", reads=reads)).outcome == "ok"
    assert shop.asked == 3
    assert (second.reminder(), second.has_final, second.done, second.doubtful) == ("", False, (), ())


async def test_what_was_read_is_read_again_once_something_was_changed_and_after_some_minutes(
    redis: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop()
    known = calls(redis, first)
    await look(known, Draft(), shop)
    await known.again(Draft(), "put", {}, Shop(), reads=False)
    await look(known, Draft(), shop)
    assert shop.asked == 2
    await look(known, Draft(), shop)  # read after the change
    assert shop.asked == 2
    await known.once(Draft(), "order", {}, Shop())
    await look(calls(redis, await again(redis, first)), Draft(), shop)
    assert shop.asked == 3
    monkeypatch.setattr("crews.run_state.tool_calls._FRESH", 0.0)
    await known.again(Draft(), "put", {}, (put := Shop()), reads=False)
    assert put.asked == 1


@pytest.mark.parametrize("fate", [Fate.FAILED, Fate.UNKNOWN, Fate.UNSENT, Fate.REFUSED])
async def test_what_failed_and_may_be_repeated_is_asked_again(redis: Connection, fate: Fate) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    known, shop = calls(redis, await begin(redis)), Shop(ToolAnswer({"error": "x"}, fate))
    for _ in range(2):
        await look(known, Draft(), shop)
    assert shop.asked == 2


async def test_what_was_read_takes_no_room_from_what_must_not_be_repeated(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    known, shop = calls(redis, await begin(redis)), Shop()
    for number in range(40):
        await look(known, Draft(), shop, str(number))
    assert await redis.hlen(keys.calls(CONV, "7")) == 24
    assert (await known.once(Draft(), "order", {}, Shop())).fate is Fate.DONE


async def test_a_worker_that_lost_its_conversation_uses_no_tool(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop()
    stale = calls(redis, first)
    await again(redis, first)
    assert (await stale.once(Draft(), "order", {}, shop)).fate is Fate.UNSENT
    assert shop.asked == 0


async def test_the_next_burst_begins_with_nothing_and_a_repeated_one_with_what_was_done(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    first, shop = await begin(redis), Shop()
    await calls(redis, first).once(Draft(), "order", {}, shop)
    await commit(redis, first)
    await Conversations(redis).finish(first.lease)
    await Mailbox(redis).admit(delivery(8), priority=5)
    second = await begin(redis)
    assert second.burst == "8"
    await calls(redis, second).once(Draft(), "order", {}, shop)
    assert shop.asked == 2
    assert await redis.hlen(keys.calls(CONV, "7")) == 1  # for whoever answers the first one again
    assert 0 < await redis.pttl(keys.calls(CONV, "7")) <= lifetimes.CALLS_MS


async def test_arguments_are_cut_and_too_many_calls_refused(redis: Connection) -> None:
    await Mailbox(redis).admit(delivery(7), priority=5)
    known, shop, draft = calls(redis, await begin(redis)), Shop(ToolAnswer("x" * 100_000)), Draft()
    fates = [(await known.once(draft, "order", {"n": n, "text": "y" * 10_000}, shop)).fate for n in range(66)]
    assert fates == [Fate.DONE] * 64 + [Fate.REFUSED] * 2
    assert shop.asked == 64
    entries = await redis.hvals(keys.calls(CONV, "7"))
    assert max(map(len, entries)) < 20_000
