"""Two Chatwoots with equal numbers and two tenants in one domain share nothing; a secret rotates without a refusal."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from chatwootai.model.message.routing import route
from chatwootai.stores.server.connection import Connection
from config.files.packing import unpack
from config.live.live import Live
from config.loading.loader import load
from config.snapshot import place_of
from crews.prompt.settings_text import placeholder_values
from sandbox.installation.processes import Process, free_port
from tests.door import message, signed
from workers.context import WorkerContext

ACCOUNTS = ("a", "b", "c", "d")
MAPPING = """\
version: 1
chatwoot:
  one: {url: "http://one.example"}
  two: {url: "http://two.example"}
accounts:
  a: {chatwoot: one, id: 1, domain: retail, webhook_secrets: ["${SECRET_A}"], bot_token: "${TOKEN_A}"}
  b: {chatwoot: two, id: 1, domain: retail, webhook_secrets: ["${SECRET_B}"], bot_token: "${TOKEN_B}"}
  c: {chatwoot: one, id: 2, domain: retail, webhook_secrets: ["${SECRET_C}"], bot_token: "${TOKEN_C}"}
  d: {chatwoot: two, id: 2, domain: health, webhook_secrets: ["${SECRET_D}"], bot_token: "${TOKEN_D}"}
inboxes:
  "a/17": {crew: sales, priority: 8}
  "b/17": {crew: support, priority: 2}
"""
SECRETS = {f"{kind}_{key.upper()}": f"canary-{key}-{kind.lower()}" for kind in ("SECRET", "TOKEN") for key in ACCOUNTS}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING, encoding="utf-8")
    for key in ACCOUNTS:
        tenant = tmp_path / "domains" / ("health" if key == "d" else "retail") / f"account_{key}"
        (tenant / "inbox_17").mkdir(parents=True)
        crew = tenant / "crews/sales/channels/whatsapp.yaml"
        crew.parent.mkdir(parents=True)
        crew.write_text(f"tone: canary-{key}-crew\n")
        (tenant / "config.yaml").write_text(
            f"tone: canary-{key}-tone\ncompany: {{name: canary-{key}-name, facts: {{x: canary-{key}-fact}}}}\n"
            f"sentences: {{pt: {{failed: canary-{key}-failed}}}}\n"
        )
        (tenant / "inbox_17/config.yaml").write_text(f"greeting: canary-{key}-greeting\n")
    return tmp_path


def canaries(text: str) -> set[str]:
    return {key for key in ACCOUNTS if f"canary-{key}-" in text}


def test_no_value_of_one_is_in_anothers_turn(folder: Path) -> None:
    snapshot = load(folder, SECRETS)
    for key, account in snapshot.accounts.items():
        for inbox in (1, 17):
            settings = snapshot.settings(key, inbox)
            assert settings.crew_set
            found = route(place_of(account, inbox), "whatsapp", None, verified=True)
            crew = settings.crew_set.blueprint("sales", "whatsapp")
            turn = [
                settings.model_dump_json(),
                settings.sentence("failed"),
                repr(crew),
                repr(placeholder_values(settings, crew)),
            ]
            assert canaries(" ".join([*turn, repr(found), repr(account)])) == {key}
            assert canaries(crew.tone) == {key}
        assert [each.reveal() for each in account.webhook_secrets] == [f"canary-{key}-secret"]
        assert account.bot_token.reveal() == f"canary-{key}-token"
    one, two = (route(place_of(snapshot.accounts[key], 17), "whatsapp", None, verified=True) for key in ("a", "b"))
    assert (one.function, one.priority, two.function, two.priority) == ("sales", 8, "support", 2)


async def test_each_speaks_to_its_own_chatwoot(folder: Path, redis: Connection) -> None:
    async with aiohttp.ClientSession() as session:
        snapshot = load(folder, SECRETS)
        worker = WorkerContext(worker_id="w", connection=redis, snapshot=snapshot, crews=None, session=session)  # type: ignore[arg-type]
        for key, url in {"a": "one.example/api/v1/accounts/1", "b": "two.example/api/v1/accounts/1"}.items():
            tenant = worker.tenant(key)
            assert tenant
            assert url in repr(tenant.chatwoot)
            assert not [value for value in SECRETS.values() if value in repr(tenant)]


@pytest.fixture
async def ingress(folder: Path, redis_url: str) -> AsyncIterator[Process]:
    port = free_port()
    environ = {
        **SECRETS, "SECRET_NEW": "canary-a-new", "REDIS_URL": redis_url, "CHATWOOTAI_CONFIG": str(folder),
        "INGRESS_HOST": "127.0.0.1", "INGRESS_PORT": str(port), "JOURNAL_DIR": str(folder / "journal"),
    }  # fmt: skip
    process = Process("ingress", "ingress", environ=environ, folder=folder)
    process.url = f"http://127.0.0.1:{port}"  # type: ignore[attr-defined]
    process.start()
    try:
        await process.answers(f"{process.url}/readyz", 30)  # type: ignore[attr-defined]
        yield process
    finally:
        process.stop()


async def test_a_webhook_secret_rotates_without_a_refused_delivery(folder: Path, ingress: Process) -> None:
    answers: Counter[int] = Counter()
    secret, number, going = "canary-a-secret", 0, True
    url = ingress.url  # type: ignore[attr-defined]

    async def deliver(session: aiohttp.ClientSession, with_secret: str) -> int:
        nonlocal number
        number += 1
        body = json.dumps(message(number)).encode()
        async with session.post(f"{url}/webhooks/chatwoot/a", data=body, headers=signed(body, with_secret)) as response:
            return response.status

    async def stream(session: aiohttp.ClientSession) -> None:
        while going:
            answers[await deliver(session, secret)] += 1

    async def edit(session: aiohttp.ClientSession, references: str) -> None:
        before = await digest(session)
        text = MAPPING.replace('["${SECRET_A}"]', references)
        (folder / "chatwoot_mapping.yaml").write_text(text, encoding="utf-8")
        async with asyncio.timeout(60):
            while await digest(session) == before:  # noqa: ASYNC110 - /readyz tells, it does not call
                await asyncio.sleep(0.01)

    async def digest(session: aiohttp.ClientSession) -> str:
        async with session.get(f"{url}/readyz") as response:
            return str((await response.json())["checks"]["config"]["digest"])

    async with aiohttp.ClientSession() as session:
        streaming = asyncio.create_task(stream(session))
        await edit(session, '["${SECRET_A}", "${SECRET_NEW}"]')
        secret = "canary-a-new"
        assert await deliver(session, "canary-a-new") == 200
        await edit(session, '["${SECRET_NEW}"]')
        going = False
        await streaming
        assert set(answers) == {200}
        assert sum(answers.values()) > 2
        assert await deliver(session, "canary-a-secret") == 401
    assert "canary" not in ingress.log.read_text()


async def test_crash_dumps_and_redis_hold_no_secret(folder: Path, redis: Connection, tmp_path: Path) -> None:
    live = Live(folder, {**SECRETS, "JOURNAL_DIR": str(tmp_path / "journal")}, redis, "w")
    await live.start()
    packed = await redis.get("cw:config:version:1")
    kept = live.holder._cache._now  # every tree, references resolved
    text = repr(unpack(packed, {})) + repr(live.snapshot) + repr(kept)
    assert "canary-a-name" in text
    for value in SECRETS.values():
        assert value not in text
