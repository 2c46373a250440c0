"""Turns become redacted drafts of cases: for who reads words, where the tenant says so, and never twice."""

import asyncio
import os
import re
import shlex
import sys
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from chatwootai.stores import keys
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.embedded import Embedded
from config.evaluation.case_files import read_set
from config.files.sources import shipped
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from tests.integration.ops.console.conftest import Desk
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.records import Mark

SAME = {"Sec-Fetch-Site": "same-origin"}
TOLD = "Meu CPF é 529.982.247-25, e-mail joana.prado@exemplo.com.br, cel (31) 98765-4321. Cadê meu pedido?"
SECRETS = ("529.982.247-25", "joana.prado", "98765-4321")
OWN = "domains/retail/account_1"
LEAVE = "\nevals: {capture: {purpose: to answer late orders better}}\n"


@dataclass
class Shop:
    folder: Path
    driver: Driver
    chatwoot: Chatwoot
    desk: Desk

    async def turn(self, name: str, text: str, answer: str = "") -> Sent:
        """Let a contact write, our crew answer where an answer is given, and the turn be kept as workers keep it."""
        sent = await self.driver.write(1, "whatsapp", text)
        if answer:
            await self.chatwoot.create_message(sent.conversation, answer, mark=Mark(name, 0))
        step = (
            f"{int(time.time())} 5\tcommitted\tturn={name}\tmessages={sent.message}\tactions=1\tdead=0\toutcome=reply"
        )
        await self.desk.redis.rpush(keys.life(f"1:{sent.conversation}"), step)  # type: ignore[misc]
        record = {"account": "1", "conversation": sent.conversation, "outcome": "reply", "tools": [], "steps": []}
        await Turns(self.desk.redis).write(name, record)
        return sent

    async def make(self, turn: str, kind: str = "lead of 1", **sent: Any) -> tuple[int, Any]:
        status, _, answer = await self.desk.ask(f"/api/cases/1/{turn}", kind, "POST", SAME, json=sent)
        return status, await answer.json()

    def written(self, name: str = "real") -> list[Path]:
        return sorted((self.folder / OWN / "evals" / name).glob("captured_*.yaml"))


def own_files(leave: str) -> dict[str, str]:
    """The first shop's folder as it ships, with or without the leave."""
    files = {path: data.decode() for path, data in shipped().files.items() if path.startswith(f"{OWN}/")}
    return {**files, f"{OWN}/config.yaml": files[f"{OWN}/config.yaml"] + leave}


