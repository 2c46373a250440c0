"""A slow model through the whole system: a sentence that asks for patience, then the answer, or people at the end."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System

INTERIM = "Oi! Aqui é da Sandra Cosmeticos 💄\n\nUm momento, por favor: estou verificando e já respondo."
"""With the greeting: it is what is said first."""
SETTINGS = """\
greeting: ""
deadline_ms: 2000
interim: {after_ms: 900, deadline_ms: 12000}
burst: {window_ms: 100, cap_ms: 500}
handoff: {least_confidence: 0.5}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    running = System(Plan(llm=("--latency", "fixed:2500ms"), settings=SETTINGS))
    try:
        asyncio.run(running.start())
        yield running
    finally:
        running.stop()


async def test_patience_is_asked_for_once_and_the_answer_follows_within_the_second_deadline(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Vocês vendem o creme azul? Pedido CW-0001.")
        first, second = await driver.wait_for_reply(sent, count=2)
        assert first["text"] == INTERIM
        assert "CW-0001" in second["text"]
        assert 0.9 <= first["at"] - sent.at < second["at"] - sent.at
        assert second["at"] - sent.at >= 2.5
        assert len(await driver.replies(sent)) == 2
        assert await driver.refusals() == []
        async with system.turns() as turns:
            record = await turns.read(second["turn"])
        assert record is not None
        assert record["served_by"] == "crew"
        assert record["plan"].startswith("parallel: 1 in a row")
        assert "interim" in [name for name, _ in record["steps"]]


async def test_the_greeting_stands_above_what_is_said_first_and_nowhere_else(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(2, "whatsapp", "¿Tienen el sofá azul en la tienda? Es el pedido CW-0003.")
        first, second = await driver.wait_for_reply(sent, count=2)
        assert first["text"].split("\n\n")[0] == "¡Hola! Bienvenido a Casa Bela Móveis."
        assert "Un momento, por favor" in first["text"]
        assert "CW-0003" in second["text"]
        assert "Bienvenido" not in second["text"]


async def test_a_quick_answer_needs_no_patience(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver, aiohttp.ClientSession() as session:
        sent = await driver.write(1, "whatsapp", "Quais as formas de pagamento?")
        (reply,) = await driver.wait_for_reply(sent)
        assert "Pix" in reply["text"]
        async with system.turns() as turns:
            record = await turns.read(reply["turn"])
        assert record is not None
        assert (record["served_by"], record["calls"]) == ("curated", 0)
        async with session.get(system.url("worker") + "/metrics") as answer:
            metrics = await answer.text()
        assert 'chatwootai_turns_served_total{served_by="curated"} 1.0' in metrics


async def test_with_no_answer_by_the_second_deadline_people_are_given_it(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver, aiohttp.ClientSession() as session:
        llm = system.llm(session)
        await llm.latency("fixed:60000ms")
        try:
            sent = await driver.write(1, "whatsapp", "Vocês vendem o gel verde? Pedido CW-0002.")
            state = await driver.wait_for_status(sent, "open", within=40)
            replies = [each["text"] for each in await driver.replies(sent)]
            assert replies[0] == INTERIM
            assert len(replies) == 2
            assert state["status"] == "open"
        finally:
            await llm.latency("fixed:2500ms")


async def test_a_crew_that_says_it_is_not_sure_is_not_sent_people_are_told_why(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "telegram", "Vocês consertam telhados em Xanxerê?")
        await driver.wait_for_status(sent, "open", within=60)
        said = " ".join(each["text"] for each in await driver.replies(sent))
        assert "sure" not in said
        assert "não inventar" not in said
