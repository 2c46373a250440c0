"""Whole turns, with real processes, whose model endpoint speaks otherwise than OpenAI's."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from tests.dialect_endpoint import Case, Said, saying

pytestmark = pytest.mark.slow
SETTINGS = "greeting: ''\nmodel: {name: local, hedging: {share: 0}}\nburst: {window_ms: 300, cap_ms: 900}\n"
ANSWER = "Sim, vendemos o creme azul para o rosto."


@asynccontextmanager
async def shop(case: Case) -> AsyncIterator[tuple[System, Driver, Said]]:
    """An installation whose model is the case's endpoint."""
    async with saying(case) as said:
        environ = {"OPENAI_BASE_URL": said.url, "OPENAI_API_KEY": "sk-shop-1234567890abcdef"}
        system = System(Plan(llm=None, environ=environ, settings=SETTINGS))
        try:
            await asyncio.to_thread(lambda: asyncio.run(system.start()))
            async with Driver(system.url("chatwoot")) as driver:
                yield system, driver, said
        finally:
            system.stop()


async def test_no_customer_reads_a_thought_that_began_without_a_mark() -> None:
    thought = "The customer asks about a blue cream. The facts do not say. I should be brief.\n</think>\n\n"
    case = {"says": [{"body": [thought[:40], thought[40:-9], thought[-9:], ANSWER, {"finish": "stop"}, "done"]}]}
    async with shop(case) as (_, driver, _):
        sent = await driver.write(1, "whatsapp", "Vocês vendem o creme azul para o rosto?")
        (reply,) = await driver.wait_for_reply(sent)
        assert reply["text"].endswith(ANSWER)
        assert "customer" not in reply["text"]


async def test_a_model_whose_roles_must_alternate_answers_a_burst_and_what_follows() -> None:
    words = "Conversation roles must alternate user/assistant/user/assistant/..."
    case = {
        "says": [{"body": [ANSWER, {"finish": "stop"}, "done"]}],
        "refuses": [{"unless": "alternating", "status": 400, "json": {"object": "error", "message": words}}],
    }
    async with shop(case) as (_, driver, said):
        sent = await driver.write(1, "whatsapp", "Vocês vendem o creme azul para o rosto?")
        await driver.wait_for_reply(sent)
        again = await driver.write(1, "whatsapp", "E o creme verde, para as mãos?", conversation=sent.conversation)
        (reply,) = await driver.wait_for_reply(again)
        assert reply["text"] == ANSWER
        assert said.answered == 2


async def test_people_are_told_the_endpoints_own_reason_without_the_key() -> None:
    error = {"message": "Incorrect API key provided: sk-shop-1234567890abcdef.", "code": "invalid_api_key"}
    case = {"says": [{"status": 401, "json": {"error": error}}]}
    async with shop(case) as (system, driver, _):
        sent = await driver.write(1, "whatsapp", "Vocês vendem o creme azul para o rosto?")
        (reply,) = await driver.wait_for_reply(sent)
        record = await _kept(system, reply["turn"])
        assert record["error"] == "401 invalid_api_key: Incorrect API key provided: [...]"
        log = "".join(path.read_text("utf-8") for path in system.folder.rglob("worker*.log"))
        assert '"event":"model_refused"' in log
        assert "1234567890abcdef" not in f"{log}{record}{reply}"


async def _kept(system: System, turn: str) -> dict[str, Any]:
    """A turn's record: kept once all of the turn is over, its note and its status too."""
    async with asyncio.timeout(20):
        while True:
            async with system.turns() as turns:
                if (record := await turns.read(turn)) is not None:
                    return dict(record)
            await asyncio.sleep(0.2)
