"""Three accounts in which all is equal but the key: nothing is shared between them.

Their settings stand in one folder, their customers have the same number and ask the same. Two are accounts of one
Chatwoot, two have one number in two Chatwoots, with the same ids of inboxes, contacts, conversations and messages.
"""

import asyncio
import base64
import json
import os
import re
from collections.abc import AsyncIterator, Iterator
from functools import cached_property

import aiohttp
import pytest

from chatwootai.stores.key_list import key_kinds
from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import Process, free_port
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm
from tests.commands import program
from workers.chatwoot.admin import Admin, address

PHONE = "+5531987654321"
QUESTION = "Onde fica o estacionamento?"
PLACES = {"azul": ("chatwoot", 1), "bela": ("chatwoot-2", 1), "cruz": ("chatwoot", 2)}
"""The Chatwoot of each account, and its number there."""
SEEDS = {"chatwoot": 7, "chatwoot-2": 8}
OWNED = ("{account}", "{conv}", "{job}")
"""What says in a key's name whose it is."""
SHARED = re.compile(
    "|".join(
        re.sub(r"\\{\w+\\}", ".+", re.escape(name))
        for name in (kind.pattern for kind in key_kinds())
        if not any(part in name for part in OWNED)
    )
    + "|arq:queue(:health-check)?"
)
"""What the list of keys gives to the installation as a whole: nothing that anybody said or may spend."""
MAPPING = """\
version: 1
chatwoot: {first: {url: "${FIRST_URL}"}, second: {url: "${SECOND_URL}"}}
accounts:
""" + "".join(
    f"""\
  {key}:
    chatwoot: {"first" if chatwoot == "chatwoot" else "second"}
    id: {number}
    domain: retail
    tenant: loja
    webhook_secrets: ["${{{key.upper()}_SECRET}}", "${{{key.upper()}_WEBHOOK_SECRET}}"]
    bot_token: "${{{key.upper()}_BOT_TOKEN}}"
    user_token: "${{{key.upper()}_USER_TOKEN}}"
"""
    for key, (chatwoot, number) in PLACES.items()
)
FOLDER = """\
company: {name: Loja, facts: {estacionamento: O estacionamento fica na garagem ao lado.}}
budget: {per_day: 100, tokens_per_day: 100000000, inbox: {per_day: 50}, contact: {per_day: 50}}
"""


class Three(System):
    """An installation that serves two accounts of one Chatwoot and one of another."""

    def __init__(self) -> None:
        super().__init__(Plan(settings="rate_per_minute: 100000\ndeadline_ms: 60000\n"))
        self.worlds = {name: seed.plant(World(seed=number)) for name, number in SEEDS.items()}
        self._ports["chatwoot-2"] = free_port()

    @cached_property
    def processes(self) -> dict[str, Process]:
        """All processes, the second Chatwoot last."""
        other = ("--port", str(self.port("chatwoot-2")), "--ingress", "http://127.0.0.1:9", "--seed", "8")
        second = Process("chatwoot-2", "sandbox.chatwoot", *other, environ={}, folder=self.folder)
        return {**super().processes, "chatwoot-2": second}

    async def ready(self, name: str, seconds: float = 60.0) -> None:
        if name == "chatwoot-2":
            await self.processes[name].answers(self.url(name) + "/", seconds)
        else:
            await super().ready(name, seconds)

    def secrets(self, key: str) -> dict[str, str]:
        """What the account's Chatwoot and we know."""
        chatwoot, number = PLACES[key]
        known = seed.environ(self.worlds[chatwoot])
        start = f"CHATWOOT_{number}_"
        return {name.removeprefix(start): value for name, value in known.items() if name.startswith(start)}

    def _configure(self) -> None:
        super()._configure()
        (self.configuration / "chatwoot_mapping.yaml").write_text(MAPPING, encoding="utf-8")
        folder = self.configuration / "domains/retail/loja"
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text(FOLDER, encoding="utf-8")

    def _environ(self, **own: str) -> dict[str, str]:
        named = {f"{key.upper()}_{name}": value for key in PLACES for name, value in self.secrets(key).items()}
        urls = {"FIRST_URL": self.url("chatwoot"), "SECOND_URL": self.url("chatwoot-2")}
        return super()._environ(**named, **urls, **own)

    async def moved(self) -> None:
        """Let each account report to its own address."""
        async with aiohttp.ClientSession() as session:
            for key, (chatwoot, number) in PLACES.items():
                admin = Admin(session, self.url(chatwoot), number, self.secrets(key)["USER_TOKEN"])
                setup, wanted = await admin.setup(), address(self.url("ingress"), key)
                for bot in setup.bots:
                    await admin.move_bot(bot.id, wanted)
                for hook in setup.webhooks:
                    await admin.change_webhook(hook, wanted)


@pytest.fixture(scope="module")
def three() -> Iterator[Three]:
    system = Three()
    try:
        asyncio.run(system.start())
        asyncio.run(system.moved())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def drivers(three: Three) -> AsyncIterator[dict[str, Driver]]:
    async with Driver(three.url("chatwoot")) as one, Driver(three.url("chatwoot-2")) as other:
        yield {key: one if chatwoot == "chatwoot" else other for key, (chatwoot, _) in PLACES.items()}


@pytest.fixture
async def connection(three: Three) -> AsyncIterator[Connection]:
    connection = connect(three.redis_url)
    yield connection
    await connection.aclose()