def lay(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


@pytest.fixture
async def shop(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shop]:
    world = seed.plant(World(seed=7), "http://127.0.0.1:9")
    secrets = seed.environ(world)
    async with (
        app.serve(app.create(world), world) as served,
        Driver(served.url) as driver,
        aiohttp.ClientSession() as session,
    ):
        for name, value in seed.environ(world, served.url).items():
            monkeypatch.setenv(name, value)
        (tmp_path / "chatwoot_mapping.yaml").write_text(seed.mapping(world), encoding="utf-8")
        tokens = {"bot_token": secrets["CHATWOOT_1_BOT_TOKEN"], "user_token": secrets["CHATWOOT_1_USER_TOKEN"]}
        yield Shop(tmp_path, driver, Chatwoot(session, url=served.url, account=1, **tokens), desk)


async def test_a_turn_becomes_a_draft_beside_its_tenant_and_never_twice(shop: Shop) -> None:
    lay(shop.folder, own_files(LEAVE))
    sent = await shop.turn("t1", TOLD, "Seu pedido saiu hoje.")
    await shop.driver.answer(sent, "whatsapp", "obrigada")
    await shop.chatwoot.create_message(sent.conversation, "De nada.", mark=Mark("t2", 0))
    status, looked, _ = await shop.desk.ask("/api/cases/1/t1", "lead of 1")
    assert (status, '"off":null' in looked) == (200, True)
    (status, made), (again, refused) = sorted(
        await asyncio.gather(shop.make("t1"), shop.make("t1")), key=lambda one: one[0]
    )
    assert (status, again) == (200, 409)
    (path,) = shop.written()
    assert (made["written"], made["reviewed"], made["file"]) == (True, False, str(path.relative_to(shop.folder)))
    assert "a case already" in refused["error"]
    assert path.name in refused["error"]
    text = path.read_text(encoding="utf-8")
    assert text == made["yaml"]
    assert [each for each in SECRETS if each in text] == []
    (found,), problems = read_set([path.parent])
    assert problems == []
    assert (found.case.reviewed, found.case.purpose) == (False, "to answer late orders better")
    assert list(found.case.recorded.model) == ["Seu pedido saiu hoje."]  # of that turn, not of the last one
    (entry,) = await AuditLog(shop.desk.redis).newest(lambda one: one.what == "eval capture", 10)
    assert (entry.who, entry.account, entry.of) == ("lead of 1 (console)", "1", f"1:{sent.conversation}")
    assert entry.details["turn"] == "t1"


async def test_the_page_makes_it_too_and_prints_its_line(shop: Shop) -> None:
    lay(shop.folder, own_files(LEAVE))
    sent = await shop.turn("t1", "Vocês entregam em <b>Manaus</b>?", "Não sei.")
    await shop.driver.reply(sent, "Entregamos sim.")
    _, page, _ = await shop.desk.ask(f"/conversations/1/{sent.conversation}", "lead of 1")
    assert 'href="/cases/1/t1"' in page
    _, page, _ = await shop.desk.ask("/cases/1/t1", "lead of 1")
    assert f"chatwootai eval capture 1:{sent.conversation} --turn t1 --set real" in page
    assert "to answer late orders better" in page
    for name in ("../../../etc", "a b", "-x", "x" * 49):
        status, page, _ = await shop.desk.ask("/cases/1/t1", "lead of 1", "POST", SAME, data={"set": name})
        assert (status, "set: small letters" in page) == (409, True), name
    to, page, _ = await shop.desk.send_form("/cases/1/t1", "lead of 1", {"set": "corrections"})
    assert "reviewed: true" in (await shop.desk.ask(to, "lead of 1"))[1]  # loaded again: shown, and not made again
    assert "reviewed: true" not in (await shop.desk.ask(to, "operator"))[1]
    (path,) = shop.written("corrections")
    assert path.name in page
    assert "&lt;b&gt;Manaus" in page
    assert "reviewed: true" in page
    assert yaml.safe_load(path.read_text("utf-8"))[0]["expect"]["same_facts_as"] == "Entregamos sim."


async def test_the_printed_line_does_the_same(shop: Shop, redis_server: Embedded) -> None:
    lay(shop.folder, own_files(LEAVE))
    sent = await shop.turn("t1", "Vocês abrem sábado?", "Não abrimos.")
    await shop.driver.answer(sent, "whatsapp", "e domingo?")
    await shop.chatwoot.create_message(sent.conversation, "Também não.", mark=Mark("t2", 0))
    _, page, _ = await shop.desk.ask("/cases/1/t1", "lead of 1")
    line = re.search(r'title="chatwootai (eval capture [^"]+)"', page)
    assert line is not None
    environ = {**os.environ, "REDIS_URL": redis_server.url, "CHATWOOTAI_CONFIG": str(shop.folder)}

    async def run(words: list[str]) -> tuple[int | None, bytes]:
        command = (sys.executable, "-m", "ops.cli", *words)
        process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=PIPE, stderr=STDOUT)
        said, _ = await process.communicate()
        return process.returncode, said

    code, said = await run(shlex.split(line[1]))
    assert code == 0, said
    (path,) = shop.written()
    assert yaml.safe_load(path.read_text("utf-8"))[0]["say"] == [["Vocês abrem sábado?"]]
    assert (await shop.make("t1"))[0] == 409
    code, said = await run(["eval", "capture", f"1:{sent.conversation}", "--turn", "no-such-turn", "--set", "real"])
    assert (code, b"nothing is kept of a turn no-such-turn" in said) == (3, True), said
    code, said = await run(["eval", "capture", "--account", "1", "--corrected", "--turn", "t1", "--set", "real"])
    assert (code, b"name that too" in said) == (2, True), said


