"""Chatwoot refuses a token, or somebody answers in its place: everybody is answered once when it is over, by itself.

Account 1 has a user token, account 2 has the bot's alone.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from chatwootai.stores import keys
from chatwootai.stores.installation.refusals import Refusals
from chatwootai.stores.server.connection import connect
from sandbox.installation.system import Plan
from tests.faults import desk as desks
from tests.faults.desk import LEASE, SETTINGS, Desk, Ground, scaled

CUSTOMERS = scaled(25)
FEW = 10
"""Model calls that a refused token may cost, however many write."""


class BotOnly(Ground):
    """An installation whose second account has no user token."""

    def _configure(self) -> None:
        super()._configure()
        file = self.configuration / "chatwoot_mapping.yaml"
        mapping = yaml.safe_load(file.read_text())
        del mapping["accounts"]["2"]["user_token"]
        file.write_text(yaml.safe_dump(mapping, sort_keys=False))


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    environ = {"WORKER_LEASE_SECONDS": str(LEASE)}
    plan = Plan(ingresses=2, workers=2, llm=("--latency", "fixed:300ms"), environ=environ, settings=SETTINGS)
    system = BotOnly(plan)
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def desk(desk: Desk) -> Desk:
    connection = connect(desk.ground.redis_url)
    await connection.delete(keys.DEAD)
    await connection.aclose()
    return desk


async def refused(desk: Desk) -> list[tuple[str, str]]:
    connection = connect(desk.ground.redis_url)
    try:
        return [(one.account, one.owner) for one in await Refusals(connection).all()]
    finally:
        await connection.aclose()


async def parked(desk: Desk, account: int) -> int:
    connection = connect(desk.ground.redis_url)
    try:
        return int(await connection.zcard(f"cw:parked:{account}"))
    finally:
        await connection.aclose()


async def until(holds: Any, within: float = desks.PATIENCE) -> None:
    """Wait until an awaitable condition holds."""
    async with asyncio.timeout(within):
        while not await holds():  # noqa: ASYNC110 - what is asked is another process
            await asyncio.sleep(0.05)


async def crowd(desk: Desk, account: int, customers: int = CUSTOMERS) -> None:
    """So many new customers of one account write at once."""

    async def one(number: int) -> None:
        code = f"CW-{next(desk._numbers)}"
        channel = desks._CHANNELS[number % 3]
        desk.asked[code] = await desk.driver.write(account, channel, f"Onde fica a loja? {code}.", new=True)

    await asyncio.gather(*(one(number) for number in range(customers)))


async def drafts(desk: Desk) -> int:
    return int((await desk.llm.stats())["requests"])


def said(desk: Desk, event: str, account: int) -> list[dict[str, Any]]:
    """What the workers logged of the account under this name: one worker's lines after the other's."""
    lines = [line for log in desk.ground.folder.glob("worker*.log") for line in log.read_bytes().splitlines()]
    found = [json.loads(line) for line in lines if f'"{event}"'.encode() in line]
    return [one for one in found if one["account"] == str(account)]


async def said_since(desk: Desk, event: str, account: int, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was logged and is not among `before`, once there is something: a line is written after what it tells."""
    new: list[dict[str, Any]] = []

    async def written() -> bool:
        new[:] = [one for one in said(desk, event, account) if one not in before]
        return bool(new)

    await until(written)
    return new


async def all_is_well(desk: Desk) -> None:
    """Everybody answered once, nobody with people, no dead letter, no try counted, nothing refused any more."""
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0
    assert tally.tried == 0
    connection = connect(desk.ground.redis_url)
    letters = await connection.zcard(keys.DEAD)
    await connection.aclose()
    assert letters == 0
    assert await refused(desk) == []


@pytest.mark.parametrize("account", [1, 2], ids=["user-token", "bot-only"])
async def test_bot_token_refused(desk: Desk, account: int) -> None:
    """A crowd writes meanwhile; other accounts are served; all are answered when the token is taken again."""
    before = said(desk, "chatwoot_refuses_token", account) + said(desk, "chatwoot_takes_token", account)
    await desk.driver.fault("status", status=401, on="*", account=account, token="bot", times=None)
    await crowd(desk, account)
    await until(lambda: _waits(desk, account))
    assert await refused(desk) == [(str(account), "bot")]
    assert await drafts(desk) <= FEW
    await crowd(desk, 3 - account, 4)
    await desk.answers(4)
    assert await drafts(desk) <= FEW + 4
    await desk.driver.clear_faults()
    await all_is_well(desk)
    told = await said_since(desk, "chatwoot_refuses_token", account, before)
    assert [one["which"] for one in told] == ["bot_token"]
    assert "chatwoot_mapping.yaml:" in told[0]["mapping"]
    assert len(await said_since(desk, "chatwoot_takes_token", account, before)) == 1


async def _waits(desk: Desk, account: int) -> bool:
    """Whether all but the one that looks wait for the token."""
    return await parked(desk, account) >= CUSTOMERS - 1


