"""Troubles that an operator mends with one command or none: the model's key, the bot's token.

A door that was down: tests/integration/workers/test_catch_up_opened.py.
"""

import asyncio
from datetime import UTC, datetime

from chatwootai.stores import keys
from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.world import seed
from tests.faults.desk import SCALE, Desk, Ground, scaled
from tests.integration.ops.test_ops_jobs import Desk as Operator

CUSTOMERS = scaled(20)
FEW = 10
"""Model calls that a refused token may cost, however many write."""


def operator(ground: Ground) -> Operator:
    environ = {"REDIS_URL": ground.redis_url, "CHATWOOTAI_CONFIG": str(ground.configuration)}
    return Operator({**environ, **seed.environ(ground.world, ground.url("chatwoot"))})


async def dead_letters(desk: Desk) -> int:
    connection = connect(desk.ground.redis_url)
    try:
        return int(await connection.zcard(keys.DEAD))
    finally:
        await connection.aclose()


async def test_a_model_that_refused_is_made_up_for(desk: Desk) -> None:
    """Everybody goes to people with the cause; one command, and everybody is answered, once."""
    before, began = await dead_letters(desk), datetime.now(UTC).isoformat(timespec="seconds")
    await desk.llm.fault("server_error", share=1.0, status=401)
    await desk.crowd(CUSTOMERS, per_second=50, most=1)
    await desk.settled()
    assert desk.answered == set()
    hand = operator(desk.ground)
    for _ in range(100):  # workers tell of it once in a while
        told = (await hand.says("jobs", "stats", "--json")).data["incidents"]
        if "model" in {one["kind"] for one in told}:
            break
        await asyncio.sleep(0.2)
    assert "model" in {one["kind"] for one in told}
    listed = (
        await hand.says("jobs", "list", "--state", "handed-over", "--cause", "model", "--since", began, "--json")
    ).data
    assert {one["conv"] for one in listed["turns"]} >= {
        f"{one.account}:{one.conversation}" for one in desk.asked.values()
    }
    await desk.llm.heal()
    done = await hand.says("replay", "--cause", "model", "--since", began, "--hand-back", "--yes")
    assert done.code == 0, done
    await desk.answers(CUSTOMERS)
    tally = await desk.tally()
    tally.must_be_clean()
    assert (tally.handed_off, await dead_letters(desk)) == (0, before)
    (entry,) = [one for one in (await hand.says("audit", "--json")).data if one["count"] == CUSTOMERS]
    assert (entry["what"], entry["details"]["cause"]) == ("replay", "model")


async def test_a_token_that_is_refused_under_a_load_that_goes_on(desk: Desk) -> None:
    """Customers write on for seconds (FAULTS_SCALE=4: 30): nobody asks the model, nothing is given up."""
    before = await dead_letters(desk)
    await desk.driver.fault("status", status=401, on="*", account=1, token="bot", times=None)
    await desk.driver.fault("status", status=401, on="*", account=2, token="bot", times=None)
    await desk.crowd(round(60 * max(1.0, SCALE)), per_second=8, most=1)
    assert (await desk.llm.stats())["requests"] <= 2 * FEW  # ten of each account
    assert desk.answered == set()
    await desk.driver.clear_faults()
    await desk.answers(len(desk.asked))
    tally = await desk.tally()
    tally.must_be_clean()
    assert (tally.handed_off, await dead_letters(desk)) == (0, before)
