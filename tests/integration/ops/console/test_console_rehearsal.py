"""Rehearsals over the real system: a worker answers, nothing is counted or kept, and no key holds a word of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.server.connection import Connection, connect
from sandbox.installation.system import Plan, System

CANARY = "zebrafinch-4711"
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def staged() -> Iterator[System]:
    system = System(Plan(console=True))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@dataclass
class Caller:
    system: System
    session: aiohttp.ClientSession
    token: str
    redis: Connection

    async def post(self, path: str, **more: Any) -> tuple[int, Any]:
        url, headers = self.system.url("console") + path, {"Authorization": f"Bearer {self.token}", **SAME}
        async with self.session.post(url, headers=headers, **more) as answer:
            json = answer.content_type == "application/json"
            return answer.status, (await answer.json() if json else await answer.text())

    async def rehearse(self, text: str, **more: Any) -> Any:
        status, said = await self.post("/api/rehearsals", json={"account": "1", "text": text, **more})
        assert status == 200, said
        return said["rehearsals"]


@pytest.fixture
async def caller(staged: System) -> AsyncIterator[Caller]:
    redis = connect(staged.redis_url)
    async with aiohttp.ClientSession() as session:
        yield Caller(staged, session, await staged.console_token("lead", "1"), redis)
    await redis.aclose()


async def everything(redis: Connection) -> dict[bytes, bytes]:
    """Every key that rehearsals could touch, dumped: not those in which processes say that they live."""
    own = (
        b"cw:probe", b"cw:caught", b"cw:catchup", b"cw:process", b"cw:sweep", b"cw:worker", b"cw:events", b"arq:",
        b"cw:request:", b"cw:console", b"cw:knowledge", b"cw:vector",
    )  # fmt: skip
    names = [key for key in await redis.keys("*") if not key.startswith(own)]
    return {name: dumped for name in names if (dumped := await redis.dump(name))}


async def test_a_question_is_answered_with_its_trace_and_leaves_nothing(caller: Caller) -> None:
    before = await everything(caller.redis)
    (told,) = await caller.rehearse(f"Vocês entregam em Belo Horizonte? {CANARY}")
    assert told["outcome"] == "reply"
    assert told["answer"][0].startswith("Oi! Aqui é da Sandra Cosmeticos")
    assert (told["draft"], told["config_version"], told["served_by"]) == (False, 1, "crew")
    assert told["steps"]
    assert told["cost"] > 0
    assert [one["model"] for one in told["model_calls"]] == ["gpt-4.1-mini"]
    assert await everything(caller.redis) == before
    for key in await caller.redis.keys("*"):
        assert CANARY.encode() not in key + (await caller.redis.dump(key) or b"")
    for process in caller.system.processes.values():
        assert CANARY not in process.log.read_text("utf-8", "replace"), process.name


async def test_curated_answers_history_and_handoffs_are_told(caller: Caller) -> None:
    (curated,) = await caller.rehearse("Quais as formas de pagamento?")
    assert (curated["served_by"], curated["calls"]) == ("curated", 0)
    history = [{"role": "contact", "text": "Oi"}, {"role": "crew", "text": "Olá! Como posso ajudar?"}]
    (followed,) = await caller.rehearse("E para Contagem?", history=history, channel="whatsapp")
    assert not followed["answer"][0].startswith("Oi! Aqui é")  # greeted before
    (people,) = await caller.rehearse("Quero falar com uma pessoa", tools={})
    assert (people["outcome"], people["handoff"]["cause"]) == ("handoff", "asked")
    status, said = await caller.post("/api/rehearsals", json={"account": "1", "text": "oi", "config": "draft"})
    assert (status, said["error"]) == (409, "the account has no draft")


async def test_the_page_answers_without_script_and_keeps_what_was_typed(caller: Caller) -> None:
    form = {"text": "Quais as formas de <b>pagamento</b>?", "config": "published", "channel": "email"}
    status, shown = await caller.post("/rehearsal/1", data=form)
    assert status == 200
    assert "Quais as formas de &lt;b&gt;pagamento&lt;/b&gt;?</textarea>" in shown
    assert "chatwootai ask --account 1 --channel email" in shown
    status, shown = await caller.post("/rehearsal/1", data={**form, "tools": "simulated", "answers": "x: y"})
    assert status == 400
    assert "order_status" in shown


@pytest.mark.parametrize("sent", [b"", b"[]", b"{", b'{"text": 7, "history": [1]}', b'{"text": "x", "inbox": "-1"}'])
async def test_what_makes_no_sense_is_refused(caller: Caller, sent: bytes) -> None:
    assert (await caller.post("/api/rehearsals", data=sent))[0] == 400


async def test_another_account_is_as_if_it_were_not_there(caller: Caller) -> None:
    assert (await caller.post("/api/rehearsals", json={"account": "2", "text": "oi"}))[0] == 404
    assert (await caller.post("/rehearsal/2", data={"text": "oi"}))[0] == 404
