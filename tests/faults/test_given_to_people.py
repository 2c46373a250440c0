"""What cannot be answered is given to people: once, with a note, in time, and nothing goes round in circles."""

import asyncio
import json
from typing import Any

import pytest

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Sent
from tests.faults.desk import Desk, Tally, scaled

_HUNG = 50.0
"""Seconds that a turn takes which outlives its deadline of 20 and waits for a model that never answers."""


async def dead_letters(desk: Desk) -> int:
    connection = connect(desk.ground.redis_url)
    try:
        return int(await connection.zcard(keys.DEAD))
    finally:
        await connection.aclose()


def refusals_logged(desk: Desk, threads: set[tuple[int, int]]) -> list[dict[str, Any]]:
    """What the workers logged of actions that Chatwoot refused in these conversations."""
    lines = [line for log in desk.ground.folder.glob("worker*.log") for line in log.read_bytes().splitlines()]
    said = [json.loads(line) for line in lines if b'"dead_letter"' in line]
    return [one for one in said if (int(one["account"]), one["conversation"]) in threads]


async def asked(desk: Desk, conversations: int) -> list[Sent]:
    return list(await asyncio.gather(*(desk.write(number=number) for number in range(conversations))))


async def handed_over(desk: Desk, threads: list[Sent]) -> Tally:
    """The tally, once everyone is with people; each has one note, and is open."""
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == len(threads)
    return tally


def by_bot(state: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one for one in state["messages"] if one["sender"]["kind"] == "bot" and one["kind"] == kind]


@pytest.mark.parametrize("refused", [1, None], ids=["reply", "everything"])
async def test_refused_for_good(desk: Desk, refused: int | None) -> None:
    """Chatwoot answers 422: to the reply, or to the note for people too."""
    await desk.llm.latency("fixed:1500ms")
    letters = await dead_letters(desk)
    threads = await asked(desk, scaled(5))
    for sent in threads:
        where = {"account": sent.account, "conversation": sent.conversation}
        await desk.driver.fault("status", status=422, says="Content is too long", times=refused, **where)
    await handed_over(desk, threads)
    assert await dead_letters(desk) == letters + len(threads), "one each, whatever else was refused"
    lines = refusals_logged(desk, {(sent.account, sent.conversation) for sent in threads})
    assert len(lines) == len(threads) * (1 if refused else 2)
    assert all(line["turn"] and line["delivery"] for line in lines), "the note is posted by a later job"
    for sent in threads:
        state = await desk.driver.state(sent)
        assert by_bot(state, "outgoing") == []
        assert len(by_bot(state, "note")) == (1 if refused else 0)
        posts = await desk.driver.calls(conversation=sent.conversation, account=sent.account, action="messages#create")
        assert len(posts) == 2, "the reply and the note, each tried once"


async def test_model_hung_or_overloaded(desk: Desk) -> None:
    await desk.llm.fault("stall", share=1.0, contains="HUNG")
    await desk.llm.fault("rate_limited", share=1.0, contains="BUSY")
    words = [f"{trouble}: onde fica a loja?" for trouble in ("HUNG", "BUSY") for _ in range(scaled(5))]
    await spoken_for(desk, words)


async def test_model_dead(desk: Desk) -> None:
    await desk.ground.kill("llm")
    try:
        await spoken_for(desk, ["Onde fica a loja?"] * scaled(5))
    finally:
        await desk.ground.revive("llm")


async def spoken_for(desk: Desk, words: list[str]) -> None:
    """Each of these gets one prepared sentence, a note, and people, inside the deadline; no slot stays taken."""
    before = (await desk.driver.events(after=10**12))["newest"]
    threads = await asyncio.gather(*(desk.write(words=said, number=n) for n, said in enumerate(words)))
    assert await desk.until(lambda: not desk.unsettled())
    await handed_over(desk, threads)
    for sent in threads:
        state = await desk.driver.state(sent)
        assert len(by_bot(state, "outgoing")) == 1, "one prepared sentence"
        assert len(by_bot(state, "note")) == 1
        opened = await desk.driver.wait_for(sent, "conversation_status_changed", after=before)
        assert opened["at"] - sent.at < _HUNG
    metrics = [await _running(desk, name) for name in ("worker", "worker-2")]
    assert metrics == [0, 0], "no slot is stuck"


async def _running(desk: Desk, worker: str) -> float:
    async with desk.session.get(desk.ground.url(worker) + "/metrics") as response:
        lines = (await response.text()).splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("chatwootai_turns_running "))
