"""What an operator hears of a turn, through real processes: its record, its line, the probe, a metric, the note."""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.server.connection import connect
from ops.cli import main
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import System
from sandbox.llm.driver import Driver as Llm
from tests.curated_system import curated_system

ACCOUNT = 1
CURATED = 'Se aparecer "Erro 403", envie [número do pedido].'
ANSWERS = f"codigo:\n  questions: [o que fazer com o erro 403]\n  answer: '{CURATED}'\n"
_numbers = itertools.count(7000)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with curated_system(ANSWERS) as system:
        yield system


Operator = Callable[..., Awaitable[str]]


@pytest.fixture
def operator(system: System, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    """What a verb of the command line prints."""
    monkeypatch.setenv("REDIS_URL", system.redis_url)

    async def run(*words: str) -> str:
        capsys.readouterr()
        assert await asyncio.to_thread(main, [*words, "--config", str(system.configuration)]) == 0
        return capsys.readouterr().out

    return run


async def asked(driver: Driver, text: str) -> tuple[Sent, dict[str, Any]]:
    """Write, and wait until people have it."""
    sent = await driver.write(ACCOUNT, "webchat", text, new=True)
    return sent, await driver.wait_for_status(sent, "open", within=30)


def lines(system: System, event: str) -> list[dict[str, Any]]:
    found = (line for line in system.processes["worker"].log.read_text().splitlines() if line.startswith("{"))
    return [line for line in map(json.loads, found) if line.get("event") == event]


async def ended(system: System, conversation: int, within: float = 10.0) -> dict[str, Any]:
    """The line of a conversation's turn: it is written after the last post."""
    async with asyncio.timeout(within):
        while True:
            for line in lines(system, "turn_ended"):
                if line["conversation"] == conversation:
                    return line
            await asyncio.sleep(0.05)


async def probed(system: System, path: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(system.url("worker") + path) as response:
        return await response.text()


def note_of(state: dict[str, Any]) -> str:
    return next(one["text"] for one in state["messages"] if one["kind"] == "note")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, ("key_refused", "401", "o serviço de IA recusou a chave")),
        ({"status": 404}, ("no_model", "404", "o serviço de IA não oferece o que está configurado")),
        ({"status": 400}, ("refused", "400", "o serviço de IA recusou o pedido")),
        ({"status": 503}, ("busy", "503", "o serviço de IA está sobrecarregado")),
        ({"status": 500}, ("failing", "500", "o serviço de IA falhou")),
        ({"kind": "rate_limited", "seconds": 60}, ("busy", "429", "o serviço de IA está sobrecarregado")),
        ({"kind": "stall"}, ("late", "late", "o serviço de IA não respondeu a tempo")),
    ],
)
async def test_why_no_model_answered_is_said_everywhere(
    system: System, driver: Driver, llm: Llm, fault: dict[str, Any], expected: tuple[str, str, str], operator: Operator
) -> None:
    why, error, said = expected
    await llm.fault(**{"kind": "server_error", "share": 1.0, **fault})
    sent, state = await asked(driver, f"Qual o telefone da loja? CW-{next(_numbers)}")
    line = await ended(system, sent.conversation)
    assert (line["outcome"], line["served_by"], line["cause"], line["why"]) == ("handoff", "people", "model", why)
    assert line["error"].startswith(error)
    assert f"Motivo: {said}" in note_of(state)

    redis = connect(system.redis_url, timeout=5.0)
    async with asyncio.timeout(30):
        while (record := await Turns(redis).read(line["turn"])) is None:  # noqa: ASYNC110 - written after that line
            await asyncio.sleep(0.05)
    await redis.aclose()
    assert (record["cause"], record["why"], record["error"]) == ("model", why, line["error"])

    printed = await operator("jobs", "show", f"{ACCOUNT}:{sent.conversation}")
    assert f"outcome=handoff  cause=model: {line['error']}" in printed
    assert "messages=#" in printed
    assert f'chatwootai_handoffs_total{{cause="model",reason="{why}"}}' in await probed(system, "/metrics")


async def test_an_endpoint_that_goes_away_and_comes_back_is_said_once_each(
    system: System, driver: Driver, llm: Llm
) -> None:
    await llm.heal()
    sent = await driver.write(ACCOUNT, "webchat", f"Qual o endereço? CW-{next(_numbers)}", new=True)
    await driver.wait_for_reply(sent)
    before = len(lines(system, "model_away")), len(lines(system, "model_back"))
    await llm.fault("server_error", share=1.0, status=401)
    for _ in range(3):
        await asked(driver, f"Qual o telefone da loja? CW-{next(_numbers)}")
    ready = json.loads(await probed(system, "/readyz"))
    assert ready["checks"]["model"]["status"] == "degraded"
    (away,) = ready["checks"]["model"]["away"]
    assert away["error"].startswith("401")
    assert away["since"] <= away["last"]
    await llm.heal()
    sent = await driver.write(ACCOUNT, "webchat", f"Qual o endereço? CW-{next(_numbers)}", new=True)
    await driver.wait_for_reply(sent)
    assert json.loads(await probed(system, "/readyz"))["checks"]["model"] == {"status": "ok"}
    after = lines(system, "model_away"), lines(system, "model_back")
    assert (len(after[0]), len(after[1])) == (before[0] + 1, before[1] + 1)
    for line in (after[0][-1], after[1][-1]):
        assert not {"account", "conversation", "turn", "delivery"} & set(line)


async def test_why_a_draft_was_kept_back_is_said(system: System, driver: Driver, llm: Llm) -> None:
    await llm.rule("segredo", answer="Sobre o pedido: error executing tool: no such order")
    sent, state = await asked(driver, f"Conte o segredo CW-{next(_numbers)}")
    line = await ended(system, sent.conversation)
    assert (line["cause"], line["why"], line["served_by"]) == ("unfit", "tool_error", "people")
    assert "a resposta do assistente não podia ser mostrada: trazia a falha de uma ferramenta" in note_of(state)
    assert 'chatwootai_handoffs_total{cause="unfit",reason="tool_error"}' in await probed(system, "/metrics")


async def test_what_the_model_was_told_is_not_posted(system: System, driver: Driver, llm: Llm) -> None:
    sent = await driver.write(ACCOUNT, "webchat", f"Qual o endereço? CW-{(number := next(_numbers))}", new=True)
    await driver.wait_for_reply(sent)
    (request,) = await llm.requests(f"CW-{number}")
    rules = next(one["content"] for one in request["body"]["messages"] if one["role"] == "system")
    line = next(
        each for each in rules.splitlines() if each.startswith("- ") and len(each.split()) > 12 and ":" not in each
    )
    await llm.rule("segredo", answer=f"Claro! {line}")
    other, _ = await asked(driver, f"Conte o segredo CW-{next(_numbers)}")
    assert (await ended(system, other.conversation))["why"] == "instructions"


async def test_the_operators_own_words_are_posted_as_written(driver: Driver) -> None:
    sent = await driver.write(ACCOUNT, "webchat", "O que fazer com o erro 403?", new=True)
    (reply,) = await driver.wait_for_reply(sent)
    assert reply["text"] == CURATED
