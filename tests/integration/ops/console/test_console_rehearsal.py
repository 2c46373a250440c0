"""Rehearsals over the real system: a worker answers, nothing is counted or kept, and no key holds a word of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from tests.integration.ops.test_first_day import installation

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

    async def get(self, path: str) -> Any:
        url = self.system.url("console") + path
        async with self.session.get(url, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def rehearse(self, text: str, **more: Any) -> Any:
        status, said = await self.post("/api/rehearsals", json={"account": "1", "text": text, **more})
        assert status == 200, said
        return said["rehearsals"]


@pytest.fixture
async def caller(staged: System) -> AsyncIterator[Caller]:
    redis = connect(staged.redis_url)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Caller(staged, session, await staged.console_token("lead", "1"), redis)
    await redis.aclose()


async def everything(redis: Connection) -> dict[bytes, bytes]:
    """Every key that rehearsals could touch, dumped: not those in which processes say that they live."""
    own = (
        b"cw:probe", b"cw:caught", b"cw:catchup", b"cw:process", b"cw:sweep", b"cw:worker", b"cw:events", b"arq:",
        b"cw:request:", b"cw:console", b"cw:chatwoot", b"cw:knowledge", b"cw:vector",
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


async def test_now_shows_how_chatwoot_answers_the_worker(caller: Caller) -> None:
    async with Driver(caller.system.url("chatwoot")) as driver:
        await driver.fault("status", on="messages#create", status=500, account=1)
        await driver.wait_for_reply(await driver.write(1, "whatsapp", "Quais as formas de pagamento?"), within=60)
    async with asyncio.timeout(180):
        while True:
            (one,) = (await caller.get("/api/now"))["chatwoot"] or ({"errors": 0},)
            if one["errors"]:
                break
            await asyncio.sleep(0.5)  # a worker tells every ten seconds
    assert (one["account"], one["reason"]) == ("1", "create_message: HTTP 500")
    assert one["last_error"] < one["last_success"]
    assert 0 < one["error_share"] < 1


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


async def test_a_corrected_answer_is_rehearsed_and_then_published(caller: Caller) -> None:
    asked = "Vocês têm estacionamento para clientes?"
    (before,) = await caller.rehearse(asked)
    assert before["served_by"] != "curated"
    answer = {"questions": [asked, "tem estacionamento?"], "answer": "Sim, **grátis** ao lado da loja."}
    status, draft = await caller.post("/api/drafts/1/answers", json=answer)
    assert (status, draft["problems"], draft["conflict"]) == (200, [], None)
    assert '+  answer: "Sim, **grátis** ao lado da loja."' in draft["difference"]
    published, drafted = await caller.rehearse(asked, config="both")
    assert (published["draft"], published["served_by"]) == (False, before["served_by"])
    assert (drafted["draft"], drafted["served_by"]) == (True, "curated")
    assert "grátis" in drafted["answer"][0]
    (other,) = await caller.rehearse("Quais as formas de pagamento?", config="draft")
    assert other["served_by"] == "curated"  # what the folder said before holds with the draft too
    desk = installation(caller.system)
    for words, served_by in (((), before["served_by"]), (("--draft",), "curated")):
        said = await desk.says("ask", "--account", "1", "--json", *words, asked)
        assert (said.code, json.loads(said.out)["served_by"]) == (0, served_by), said.err
    for name in ("1", "Sandra Cosmeticos"):
        shown = await desk.says("config", "draft", "show", name, "--json")
        assert (shown.code, json.loads(shown.out)["account"]) == (0, "1"), shown.err
    none = await desk.says("config", "draft", "show", "Sandra Cosmetics")
    assert (none.code, "Did you mean `Sandra Cosmeticos`?" in none.err) == (3, True)
    none = await desk.says("ask", "--account", "2", "--draft", asked)
    assert (none.code, "account 2 has no draft" in none.err) == (3, True)
    status, done = await caller.post("/api/drafts/1/publish")
    assert status == 200, done
    assert done["done"][0].startswith("version 2 is in force")
    (now,) = await caller.rehearse(asked)
    assert (now["served_by"], now["config_version"]) == ("curated", 2)
    assert (await caller.post("/api/drafts/1/publish"))[0] == 404
    audit = await caller.redis.xrevrange("cw:audit", count=3)
    assert b"sandbox lead (console)" in b"".join(part for _, fields in audit for part in fields.values())


async def test_an_answer_that_contradicts_another_is_told_and_not_published(caller: Caller) -> None:
    other = {"name": "pix", "questions": "aceita pix?", "answer": "Não."}
    status, draft = await caller.post("/api/drafts/1/answers", json=other)
    assert status == 200
    assert "two answers" in draft["problems"][0]
    assert (await caller.post("/api/drafts/1/publish"))[0] == 409
    status, page = await caller.post("/drafts/1/drop", data={})
    assert status == 200
    assert "the draft of account 1 is dropped" in page
    secret = {"questions": "qual?", "answer": "${CHATWOOT_1_BOT_TOKEN}"}
    status, said = await caller.post("/api/drafts/1/answers", json=secret)
    assert (status, "stand for secrets" in said["error"]) == (409, True)


async def test_a_record_is_rehearsed_with_the_draft_and_ingested_once_published(caller: Caller) -> None:
    asked = "A loja tem bicicletário coberto?"
    told = "O bicicletário coberto fica na entrada B, com 40 vagas."
    record = {"questions": [asked], "content": told, "record": "bikes"}
    status, draft = await caller.post("/api/drafts/1/records", json={**record, "source": "nix"})
    assert (status, "the account has perguntas" in draft["error"]) == (409, True)
    status, draft = await caller.post("/api/drafts/1/records", json=record)
    assert (status, draft["problems"], draft["remarks"]) == (200, [], []), draft
    assert {"+perguntas:", '+  "bikes":'} <= set(draft["difference"])
    published, drafted = await caller.rehearse(asked, config="both")
    assert "bikes" not in [one["document"] for one in published["passages"]]
    assert ("perguntas", "bikes") in [(one["source"], one["document"]) for one in drafted["passages"]]
    assert drafted["notes"] == []
    contradicted = {"questions": [asked], "answer": "Sim, com 12 vagas.", "name": "bicicletas"}
    status, draft = await caller.post("/api/drafts/1/answers", json=contradicted)
    assert (status, draft["problems"]) == (200, [])
    (remark,) = draft["remarks"]
    assert "the curated answer `bicicletas` is given" in remark
    assert "names other numbers" in remark
    desk = installation(caller.system)
    shown = await desk.says("config", "draft", "show", "1")
    assert (shown.code, "40 vagas" in shown.out, remark in shown.err) == (0, True, True)
    await caller.post("/drafts/1/drop", data={})
    form = {"kind": "record", "questions": asked, "answer": told, "record": "bikes", "source": "perguntas"}
    status, page = await caller.post("/teach/1/answer", data=form)
    assert (status, "40 vagas" in page) == (200, True)
    done = await desk.says("config", "publish", "--draft", "1", "--yes")
    assert (done.code, "knowledge status --account 1" in done.out + done.err) == (0, True), done.err
    (now,) = await caller.rehearse(asked)  # found before workers have read it
    assert ("perguntas", "bikes") in [(one["source"], one["document"]) for one in now["passages"]]


async def test_marks_are_kept_shown_and_found(caller: Caller) -> None:
    async with Driver(caller.system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Quais as formas de pagamento?")
        await driver.wait_for_reply(sent, within=60)
    found = await caller.get(f"/api/conversations/1/{sent.conversation}")
    (turn,) = found["turns"]
    assert turn["mark"] is None
    sent_mark = {"mark": "down", "reason": "outdated"}
    status, _ = await caller.post(f"/api/marks/1/{turn['turn']}", json=sent_mark)
    assert status == 200
    (marked,) = (await caller.get("/api/turns?mark=down&account=1"))["turns"]
    assert marked["turn"] == turn["turn"]
    assert (await caller.get("/api/turns?mark=up&account=1"))["turns"] == []
    shown = (await caller.get(f"/api/conversations/1/{sent.conversation}"))["turns"][0]["mark"]
    assert {**shown, "at": 0} == {"mark": "down", "reason": "outdated", "by": "sandbox lead", "at": 0}
    assert (await caller.post(f"/api/marks/1/{turn['turn']}", json={"mark": "none"}))[0] == 200
    assert (await caller.get("/api/turns?mark=down&account=1"))["turns"] == []
    for path, said, status in (
        (f"/api/marks/1/{turn['turn']}", {"mark": "sideways"}, 400),
        (f"/api/marks/1/{turn['turn']}", {"mark": "up", "reason": CANARY}, 400),
        ("/api/marks/1/no-such-turn", {"mark": "up"}, 404),
        (f"/api/marks/2/{turn['turn']}", {"mark": "up"}, 404),
    ):
        assert (await caller.post(path, json=said))[0] == status, path


async def test_what_people_answered_is_grouped_by_meaning(caller: Caller) -> None:
    asked = ("Quero falar com uma pessoa: vocês consertam liquidificador?",
             "Preciso de um atendente. Vocês fazem conserto de liquidificador?",
             "Quero falar com um humano, qual o prazo para nota fiscal?")  # fmt: skip
    told = ("Consertamos em 5 dias.", "Consertamos em 7 dias.", "A nota sai no mesmo dia.")
    async with Driver(caller.system.url("chatwoot")) as driver:
        for question, answer in zip(asked, told, strict=True):
            sent = await driver.write(1, "whatsapp", question)
            await driver.wait_for_status(sent, "open", within=60)
            await driver.reply(sent, answer)
    status, found = await caller.post("/api/suggestions", json={"account": "1"})
    assert status == 200, found
    assert (found["conversations"], found["answered"]) == (3, 3)
    first, second = found["groups"]
    assert (first["count"], first["differ"], first["curated"]) == (2, True, None)
    assert "vocês consertam liquidificador?" in first["questions"]
    assert set(first["answers"]) == set(told[:2])
    assert (second["count"], second["differ"], second["answers"]) == (1, False, [told[2]])
    status, page = await caller.post("/teach/1/suggestions", data={"days": "7"})
    assert status == 200
    assert "2×: " in page
