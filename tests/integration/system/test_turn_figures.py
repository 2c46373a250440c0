"""What real turns leave in the index and in the figures of their day, through real processes."""

import asyncio
import itertools
from collections.abc import Iterator
from datetime import datetime

import pytest

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.figures.day_counts import DayCounts
from chatwootai.stores.figures.figures import Figures, TurnFilter, TurnPage
from chatwootai.stores.server.connection import connect
from config.settings.settings import Settings
from ops.console.data.conversation import read_conversation
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import System
from sandbox.llm.driver import Driver as Llm
from tests.curated_system import curated_system

ACCOUNT = 1
ANSWERS = "codigo:\n  questions: [o que fazer com o erro 403]\n  answer: 'Envie o número do pedido.'\n"
_numbers = itertools.count(9000)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with curated_system(ANSWERS) as system:
        yield system


async def figures_of(system: System, turns: int) -> tuple[TurnPage, DayCounts]:
    """The index and the account's day, once so many turns are in."""
    redis = connect(system.redis_url, timeout=5.0)
    figures, today = Figures(redis), datetime.now(Settings().zone).date()
    try:
        async with asyncio.timeout(20):
            while True:
                page = await figures.page(TurnFilter(account=str(ACCOUNT)))
                if len(page.turns) >= turns:
                    return page, (await figures.days(str(ACCOUNT), [today]))[0]
                await asyncio.sleep(0.05)
    finally:
        await redis.aclose()


async def test_turns_of_three_kinds_are_counted_once_each(system: System, driver: Driver, llm: Llm) -> None:
    curated = await driver.write(ACCOUNT, "webchat", "o que fazer com o erro 403", new=True)
    await driver.wait_for_reply(curated, within=30)
    crew = await driver.write(ACCOUNT, "webchat", f"Qual o endereço? CW-{next(_numbers)}", new=True)
    await driver.wait_for_reply(crew, within=30)
    await llm.fault(kind="server_error", share=1.0)
    failed = await driver.write(ACCOUNT, "webchat", f"Qual o telefone? CW-{next(_numbers)}", new=True)
    await driver.wait_for_status(failed, "open", within=30)
    await llm.heal()

    page, day = await figures_of(system, 3)
    found = {one.turn.conversation: one.turn for one in page.turns}
    assert [one.turn.conversation for one in page.turns] == [
        failed.conversation, crew.conversation, curated.conversation,
    ]  # fmt: skip
    kinds = [found[one.conversation] for one in (curated, crew, failed)]
    assert [(one.outcome, one.served_by) for one in kinds] == [
        ("reply", "curated"), ("reply", "crew"), ("handoff", "people"),
    ]  # fmt: skip
    assert (found[failed.conversation].cause, found[failed.conversation].why) == ("model", "failing")
    assert found[curated.conversation].cost == 0 < found[crew.conversation].cost
    assert found[crew.conversation].config == 1
    assert (day.turns("reply"), day.by_cause(), day.fast) == (2, {"model": 1}, 2)
    assert day.served_by == {"curated": 1, "crew": 1, "people": 1}
    assert day.cost == sum(one.cost for one in found.values())

    redis = connect(system.redis_url, timeout=5.0)
    record = await Turns(redis).read(found[crew.conversation].turn)
    shown = await read_conversation(redis, f"{ACCOUNT}:{crew.conversation}")
    await redis.aclose()
    assert record is not None
    assert shown is not None
    assert shown.turns[0]["model_calls"] == record["model_calls"]
    (call,) = record["model_calls"]
    assert (call["served_by"], call["requests"], call["hedged"], record["config_version"]) == ("crew", 1, False, 1)
    assert record["cost"] == pytest.approx(call["cost"])