@pytest.mark.parametrize("account", [1, 2], ids=["user-token", "bot-only"])
async def test_bot_token_refused_under_load(desk: Desk, account: int) -> None:
    """Refused in the midst of a crowd, and again: what was drafted is kept, and posted once."""

    async def trouble() -> None:
        for _ in range(2):
            await desk.answers(len(desk.answered) + 4)
            await desk.driver.fault("status", status=401, on="*", account=account, token="bot", times=None)
            await until(lambda: _is_refused(desk))
            await asyncio.sleep(1.0)  # the crowd writes on
            await desk.driver.clear_faults()
            await until(lambda: _is_taken(desk))

    await desks.with_trouble(desk.crowd(scaled(40), per_second=8), trouble())
    await all_is_well(desk)


async def _is_refused(desk: Desk) -> bool:
    return bool(await refused(desk))


async def _is_taken(desk: Desk) -> bool:
    return not await refused(desk)


async def test_worker_killed_while_it_looks(desk: Desk) -> None:
    await desk.driver.fault("status", status=401, on="*", account=1, token="bot", times=None)
    await crowd(desk, 1)
    await until(lambda: _waits(desk, 1))
    for name in ("worker", "worker-2"):
        await desk.ground.kill(name)
    await desk.ground.revive("worker", "worker-2")
    await desk.driver.clear_faults()
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off == 0


async def test_posting_alone_is_refused(desk: Desk) -> None:
    """It may look, and not post: that is known from the first post on, and then one conversation tries."""
    await desk.driver.fault("status", status=401, on="messages#create", account=1, token="bot", times=None)
    await crowd(desk, 1, 2)
    await until(lambda: _is_refused(desk))
    await crowd(desk, 1)
    await until(lambda: _waits(desk, 1))
    assert await drafts(desk) <= FEW
    await desk.driver.clear_faults()
    await all_is_well(desk)


async def test_user_token_refused_closes_nothing(desk: Desk) -> None:
    await desk.driver.fault("status", status=401, on="*", account=1, token="user", times=None)
    await desk.driver.fault("cut", on="messages#create", account=1, times=3)  # so that marks are looked for
    await crowd(desk, 1)
    await desk.answers(CUSTOMERS)
    assert ("1", "bot") not in await refused(desk)
    await desk.driver.clear_faults()
    await until(lambda: _is_taken(desk))
    await all_is_well(desk)


async def test_another_token_is_tried_at_once(desk: Desk) -> None:
    """The operator writes a token that works; nobody restarts anything."""
    file = desk.ground.configuration / "chatwoot_mapping.yaml"
    good, before = file.read_text(), await in_force(desk)
    file.write_text(good.replace("${CHATWOOT_1_BOT_TOKEN}", "${CHATWOOT_1_BOT_TOKEN}x"))
    try:
        await until(lambda: _all_but(desk, before))
        await crowd(desk, 1)
        await until(lambda: _waits(desk, 1))
        assert await drafts(desk) <= FEW
    finally:
        file.write_text(good)
    await all_is_well(desk)


async def in_force(desk: Desk) -> set[str]:
    """The digests of the configurations that the workers have."""
    found = set()
    for worker in ("worker", "worker-2"):
        async with desk.session.get(desk.ground.url(worker) + "/readyz") as response:
            found.add((await response.json())["checks"]["config"]["digest"])
    return found


async def _all_but(desk: Desk, before: set[str]) -> bool:
    return not await in_force(desk) & before


PAGES = [
    "traefik-404",
    "firewall-403",
    "basic-401",
    "kong-401",
    "login",
    "maintenance",
    "cloudflare-json",
    "gateway-502",
]


@pytest.mark.parametrize("page", PAGES)
async def test_somebody_else_answers(desk: Desk, page: str) -> None:
    """A proxy's page for every call of every account while customers write; then Chatwoot is back."""
    await desk.driver.fault("page", page=page, on="*", times=None)
    await desk.crowd(scaled(8), per_second=8)
    await until(lambda: _put_off(desk))
    await desk.driver.clear_faults()
    await all_is_well(desk)


async def _put_off(desk: Desk) -> bool:
    connection = connect(desk.ground.redis_url)
    try:
        return int(await connection.zcard(keys.SCHEDULED)) >= 3
    finally:
        await connection.aclose()


async def test_deleted_conversation_closes_nobody(desk: Desk) -> None:
    """Chatwoot's own 404 for one conversation is final there, and there alone."""
    await crowd(desk, 1, 2)
    await desk.answers(2)
    lost = await desk.driver.write(1, "whatsapp", "Oi, onde fica?", new=True)
    await desk.driver.fault("status", status=404, on="*", account=1, conversation=lost.conversation, times=None)
    await crowd(desk, 1, 6)
    await desk.answers(8)
    await desk.idle()
    assert await refused(desk) == []


async def test_lost_account_is_waited_for(desk: Desk) -> None:
    """Chatwoot's own 404 for every conversation: a database that is being put back, or a wrong number."""
    await crowd(desk, 2, 2)
    await desk.answers(2)
    await desk.driver.fault("status", status=404, on="*", account=2, times=None)
    await crowd(desk, 2, 8)
    await until(lambda: _is_refused(desk))
    await desk.driver.clear_faults()
    await all_is_well(desk)
