"""A publish that demands green cases: the console runs them, shows each, and publishes or names what is not green."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded, dies_with_us
from config.files.sources import gather
from ops.access import acting
from ops.console.environment import Environment
from ops.console.server import application, make_console
from ops.versions.publishing import publish_version

MAPPING = """
version: 1
chatwoot: {default: {url: "http://127.0.0.1:9"}}
accounts:
  "1": {id: 1, domain: retail, tenant: loja, webhook_secrets: ["${GATE_SECRET}"], bot_token: "${GATE_TOKEN}"}
"""
ANSWERS = 'pix:\n  questions: ["aceita pix?"]\n  answer: Sim, aceitamos Pix.\n'
CASES = """
- name: pix is taken
  say: ["aceita pix?"]
  expect: {outcome: reply, contains: ["aceitamos Pix"]}
  must: true
- name: a person is called
  say: ["quero falar com uma pessoa"]
  expect: {outcome: handoff}
  must: true
"""
FILES = {
    "chatwoot_mapping.yaml": MAPPING,
    "domains/retail/loja/config.yaml": "company: {name: Loja Azul}\ngate: {sets: [gate]}\n",
    "domains/retail/loja/answers.yaml": ANSWERS,
    "domains/retail/loja/evals/gate/cases.yaml": CASES,
}
SAME = {"Sec-Fetch-Site": "same-origin"}


class Site:
    """A console on a folder whose account has a gate; as its lead, or as an operator."""

    def __init__(self, url: str, folder: Path, redis: Connection, session: aiohttp.ClientSession) -> None:
        self.url, self.folder, self.redis, self.session = url, folder, redis, session
        self.tokens: dict[str, str] = {}

    async def call(self, method: str, path: str, kind: str = "lead", **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.tokens[kind]}", **SAME}
        async with self.session.request(method, self.url + path, headers=headers, **more) as answer:
            told = await (answer.json() if answer.content_type == "application/json" else answer.text())
            return answer.status, told

    async def judged(self, path: str, kind: str = "lead") -> dict[str, Any]:
        async with asyncio.timeout(500):
            while True:
                gate: dict[str, Any] = (await self.call("GET", path, kind))[1].get("gate")
                if gate["state"] != "running":
                    return gate
                await asyncio.sleep(0.2)  # the page asks again likewise


@pytest.fixture
async def site(
    redis: Connection, redis_server: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Site]:
    for name in ("GATE_SECRET", "GATE_TOKEN"):
        monkeypatch.setenv(name, "of-this-test")
    # At nice 5 it would wait for minutes beside other tests.
    monkeypatch.setattr("ops.console.data.installation.gate_runs._beside", dies_with_us())
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    with acting("test"):
        await publish_version(ConfigVersions(redis), gather(tmp_path, os.environ), "publish", "publish", ())
    own = connect(redis_server.url, timeout=2.0)
    environment = Environment(config=tmp_path, redis_url=redis_server.url, host="127.0.0.1", port=0)
    runner = web.AppRunner(application(make_console(environment, own)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as session:
        made = Site(f"http://127.0.0.1:{runner.addresses[0][1]}", tmp_path, redis, session)
        for kind, account in (("lead", "1"), ("operator", None)):
            terms = {"role": kind, "account": account, "words": True, "name": kind, "seconds": 600}
            made.tokens[kind], _ = await ConsoleTokens(redis).add(**terms)  # type: ignore[arg-type]
        yield made
    await runner.cleanup()
    await own.aclose()


async def test_a_draft_is_published_where_its_cases_are_green_and_refused_by_their_names(site: Site) -> None:
    wrong = {"name": "pix", "questions": "aceita pix?", "answer": "Não."}
    assert (await site.call("POST", "/api/drafts/1/answers", json=wrong))[0] == 200
    status, begun = await site.call("POST", "/api/drafts/1/publish")
    assert (status, begun["gate"]["state"]) == (202, "running"), begun
    red = await site.judged("/api/drafts/1")
    assert (red["state"], red["done"], red["of"], red["failed"]) == ("red", 2, 2, ["pix is taken: failed"]), red
    assert "`pix is taken`" in red["told"][0]
    current = await ConfigVersions(site.redis).current()
    assert current is not None
    assert current.number == 1
    status, page = await site.call("GET", "/drafts/1")
    assert (status, "pix is taken: failed" in page, 'http-equiv="refresh"' in page) == (200, True, False)
    right = {**wrong, "answer": "Claro, aceitamos Pix."}
    assert (await site.call("POST", "/api/drafts/1/answers", json=right))[0] == 200
    status, page = await site.call("POST", "/drafts/1/publish", data={})  # led to the draft's page
    assert status == 200
    current = await published(site, 2)
    assert current.by == "lead (console)"
    assert (await site.call("GET", "/api/drafts/1"))[0] == 404
    assert "version 2 is in force" in (await site.call("GET", "/drafts/1"))[1]


async def test_a_folder_is_not_published_where_its_cases_are_red(site: Site) -> None:
    answers = site.folder / "domains/retail/loja/answers.yaml"
    answers.write_text(ANSWERS.replace("Sim, aceitamos", "Não temos"), "utf-8")
    assert (await site.call("POST", "/configuration/publish", "operator", data={}))[0] == 200
    red = await site.judged("/api/configuration", "operator")
    assert (red["state"], red["failed"]) == ("red", ["pix is taken: failed"])
    assert (await site.call("GET", "/api/configuration"))[1]["gate"] is None  # a lead's is her draft's
    current = await ConfigVersions(site.redis).current()
    assert current is not None
    assert current.number == 1


async def published(site: Site, version: int) -> Any:
    async with asyncio.timeout(500):
        while True:
            current = await ConfigVersions(site.redis).current()
            if current is not None and current.number >= version:
                return current
            gate = (await site.call("GET", "/api/drafts/1"))[1].get("gate") or {}
            assert gate.get("state") not in {"red", "failed"}, gate
            await asyncio.sleep(0.2)