async def talk(key: str, driver: Driver) -> Sent:
    """A customer asks, and sends a voice note; both are answered."""
    number = PLACES[key][1]
    said = {"contact": {"name": "Ana", "phone_number": PHONE}}
    sent = await driver.write(number, "whatsapp", QUESTION, **said)
    await driver.wait_for_reply(sent, within=60)
    voice = base64.b64encode(b"OggS\x00\x02 E abre no domingo VOICE \x00\xff").decode()
    sent = await driver.write(
        number, "whatsapp", conversation=sent.conversation,
        attachments=[{"name": "audio.ogg", "content_type": "audio/ogg", "data": voice}],
    )  # fmt: skip
    await driver.wait_for_reply(sent, within=60)
    return sent


async def all_recorded(connection: Connection, turns: int) -> None:
    """Return once as many turns have their record, which is written after the reply is out."""
    for _ in range(600):
        if len([each async for each in connection.scan_iter("cw:turn:*")]) >= turns:
            return
        await asyncio.sleep(0.1)


def owners(name: str) -> set[str]:
    """The accounts that a key of Redis names."""
    return set(name.split(":")) & set(PLACES)


async def test_every_key_is_one_accounts_and_all_have_the_same(
    three: Three, drivers: dict[str, Driver], connection: Connection
) -> None:
    sent = {key: await talk(key, driver) for key, driver in drivers.items()}
    assert sent["azul"][:2] == sent["bela"][:2]  # the same account and conversation, by number
    await all_recorded(connection, 2 * len(PLACES))
    names = sorted([name.decode() async for name in connection.scan_iter("*")])
    own = [each for each in names if not SHARED.fullmatch(each)]
    assert [each for each in own if len(owners(each)) != 1] == []
    for room in ("cw:conv:", "cw:context:", "cw:media:", "cw:spent:", "cw:done:", "cw:life:", "cw:seen:m:", "cw:kept:"):
        found = {owner for each in own if each.startswith(room) for owner in owners(each)}
        assert found == set(PLACES), room
    spent = {key: [each for each in own if each.startswith(f"cw:spent:{key}:")] for key in PLACES}
    assert {len(each) for each in spent.values()} == {4}  # money and tokens of all, money of the inbox and the contact
    turns = [json.loads(await connection.get(each) or "{}") for each in names if each.startswith("cw:turn:")]
    assert sorted(each["account"] for each in turns) == sorted([*PLACES, *PLACES])


async def test_each_pays_its_own_calls_and_no_answer_serves_another(
    three: Three, drivers: dict[str, Driver], connection: Connection
) -> None:
    async with aiohttp.ClientSession() as session:
        llm = three.llm(session)
        await llm.reset()
        spent = {key: await _spent(connection, key) for key in PLACES}
        for turn, (key, driver) in enumerate(drivers.items(), 1):
            await _ask_anew(key, driver, "Vocês abrem no feriado?")
            assert await _requests(llm) == turn, "an answer of another account served"
            await _ask_anew(key, driver, "Vocês abrem no feriado?")
            assert await _requests(llm) == turn, "its own answer did not serve again"
            now = {each: await _spent(connection, each) for each in PLACES}
            assert {each for each in PLACES if now[each] != spent[each]} == {key}
            spent = now


async def test_emptying_the_cache_of_one_leaves_the_others(three: Three, connection: Connection) -> None:
    before = {key: await _kept(connection, key) for key in PLACES}
    assert all(before.values())
    assert await _purge(three, "--account", "azul") == (0, {"purged": before["azul"]})
    assert {key: await _kept(connection, key) for key in PLACES} == {**before, "azul": 0}
    code, said = await _purge(three, "--tenant", "loja")
    assert code == 1
    assert "azul, bela, cruz" in str(said)
    code, said = await _purge(three, "--account", "bella")
    assert code == 3
    assert "Did you mean `bela`?" in str(said)
    code, said = await _purge(three, "--account", "")
    assert code == 3
    assert {key: await _kept(connection, key) for key in PLACES} == {**before, "azul": 0}


async def _ask_anew(key: str, driver: Driver, text: str) -> None:
    contact = {"name": "Rui", "phone_number": "+5531987650000"}
    sent = await driver.write(PLACES[key][1], "whatsapp", text, contact=contact, new=True)
    await driver.wait_for_reply(sent, within=60)


async def _requests(llm: Llm) -> int:
    return int((await llm.stats())["requests"])


async def _spent(connection: Connection, key: str) -> dict[str, int]:
    names = [name.decode() async for name in connection.scan_iter(f"cw:spent:{key}:*")]
    return {name: int(await connection.hget(name, "used") or 0) for name in names}


async def _kept(connection: Connection, key: str) -> int:
    """Return how many answers are kept of an account: for the same request, and for questions alike."""
    exact = [name async for name in connection.scan_iter(f"cw:done:{key}:*")]
    alike = [await connection.hlen(name) async for name in connection.scan_iter(f"cw:alike:{key}:*")]  # type: ignore[misc] - redis-py's union of both clients
    return len(exact) + sum(alike)


async def _purge(three: Three, *words: str) -> tuple[int, object]:
    environ = {"PATH": os.environ["PATH"], **three._environ()}
    process = await asyncio.create_subprocess_exec(
        *program(), "cache", "purge", "--json", *words,
        env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else err.decode()
