"""Two Chatwoots with the same numbers, two tenants of one domain, one door and one worker: nothing goes across.

Every value that a tenant has holds a canary of its own, and so does what its customers write. All that leaves the
system, and all that it keeps, is looked through: prompts, replies, calls of Chatwoot, logs, every key of Redis.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import Process, free_port
from sandbox.installation.system import Plan, System
from workers.chatwoot.admin import Admin, address

KEYS = ("azul", "bela")
CHATWOOTS = dict(zip(KEYS, ("chatwoot", "chatwoot-2"), strict=True))
SEEDS = dict(zip(KEYS, (7, 8), strict=True))
ACCOUNT, PHONE = 1, "+5531987654321"
MAPPING = """\
version: 1
chatwoot: {azul: {url: "${AZUL_URL}"}, bela: {url: "${BELA_URL}"}}
accounts:
""" + "".join(
    f"""\
  {key}:
    chatwoot: {key}
    id: 1
    name: canary-{key}-mapped
    domain: retail
    tenant: {key}
    webhook_secrets: ["${{{key.upper()}_SECRET}}", "${{{key.upper()}_WEBHOOK_SECRET}}"]
    bot_token: "${{{key.upper()}_BOT_TOKEN}}"
    user_token: "${{{key.upper()}_USER_TOKEN}}"
"""
    for key in KEYS
)
TENANT = """\
company:
  name: canary-{key}-name
  description: canary-{key}-description
  facts:
    estacionamento: O estacionamento fica na canary-{key}-garagem.
greeting: Oi, canary-{key}-greeting!
signature: canary-{key}-signature
tone: canary-{key}-tone
channels: {{whatsapp: {{signature: canary-{key}-below}}}}
promotions: [{{name: canary-{key}-offer, text: canary-{key}-promotion, start: 2020-01-01, end: 2099-12-31}}]
handoff: {{label: canary-{key}-label, teams: {{canary-{key}-team: 1}}, team: canary-{key}-team}}
sentences: {{pt: {{human_requested: canary-{key}-people, handoff: canary-{key}-people}}}}
"""
ANSWERS = 'pix: {{questions: [vocês aceitam pix], answer: "Sim: canary-{key}-curated."}}\n'


class Two(System):
    """An installation that serves one account of each of two Chatwoots, both with the number 1."""

    def __init__(self) -> None:
        super().__init__(Plan(settings="rate_per_minute: 100000\ndeadline_ms: 60000\n"))
        self.worlds = {key: seed.plant(World(seed=SEEDS[key])) for key in KEYS}
        self._ports["chatwoot-2"] = free_port()

    @cached_property
    def processes(self) -> dict[str, Process]:
        """All processes, the second Chatwoot last."""
        other = ("--port", str(self.port("chatwoot-2")), "--ingress", "http://127.0.0.1:9", "--seed", "8")
        second = Process("chatwoot-2", "sandbox.chatwoot", *other, environ={}, folder=self.folder)
        return {**super().processes, "chatwoot-2": second}

    def _configure(self) -> None:
        super()._configure()
        (self.configuration / "chatwoot_mapping.yaml").write_text(MAPPING, encoding="utf-8")
        for key in KEYS:
            folder = self.configuration / "domains/retail" / key
            crew = folder / "crews/customer_service/channels/whatsapp.yaml"
            crew.parent.mkdir(parents=True)
            crew.write_text(f"tone: canary-{key}-crew\n", encoding="utf-8")
            (folder / "config.yaml").write_text(TENANT.format(key=key), encoding="utf-8")
            (folder / "answers.yaml").write_text(ANSWERS.format(key=key), encoding="utf-8")

    def _environ(self, **own: str) -> dict[str, str]:
        named = {f"{key.upper()}_{name}": value for key in KEYS for name, value in self.secrets(key).items()}
        urls = {f"{key.upper()}_URL": self.url(CHATWOOTS[key]) for key in KEYS}
        return super()._environ(**named, **urls, **own)

    def secrets(self, key: str) -> dict[str, str]:
        """What the account's Chatwoot and we know."""
        known = seed.environ(self.worlds[key])
        return {name.removeprefix("CHATWOOT_1_"): value for name, value in known.items() if "_1_" in name}

    async def ready(self, name: str, seconds: float = 60.0) -> None:
        if name == "chatwoot-2":
            await self.processes[name].answers(self.url(name) + "/", seconds)
        else:
            await super().ready(name, seconds)

    async def moved(self) -> None:
        """Let each Chatwoot report to the address of its own account."""
        async with aiohttp.ClientSession() as session:
            for key, name in CHATWOOTS.items():
                admin = Admin(session, self.url(name), ACCOUNT, self.secrets(key)["USER_TOKEN"])
                setup, wanted = await admin.setup(), address(self.url("ingress"), key)
                for bot in setup.bots:
                    await admin.move_bot(bot.id, wanted)
                for hook in setup.webhooks:
                    await admin.change_webhook(hook, wanted)