async def test_messages_of_a_turn_that_posted_nothing_become_a_case(shop: Shop) -> None:
    lay(shop.folder, own_files(LEAVE))
    await shop.turn("silent", "Vocês abrem sábado?")
    status, made = await shop.make("silent", "operator", set="silent")
    assert status == 200, made
    (case,) = yaml.safe_load(made["yaml"])
    assert (case["say"], "recorded" in case) == ([["Vocês abrem sábado?"]], False)


async def test_where_the_folder_takes_no_file_the_draft_is_there_to_copy(shop: Shop) -> None:
    lay(shop.folder, {**own_files(LEAVE), f"{OWN}/evals": "a file stands where the sets would"})
    await shop.turn("t1", "Vocês abrem sábado?", "Não abrimos.")
    status, made = await shop.make("t1")
    assert (status, made["written"]) == (200, False)
    assert made["why"].startswith(f"{OWN}/evals/real: ")
    assert yaml.safe_load(made["yaml"])[0]["reviewed"] is False
    _, page, _ = await shop.desk.send_form("/cases/1/t1", "operator", {"set": "real"})
    assert ("Nothing was written" in page, "Vocês abrem sábado?" in page) == (True, True)


async def test_a_folder_that_ships_is_not_hidden_by_a_case(shop: Shop) -> None:
    lay(shop.folder, {"domains/_base/config.yaml": f"version: 1{LEAVE}"})
    await shop.turn("t1", "Vocês abrem sábado?", "Não abrimos.")
    status, made = await shop.make("t1")
    assert (status, made["why"]) == (200, f"there is no folder {OWN}")
    assert not (shop.folder / OWN).exists()


async def test_it_is_off_unless_the_tenant_says_so_and_says_why(shop: Shop) -> None:
    lay(shop.folder, own_files(""))
    await shop.turn("t1", TOLD, "Saiu hoje.")
    _, _, answer = await shop.desk.ask("/api/cases/1/t1", "operator")
    assert (await answer.json())["off"] == "no_purpose"
    status, refused = await shop.make("t1", "operator")
    assert (status, "evals: {capture: {purpose: ...}}" in refused["error"]) == (409, True)
    _, page, _ = await shop.desk.ask("/cases/1/t1", "operator", headers={"Accept-Language": "pt-BR"})
    assert "Está desligado" in page
    assert '<form class="filters" action="/cases' not in page
    assert shop.written() == []


async def test_who_may_not_read_words_makes_none(shop: Shop) -> None:
    lay(shop.folder, own_files(LEAVE))
    await shop.turn("t1", TOLD, "Saiu hoje.")
    token, _ = await ConsoleTokens(shop.desk.redis).add(
        role="lead", account="1", words=False, name="without words", seconds=3600
    )
    shop.desk.tokens["without words"] = token
    assert (await shop.make("t1", "without words"))[0] == 403
    assert (await shop.desk.ask("/cases/1/t1", "without words", "POST", SAME, data={"set": "real"}))[0] == 403
    _, page, _ = await shop.desk.ask("/cases/1/t1", "without words")
    assert "not yours to read" in page
    for path in ("/api/cases/1/no-such-turn", "/api/cases/2/t1"):
        assert (await shop.desk.ask(path, "lead of 1", "POST", SAME, json={}))[0] == 404
    assert (await shop.desk.ask("/api/cases/2/t1", "operator", "POST", SAME, json={}))[0] == 404
    assert (await shop.desk.ask("/api/cases/1/t1", "operator", "POST", SAME, data=b"[]"))[0] == 400
    assert shop.written() == []
