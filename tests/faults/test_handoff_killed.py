"""kill -9 between any two steps of a handoff: note, label, priority, team, sentence and status each exactly once."""

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world.seed import plant
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import Process
from sandbox.installation.system import Plan, System

ACCOUNT = 2
TEAM = next(team.id for team in plant(World(seed=7)).teams.values() if team.account_id == ACCOUNT)
SETTINGS = f"""
rate_per_minute: 100000
deadline_ms: 60000
burst: {{window_ms: 0, cap_ms: 0}}
handoff: {{teams: {{people: {TEAM}}}, team: people, priority: high, label: handoff, phrases: [falar com uma pessoa]}}
"""
ASK = "Quero falar com uma pessoa"
STEPS = {
    "note": "messages#create",
    "label": "labels#create",
    "priority": "conversations#toggle_priority",
    "team": "assignments#create",
    "sentence": "messages#create",
    "status": "conversations#toggle_status",
}
CUTS = [(step, stored) for step in STEPS for stored in (False, True)]
_WITHIN = 60.0


@pytest.fixture(scope="module")
def shop() -> Iterator[System]:
    """Two workers with a short lease."""
    environ = {"WORKER_LEASE_SECONDS": "1.5"}
    system = System(Plan(workers=2, llm=("--latency", "fixed:50ms"), environ=environ, settings=SETTINGS))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def cut(driver: Driver, sent: Sent, step: str, *, stored: bool) -> None:
    """Let the worker hang in a step of this conversation's handoff: after it was stored, or before."""
    where = {"account": sent.account, "conversation": sent.conversation, "on": STEPS[step]}
    if step == "sentence":  # the second message: the note goes through, and Chatwoot is slow between the two
        await driver.fault("hang", **(where | {"on": "labels#index"}), seconds=1.5)
    else:
        await trap(driver, stored, where)
    await driver.answer(sent, sent.inbox, ASK)
    if step == "sentence":
        async with asyncio.timeout(_WITHIN):
            while not [one for one in (await driver.state(sent))["messages"] if one["kind"] == "note"]:  # noqa: ASYNC110 - another process' work
                await asyncio.sleep(0.02)
        await trap(driver, stored, where)


async def trap(driver: Driver, stored: bool, where: dict[str, Any]) -> None:
    if stored:
        await driver.fault("hang", **where, seconds=120.0)
    else:
        await driver.fault("status", **where, status=503, times=None)


async def caught(driver: Driver, count: int) -> None:
    """Return once the workers hang in so many traps."""
    async with asyncio.timeout(_WITHIN):
        while True:
            faults = [one for one in await driver.ask("GET", "/faults") if one["on"] != "labels#index"]
            if len(faults) == count and all(one["struck"] for one in faults):
                return
            await asyncio.sleep(0.05)


async def kill(*workers: Process) -> None:
    for worker in workers:
        worker.send(signal.SIGKILL)
    for worker in workers:
        await worker.gone()


async def test_a_kill_between_any_two_steps_of_a_handoff(shop: System) -> None:
    workers = [shop.processes[name] for name in ("worker", "worker-2")]
    async with Driver(shop.url("chatwoot")) as driver:
        threads = await asyncio.gather(
            *(driver.write(ACCOUNT, "webchat", "Qual o telefone da loja?", new=True) for _ in CUTS)
        )
        for sent in threads:
            await driver.wait_for_reply(sent, within=_WITHIN)
        at = (await driver.events(after=10**12))["newest"]
        for sent, (step, stored) in zip(threads, CUTS, strict=True):
            await cut(driver, sent, step, stored=stored)
        await caught(driver, len(CUTS))
        await kill(*workers)
        await driver.clear_faults()
        for worker in workers:
            worker.start()
        for sent in threads:
            await driver.wait_for_status(sent, "open", within=_WITHIN)
        await asyncio.gather(*(shop.ready(name) for name in ("worker", "worker-2")))
        await asyncio.sleep(3.0)  # two leases: whoever would do something twice would have done it by now
        for sent, (step, stored) in zip(threads, CUTS, strict=True):
            done = await tally(driver, sent, at)
            assert done == dict.fromkeys(STEPS, 1), (step, stored, done)
            state = await driver.state(sent)
            assert (state["labels"], state["priority"], state["team"]) == (["handoff"], "high", TEAM)


async def tally(driver: Driver, sent: Sent, after: int) -> dict[str, int]:
    """How often each step shows in what happened in a conversation."""
    found = await driver.events(after, account=sent.account, conversation=sent.conversation)
    bot = [one["message"] for one in found["entries"] if one["name"] == "message_created"]
    bot = [message for message in bot if message["sender"]["kind"] == "bot"]
    changed = [one.get("changed", {}) for one in found["entries"] if one["name"] == "conversation_updated"]

    def times(name: str) -> int:
        return sum(name in one for one in changed)

    return {
        "note": sum(message["kind"] == "note" for message in bot),
        "label": times("label_list"),
        "priority": times("priority"),
        "team": times("team_id"),
        "sentence": sum(message["kind"] == "outgoing" for message in bot),
        "status": times("status"),
    }
