"""The whole system with documents: read by the command, offered to the crew by the worker, named in the record."""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm
from tests.commands import program

CANARY = "CANARIO7731"
FAQ = [
    {
        "id": f"peca_{n}",
        "question": f"Qual a garantia da peça {name}?",
        "answer": f"A peça {name} tem garantia de {n * 7} meses pelo código GAR{n}. " + "Guarde a nota fiscal. " * 40,
        "url": f"https://loja.example/garantia/{n}",
    }
    for n, name in enumerate(
        ("relógio", "pulseira", "colar", "anel", "brinco", "tornozeleira", "broche", "piercing"), 2
    )
]
SETTINGS = """
rate_per_minute: 100000
language: pt
knowledge:
  sources: {faq: {records: faq.jsonl}, equipe: {files: [equipe.md], audience: team}}
"""
FILES = {
    "domains/_base/faq.jsonl": "\n".join(json.dumps(one, ensure_ascii=False) for one in FAQ),
    "domains/_base/equipe.md": f"# Garantia da pulseira\nO custo da garantia da pulseira para nós: {CANARY}.",
}


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    system = System(Plan(workers=1, settings=SETTINGS, files=FILES))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def llm(system: System) -> AsyncIterator[Llm]:
    async with aiohttp.ClientSession() as session:
        yield system.llm(session)


def run(system: System, *words: str, said: str = "") -> str:
    """What `chatwootai knowledge` prints with --json; `said` on its stdin."""
    command = [*program(), "knowledge", *words, "--account", "1", "--json"]
    environ = {"PATH": os.environ["PATH"], **system._environ()}
    done = subprocess.run(command, env=environ, input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def knowledge(system: System, *words: str) -> Any:
    return json.loads(run(system, *words))


async def asked(system: System, text: str) -> tuple[str, dict[str, Any]]:
    """The reply's text, and the turn's record."""
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", text)
        replies = await driver.wait_for_reply(sent, within=60)
    async with system.turns() as turns, asyncio.timeout(30):
        while (record := await turns.read(replies[0]["turn"])) is None:  # noqa: ASYNC110 - it is written after the reply
            await asyncio.sleep(0.1)
    return "\n".join(one["text"] for one in replies), record


async def test_a_crew_answers_from_a_passage_and_says_which(system: System, llm: Llm) -> None:
    done = knowledge(system, "ingest")
    assert {one["source"]: one["state"] for one in done["sources"]}.items() >= {"faq": "ok", "equipe": "ok"}.items()
    await llm.rule("garantia da pulseira", answer="A pulseira tem 21 meses de garantia (GAR3).\n[[sources: 1]]")
    text, record = await asked(system, "Oi! qual é a garantia da pulseira?")
    assert text.endswith("A pulseira tem 21 meses de garantia (GAR3).")
    assert record["passages"][0][:2] == ["faq", "peca_3"]
    assert record["passages"][0][3] is True
    (request,) = await llm.requests("garantia da pulseira")
    sent = json.dumps(request, ensure_ascii=False)
    assert "GAR3" in sent
    assert CANARY not in sent


def test_a_question_a_line_is_a_list_a_line(system: System) -> None:
    said = "qual a garantia da pulseira?\n\nquem descobriu o Brasil?\nqual a garantia do anel?\n"
    found = [json.loads(line) for line in run(system, "search", "-", "--top", "2", said=said).splitlines()]
    assert [[one["document"] for one in hits[:1]] for hits in found] == [["peca_3"], [], ["peca_5"]]
    assert found[0] == knowledge(system, "search", "qual a garantia da pulseira?", "--top", "2")


async def test_a_figure_that_no_passage_bears_out_reaches_no_contact(system: System, llm: Llm) -> None:
    await llm.rule("garantia do colar", answer="A garantia do colar é de 8653 meses.")
    text, record = await asked(system, "qual a garantia do colar?")
    assert "8653" not in text
    assert (record["outcome"], record["why"]) == ("handoff", "ungrounded")