@pytest.fixture(scope="module")
def two() -> Iterator[Two]:
    system = Two()
    try:
        asyncio.run(system.start())
        asyncio.run(system.moved())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def drivers(two: Two) -> AsyncIterator[dict[str, Driver]]:
    async with Driver(two.url("chatwoot")) as one, Driver(two.url("chatwoot-2")) as other:
        yield dict(zip(KEYS, (one, other), strict=True))


def marks(text: str) -> set[str]:
    """Whose values a text holds."""
    return {key for key in KEYS if f"canary-{key}-" in text}


async def talk(key: str, driver: Driver) -> Sent:
    """The same customer, by phone and words, writes to each; only the canary of what he writes differs."""
    said = f"canary-{key}-said"
    sent = await driver.write(
        ACCOUNT, "whatsapp", f"Onde fica o estacionamento? {said}", contact={"name": "Ana", "phone_number": PHONE}
    )
    await driver.wait_for_reply(sent, within=60)
    for words in (f"E abre no domingo? {said}", "vocês aceitam pix?", f"Quero falar com uma pessoa {said}"):
        sent = await driver.answer(sent, "whatsapp", words)
        await driver.wait_for_reply(sent, within=60)
    await driver.wait_for_status(sent, "open", within=60)
    return sent


async def content(redis: Connection, key: str) -> str:
    """A key of Redis with all that is under it, as text."""
    kind = (await redis.type(key)).decode()
    readers: dict[str, Any] = {
        "string": lambda: redis.get(key),
        "hash": lambda: redis.hgetall(key),
        "list": lambda: redis.lrange(key, 0, -1),
        "set": lambda: redis.smembers(key),
        "zset": lambda: redis.zrange(key, 0, -1, withscores=True),
        "stream": lambda: redis.xrange(key),
    }
    return f"{key} {await readers[kind]()!r}"


async def test_no_value_of_one_is_anywhere_with_the_other(two: Two, drivers: dict[str, Driver]) -> None:
    sent = dict(zip(KEYS, await asyncio.gather(*(talk(key, driver) for key, driver in drivers.items())), strict=True))
    assert sent["azul"][:2] == sent["bela"][:2]  # the same account and conversation, by number
    async with aiohttp.ClientSession() as session:
        prompts = [str(each) for each in await two.llm(session).requests("canary-")]
    connection = connect(two.redis_url)
    kept = [await content(connection, key.decode()) async for key in connection.scan_iter("*")]
    await connection.aclose()

    assert {frozenset(marks(each)) for each in prompts} == {frozenset({key}) for key in KEYS}
    for value in ("name", "description", "garagem", "tone", "promotion", "crew", "said"):
        assert all(any(f"canary-{key}-{value}" in each for each in prompts) for key in KEYS), value
    for key, driver in drivers.items():
        state = str(await driver.state(sent[key]))
        everything = state + str(await driver.calls()) + str(await driver.conversations())
        assert marks(everything) == {key}
        for value in ("greeting", "garagem", "curated", "people", "label", "below"):
            assert f"canary-{key}-{value}" in everything, value
        own = [each for each in kept if key in each.partition(" ")[0]]
        assert {mark for each in own for mark in marks(each)} == {key}
    shared = [each for each in kept if len(marks(each)) > 1 and not each.startswith("cw:config:")]
    assert [each.partition(" ")[0] for each in shared] == []


async def test_no_secret_of_either_is_in_redis_or_a_log_nor_what_anybody_said(two: Two) -> None:
    logs = {path.name: path.read_text(encoding="utf-8") for path in two.folder.glob("*.log")}
    connection = connect(two.redis_url)
    kept = "".join([await content(connection, key.decode()) async for key in connection.scan_iter("*")])
    await connection.aclose()
    for name in ("ingress.log", "worker.log"):
        assert logs[name]
        assert "canary-" not in logs[name]
    for key in KEYS:
        for name, value in two.secrets(key).items():
            assert value not in kept + logs["ingress.log"] + logs["worker.log"], name


async def test_each_has_a_door_that_the_others_secret_does_not_open(two: Two, drivers: dict[str, Driver]) -> None:
    await asyncio.gather(*(talk(key, driver) for key, driver in drivers.items()))
    answers = {
        key: {attempt["status"] for each in await driver.deliveries() for attempt in each["attempts"]}
        for key, driver in drivers.items()
    }
    assert all(200 in found and 401 not in found for found in answers.values()), answers
    async with aiohttp.ClientSession() as session:
        admin = Admin(session, two.url("chatwoot"), ACCOUNT, two.secrets("azul")["USER_TOKEN"])
        for bot in (await admin.setup()).bots:
            await admin.move_bot(bot.id, address(two.url("ingress"), "bela"))
    astray = await drivers["azul"].write(ACCOUNT, "whatsapp", "astray", new=True)
    found = await drivers["azul"].deliveries(
        timeout=60, conversation=astray.conversation, event="message_created", done=True
    )
    assert {attempt["status"] for each in found for attempt in each["attempts"]} == {401}
