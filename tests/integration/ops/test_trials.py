"""`ask` and `trigger`: what would be answered, and what is, as an operator calls them on a whole installation."""

import json
from pathlib import Path

import pytest

from chatwootai.stores.server.connection import Connection, connect
from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import System
from tests.integration.ops.test_first_day import clerk, installation


async def known(connection: Connection) -> set[bytes]:
    """Keys but for those that processes write by themselves: that they live, what they caught up with and read in."""
    of_processes = (
        b"cw:probe", b"cw:caught", b"cw:catchup", b"cw:process", b"cw:knowledge", b"cw:vector", b"cw:sweep",
        b"cw:worker", b"cw:events", b"cw:chatwoot", b"arq:",
    )  # fmt: skip
    return {key for key in await connection.keys("*") if not key.startswith(of_processes)}


async def test_ask_answers_as_a_worker_would_and_leaves_no_trace(system: System) -> None:
    desk, connection = installation(system), connect(system.redis_url)
    before = await known(connection)
    async with Driver(system.url("chatwoot")) as driver:
        threads = len(await driver.conversations(1))
        done = await desk.says("ask", "--account", "1", "--json", "Vocês entregam em Belo Horizonte?")
        after = await known(connection)
        await connection.aclose()
        assert (done.code, done.err) == (0, "")
        assert len(await driver.conversations(1)) == threads
    told = json.loads(done.out)
    assert told["outcome"] == "reply"
    assert told["language"] == "pt"
    assert told["answer"][0].startswith("Oi! Aqui é da Sandra Cosmeticos")
    assert "frete" in told["facts"]
    assert (told["calls"], told["model"], told["function"]) == (1, "gpt-4.1-mini", "customer_service")
    assert told["cost"] > 0
    assert told["plan"].startswith("parallel")
    assert after == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Quais as formas de pagamento?",), "curated"),
        (("--channel", "email", "Quero falar com uma pessoa"), "people     the contact asked for a person"),
    ],
)
async def test_ask_says_what_answered(system: System, words: tuple[str, ...], said: str) -> None:
    done = await installation(system).says("ask", "--account", "1", *words)
    assert done.code == 0
    assert said in done.out
    assert "cost       0 model call(s)" in done.out


async def test_ask_says_that_no_model_answers(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    names = {f"CHATWOOT_1_{each}": each * 3 for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")}
    desk = clerk(folder, **names, OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    await desk.says("init", str(folder), "--name", "Nimbus", "--language", "en")
    done = await desk.says("ask", "--account", "1", "What is new?")
    assert done.code == 1
    assert "note: no draft:" in done.err


async def test_a_try_calls_what_reads_and_nothing_that_changes_something(system: System, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    names = {f"CHATWOOT_1_{each}": each * 3 for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")}
    model = {"OPENAI_API_KEY": "sk-x", "OPENAI_BASE_URL": f"{system.url('llm')}/v1"}
    desk = clerk(folder, **names, **model)
    await desk.says("init", str(folder), "--name", "Nimbus", "--language", "en")
    place = folder / "domains/business/nimbus"
    tool = "{description: Cancels the order with this number., method: POST, url: 'https://api.example.com/cancel', "
    tool += "parameters: {properties: {number: {type: string}}, required: [number]}}"
    (place / "tools.yaml").write_text(f"hosts: [api.example.com]\nhttp:\n  cancel_order: {tool}\n")
    (place / "crews/customer_service/agents.yaml").write_text("attendant: {tools: [cancel_order]}\n")
    done = await desk.says("ask", "--account", "1", "--json", "Please use cancel_order for order 1042")
    told = json.loads(done.out)
    assert all(not each["called"] for each in told["tools"])


async def test_a_triggered_message_is_answered_and_its_conversation_resolved(system: System) -> None:
    desk = installation(system)
    done = await desk.says("trigger", "message", "--account", "1", "--json", "Quais as formas de pagamento?")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert "Pix" in told["replies"][0]
    async with Driver(system.url("chatwoot")) as driver:
        number = int(told["conversation"].partition(":")[2])
        (thread,) = [each for each in await driver.conversations(1) if each["id"] == number]
        assert thread["status"] == "resolved"


async def test_a_trigger_says_what_keeps_it(system: System) -> None:
    desk = installation(system)
    words = ("trigger", "message", "--account", "1", "Oi")
    away = await desk.says(*words, "--ours", "http://127.0.0.1:9")
    assert away.code == 1
    assert "nobody answers" in away.err
    unknown = await desk.says(*words, "--inbox", "999")
    assert unknown.code == 3
    refused = await installation(system, CHATWOOT_1_USER_TOKEN="another").says(*words)
    assert refused.code == 4
