"""The index of turns and the figures of days: what was written is what is counted, found again, and bounded."""

import random
from collections import Counter
from datetime import date

import pytest

from chatwootai.stores import keys, lifetimes
from chatwootai.stores.figures.day_counts import sum_counts
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.figures.histogram import BOUNDS
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def ended(number: int, **changes: object) -> EndedTurn:
    fields = {
        "account": "1", "turn": f"{number:032x}", "conversation": number, "inbox": 17, "channel": "whatsapp",
        "outcome": "reply", "served_by": "crew", "seconds": 1.2, "cost": 1_000, "tokens": 900, "config": 3,
        "late": "model",
    }  # fmt: skip
    return EndedTurn(**{**fields, **changes})  # type: ignore[arg-type]


def played(count: int) -> list[tuple[EndedTurn, date]]:
    """Turns of every kind, of two accounts on two days."""
    dice = random.Random(7)
    kinds = [
        {"outcome": "reply", "served_by": "crew"},
        {"outcome": "reply", "served_by": "cache", "cost": 0, "tokens": 0},
        {"outcome": "handoff", "served_by": "people", "cause": "asked"},
        {"outcome": "handoff", "served_by": "people", "cause": "model", "why": "key_refused"},
        {"outcome": "handoff", "served_by": "people", "cause": "topic", "why": "Troca\tde produto"},
        {"outcome": "silence", "served_by": "", "why": "STEPPED_IN"},
    ]
    return [
        (
            ended(
                number,
                account=dice.choice("12"),
                channel=dice.choice(["whatsapp", "email"]),
                seconds=round(dice.uniform(0.05, 8), 3),
                **dice.choice(kinds),
            ),
            dice.choice([MONDAY, TUESDAY]),
        )
        for number in range(count)
    ]


async def test_days_count_what_was_played(redis: Connection) -> None:
    figures, turns = Figures(redis), played(500)
    for turn, day in turns:
        await figures.write(turn, {"outcome": turn.outcome}, day, superseded=turn.conversation % 2)
    for account in ("1", "2", None):
        mine = [(turn, day) for turn, day in turns if account in {None, turn.account}]
        days = await figures.days(account, [MONDAY, TUESDAY, date(2026, 11, 25)])
        assert [one.turns() for one in days] == [
            sum(day == MONDAY for _, day in mine), sum(day == TUESDAY for _, day in mine), 0,
        ]  # fmt: skip
        counts = sum_counts(days)
        replies = sorted(turn.seconds for turn, _ in mine if turn.outcome == "reply")
        assert counts.outcomes == Counter((turn.outcome, turn.channel) for turn, _ in mine)
        assert counts.by_cause() == Counter(turn.cause for turn, _ in mine if turn.cause)
        assert counts.silences == {"STEPPED_IN": sum(turn.outcome == "silence" for turn, _ in mine)}
        assert counts.served_by == Counter(turn.served_by for turn, _ in mine if turn.served_by)
        assert counts.fast == sum(seconds < 3 for seconds in replies)
        assert counts.cost == sum(turn.cost for turn, _ in mine)
        assert counts.tokens == sum(turn.tokens for turn, _ in mine)
        assert counts.superseded == sum(turn.conversation % 2 for turn, _ in mine)
        for share in (0.5, 0.95):
            true, told = replies[int(share * len(replies))], counts.quantile(share)
            assert told is not None
            near = [sum(bound < seconds for bound in BOUNDS) for seconds in (true, told)]
            assert abs(near[0] - near[1]) <= 1


async def test_pages_find_what_was_played_newest_first(redis: Connection) -> None:
    figures, turns = Figures(redis), played(300)
    for turn, day in turns:
        await figures.write(turn, {}, day)
    for wanted in (
        TurnFilter(), TurnFilter(account="1"), TurnFilter(account="2", outcome="handoff", cause="model"),
        TurnFilter(channel="email", slower=3.0), TurnFilter(served_by="cache"), TurnFilter(account="3"),
        TurnFilter(conversation=17), TurnFilter(config=4),
    ):  # fmt: skip
        found, cursor = [], None
        while True:
            page = await figures.page(wanted, most=7, cursor=cursor)
            found += [one.turn.conversation for one in page.turns]
            cursor = page.cursor
            if cursor is None:
                break
        expected = [
            turn.conversation for turn, _ in reversed(turns)
            if wanted.account in {None, turn.account} and wanted.takes(turn)
        ]  # fmt: skip
        assert found == expected, wanted


async def test_a_page_goes_back_to_where_it_is_told(redis: Connection) -> None:
    figures = Figures(redis)
    for number in range(3):
        await figures.write(ended(number), {}, MONDAY)
    newest = (await figures.page(TurnFilter(account="1"))).turns
    later = await figures.page(TurnFilter(account="1", since=newest[0].at + 1))
    before = await figures.page(TurnFilter(account="1", until=newest[-1].at - 1))
    assert (len(newest), later.turns, before.turns) == (3, (), ())
    assert newest[0].turn == ended(2)
    with pytest.raises(ValueError, match="cursor"):
        await figures.page(TurnFilter(), cursor="+ 0 0")


async def test_the_longest_index_gives_way(redis: Connection) -> None:
    figures = Figures(redis, most_of_all=200)
    await figures.write(ended(1, account="quiet"), {}, MONDAY)
    for number in range(600):
        await figures.write(ended(number), {}, MONDAY)
    kept = await figures.accounts()
    assert kept["quiet"] == 1
    assert 150 < kept["1"] < 200
    assert int(await redis.get("cw:turns-kept") or 0) == sum(kept.values())
    assert await redis.xlen(keys.turns("1")) == kept["1"]
    assert (await figures.page(TurnFilter(account="1"), most=1)).turns[0].turn.conversation == 599


async def test_a_redis_that_is_nearly_full_keeps_no_figures(redis: Connection) -> None:
    figures = Figures(redis)
    await redis.set("cw:full", "1")
    await figures.write(ended(1), {"outcome": "reply"}, MONDAY)
    assert (await figures.days("1", [MONDAY]))[0].turns() == 0
    assert await redis.exists(keys.turn(f"{1:032x}"))
    assert not await redis.exists(keys.turns("1"))


async def test_all_of_it_ends(redis: Connection) -> None:
    await Figures(redis).write(ended(1), {}, MONDAY)
    lives = {
        keys.turn(f"{1:032x}"): lifetimes.TURN_MS, keys.turns("1"): lifetimes.TURN_MS,
        keys.TURNS_RECENT: lifetimes.TURN_MS,
        keys.day_counts("1", MONDAY): lifetimes.DAY_COUNTS_MS, keys.day_counts(None, MONDAY): lifetimes.DAY_COUNTS_MS,
    }  # fmt: skip
    for name, most in lives.items():
        assert most - 60_000 < await redis.pttl(name) <= most, name


async def test_rows_of_others_are_left_out(redis: Connection) -> None:
    figures = Figures(redis)
    await redis.xadd(keys.turns("1"), {"t": b"9\tsomething\xff"})
    await figures.write(ended(5), {}, MONDAY)
    assert [one.turn.conversation for one in (await figures.page(TurnFilter(account="1"))).turns] == [5]


async def test_without_redis_it_says_so() -> None:
    nobody = connect("redis://127.0.0.1:1/0")
    try:
        with pytest.raises(StoreUnavailable):
            await Figures(nobody).page(TurnFilter())
    finally:
        await nobody.aclose()
