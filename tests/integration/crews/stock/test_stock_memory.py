"""Crews with `memory: true`: what a contact said is recalled for that contact alone, and stands in no file."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatwootai.model.message.delivery import Contact
from chatwootai.model.message.turn import Draft
from config.settings.settings import Settings
from crews.catalog import Catalog
from crews.runtime import environment
from crews.stock.contact_memory import LIFETIME, OF_A_CONTACT, OF_A_TENANT, TENANTS, ContactMemoryStore, ContactRecords
from sandbox.llm.faults import Kind
from tests.builders import question
from tests.stack_endpoint import Llm, sandbox_llm

pytestmark = pytest.mark.filterwarnings("ignore")  # stock CrewAI warns about itself

CANARY = "CANARY-4711 e o cachorro se chama Bolota"


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture
async def llm() -> AsyncIterator[Llm]:
    async with sandbox_llm() as running:
        yield running


def catalog(folder: Path) -> Catalog:
    crew = folder / "friend"
    (crew / "channels").mkdir(parents=True)
    (crew / "config.yaml").write_text("memory: true\n")
    (crew / "agents.yaml").write_text("friend: {role: Friend, goal: Help., backstory: Calm.}\n")
    (crew / "tasks.yaml").write_text("answer: {description: Answer., expected_output: A text., agent: friend}\n")
    (crew / "channels" / "default.yaml").write_text("{summary: s, tone: t, length: l, max_tokens: 99}\n")
    return Catalog(folder)


class Shop:
    """Crews over the real stack and the sandbox LLM."""

    def __init__(self, folder: Path, llm: Llm) -> None:
        from crews.answer.draft import Crews
        from crews.model_calls.assembly import Stack
        from crews.model_calls.endpoint.client import OpenAIClient

        stack = Stack(OpenAIClient())
        self.crews = Crews(catalog(folder), stack, stack)
        self.settings = Settings.model_validate(
            {"model": {"base_url": llm.url, "name": "gpt-4o-mini", "temperature": 0}}
        )
        self.llm = llm

    async def ask(self, text: str, *, account: str = "1", contact: int = 1) -> Draft:
        asked = question(text, seconds=60, account=account, contact=Contact(id=contact), function="friend")
        return await self.crews.draft(asked, self.settings)

    async def kept(self, contact: int = 1) -> list[str]:
        """What stands on the contact's shelf, once what was under way is saved."""
        crew = next(iter(self.crews._registry._crews.values()))
        await asyncio.gather(*crew._saving)  # type: ignore[attr-defined]
        shelf = crew._memory_backend.store.of("1", "a", contact)  # type: ignore[attr-defined]
        return [record.text for record, _ in shelf.recall(None, 99)]

    def sent(self) -> list[str]:
        """The prompts that asked for an answer, in order."""
        entries = [entry.body for entry in self.llm.server.stats.log if entry.body.get("messages")]
        texts = [json.dumps(body["messages"], ensure_ascii=False) for body in entries]
        return [text for text in texts if "Current Task" in text]


async def test_it_is_recalled_for_its_own_contact_and_for_nobody_else(tmp_path: Path, llm: Llm) -> None:
    shop = Shop(tmp_path, llm)
    assert (await shop.ask(f"Meu pedido é {CANARY}.")).text
    assert await shop.kept()
    said = {}
    for account, contact in (("1", 1), ("1", 2), ("2", 1)):
        before = len(shop.sent())
        await shop.ask("Como se chama o meu cachorro?", account=account, contact=contact)
        said[account, contact] = "".join(shop.sent()[before:])
    assert {who: "Bolota" in text for who, text in said.items()} == {("1", 1): True, ("1", 2): False, ("2", 1): False}
    assert not any("CANARY" in said[who] for who in (("1", 2), ("2", 1)))
    assert "cache_breakpoint" not in said["1", 1]
    await shop.crews.close()


async def test_an_endpoint_without_embeddings_recalls_what_is_newest(tmp_path: Path, llm: Llm) -> None:
    llm.fault(Kind.SERVER_ERROR, status=501, share=1.0, endpoint="embeddings")
    shop = Shop(tmp_path, llm)
    await shop.ask(f"Meu pedido é {CANARY}.")
    assert await shop.kept()
    assert (await shop.ask("E o cachorro?")).text
    assert "Relevant memories" in shop.sent()[-1]
    assert "Bolota" in shop.sent()[-1]
    await shop.crews.close()


async def test_nothing_of_it_stands_in_any_file(tmp_path: Path, llm: Llm, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    shop = Shop(tmp_path, llm)
    await shop.ask(f"Meu pedido é {CANARY}.")
    assert await shop.kept()
    await shop.ask("E o cachorro?")
    written = [Path(os.environ["CREWAI_STORAGE_DIR"]), home]
    files = [path for folder in written for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if b"Bolota" in path.read_bytes() or b"CANARY" in path.read_bytes()]
    assert not list(home.rglob("*"))
    await shop.crews.close()


def test_a_shelf_is_bounded_and_forgets_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = ContactRecords()
    shelf.keep([f"fact {number}" for number in range(100)], None)
    assert [each.text for each, _ in shelf.recall(None, 2)] == ["fact 99", "fact 98"]
    assert len(shelf) == OF_A_CONTACT
    shelf.keep(["fact 85"], [[1.0, 0.0]])
    assert shelf.recall([1.0, 0.0], 1)[0][0].text == "fact 85"
    later = time.time() + LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert shelf.recall(None, 9) == []


def test_shelves_are_bounded_by_tenant_and_a_flood_of_one_leaves_the_others() -> None:
    shelves = ContactMemoryStore()
    shelves.of("1", "quiet", 1).keep(["mine"], None)
    for contact in range(200):
        shelves.of("2", "loud", contact).keep([str(number) for number in range(OF_A_CONTACT)], None)
    assert len(shelves.of("1", "quiet", 1)) == 1
    assert sum(len(shelves.of("2", "loud", contact)) for contact in range(190, 200)) <= OF_A_TENANT
    assert len(shelves.of("2", "loud", 0)) == 0
    for contact in range(2 * OF_A_TENANT):
        shelves.of("3", "forgetful", contact)
    assert len(shelves._tenants.peek(("3", "forgetful")) or ()) <= OF_A_TENANT
    for number in range(TENANTS):
        shelves.of(str(number), "other", 1)
    assert len(shelves.of("1", "quiet", 1)) == 0
