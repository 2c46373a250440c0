"""A conversation of a sandbox Chatwoot as a draft: nothing that identifies its contact is in it, and it is not run."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from config.evaluation.capturing import Capture, Evals
from config.evaluation.case_files import read_set
from config.settings.settings import Settings
from config.snapshot import Account, Installation, Secret
from ops.access import CommandError
from ops.evaluation.capture import NothingToCapture, capture, write_draft
from ops.evaluation.origins import Origin, with_label
from sandbox.chatwoot import app
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from tests.builders import account
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.records import Mark

LEAVE = Settings(evals=Evals(capture=Capture(purpose="to answer late orders better")))
TOLD = "Meu CPF é 529.982.247-25, e-mail joana.prado@exemplo.com.br, cel (31) 98765-4321. Cadê meu pedido?"


@dataclass
class Stand:
    driver: Driver
    chatwoot: Chatwoot
    account: Account

    async def answered(self, text: str, answer: str) -> Sent:
        """Return a conversation in which a contact wrote a text and our crew answered."""
        sent = await self.driver.write(1, "whatsapp", text)
        await self.chatwoot.create_message(sent.conversation, answer, mark=Mark("t", 0))
        return sent


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    world = seed.plant(World(seed=7), "http://127.0.0.1:9")
    secrets = seed.environ(world)
    async with (
        app.serve(app.create(world), world) as served,
        Driver(served.url) as driver,
        aiohttp.ClientSession() as session,
    ):
        tokens = {"bot_token": secrets["CHATWOOT_1_BOT_TOKEN"], "user_token": secrets["CHATWOOT_1_USER_TOKEN"]}
        chatwoot = Chatwoot(session, url=served.url, account=1, **tokens)
        own: dict[str, Any] = {name: Secret(token) for name, token in tokens.items()}
        yield Stand(driver, chatwoot, account(settings=LEAVE, installation=Installation("default", served.url), **own))


async def test_a_draft_holds_nothing_of_its_contact_and_waits_for_a_review(stand: Stand, tmp_path: Path) -> None:
    sent = await stand.answered(TOLD, "Seu pedido saiu hoje. Confirmo pelo (31) 98765-4321?")
    shown = await stand.chatwoot.conversation(sent.conversation)
    sender = shown.raw["meta"]["sender"]
    path = write_draft(await capture(stand.account, Origin(sent.conversation)), tmp_path)
    text = path.read_text(encoding="utf-8")
    told = ["529.982.247-25", "joana.prado", "98765-4321", sender["phone_number"], sender["name"].split()[0]]
    assert [each for each in told if each in text] == []
    (found,), problems = read_set([tmp_path])
    assert problems == []
    assert (found.case.reviewed, found.case.purpose) == (False, "to answer late orders better")
    assert (found.case.conversation, found.case.contact) == (f"1:{sent.conversation}", f"1:{shown.contact}")
    assert found.case.channel == "whatsapp"
    (answer,) = found.case.recorded.model
    assert isinstance(answer, str)
    assert answer.startswith("Seu pedido saiu hoje. Confirmo pelo (31) 9")
    phone = answer.partition("pelo ")[2].rstrip("?")
    assert phone in found.case.bursts[0][0], "the same number has the same surrogate"


async def test_a_teammates_correction_is_what_the_crew_should_have_said(stand: Stand) -> None:
    sent = await stand.answered("Vocês entregam em Manaus?", "Não sei.")
    await stand.driver.reply(sent, "Entregamos sim, em até 9 dias úteis.")
    case = await capture(stand.account, Origin(sent.conversation))
    assert case["expect"] == {"outcome": "reply", "same_facts_as": "Entregamos sim, em até 9 dias úteis."}
    assert case["say"] == [["Vocês entregam em Manaus?"]]
    await stand.driver.answer(sent, "whatsapp", "e em Belém?")
    await stand.driver.reply(sent, "Também.")
    case = await capture(stand.account, Origin(sent.conversation))
    assert case["expect"] == {"outcome": "reply", "same_facts_as": "Também."}
    assert "recorded" not in case
    with pytest.raises(NothingToCapture, match="a case already"):
        await capture(stand.account, Origin(sent.conversation), {(case["conversation"], case["message"])})
    assert [each["role"] for each in case["history"]] == ["contact", "crew", "teammate"]


async def test_an_earlier_turn_and_messages_that_nobody_answered_are_found_by_their_names(stand: Stand) -> None:
    sent = await stand.driver.write(1, "whatsapp", "Vocês abrem sábado?")
    await stand.chatwoot.create_message(sent.conversation, "Não abrimos.", mark=Mark("wrong", 0))
    for number in range(25):  # more than Chatwoot shows at once
        await stand.driver.answer(sent, "whatsapp", f"e o item {number}?")
        await stand.chatwoot.create_message(sent.conversation, "Temos.", mark=Mark(f"t{number}", 0))
    last = await stand.driver.answer(sent, "whatsapp", "alguém aí?")
    case = await capture(stand.account, Origin(sent.conversation, source="corrected outdated", turn="wrong"))
    assert (case["say"], case["recorded"]) == ([["Vocês abrem sábado?"]], {"model": ["Não abrimos."]})
    assert case["name"].startswith("corrected outdated ")
    dead = await capture(stand.account, Origin(sent.conversation, messages=frozenset({last.message})))
    assert (dead["say"], dead["message"], "recorded" in dead) == ([["alguém aí?"]], last.message, False)
    assert dead["expect"] == {"outcome": "reply"}
    with pytest.raises(NothingToCapture, match="nothing in this conversation"):
        await capture(stand.account, Origin(sent.conversation, turn="of another conversation"))


async def test_conversations_with_a_label_are_listed_of_any_status(stand: Stand) -> None:
    several = [await stand.answered(f"pergunta {number}", "resposta") for number in range(3)]
    for sent in several[:2]:
        await stand.chatwoot.set_labels(sent.conversation, ["vip", "eval"])
    await stand.driver.resolve(several[0])
    found = [one async for one in with_label(stand.chatwoot, "eval")]
    assert {one.conversation for one in found} == {sent.conversation for sent in several[:2]}
    assert {one.source for one in found} == {"eval"}


async def test_without_leave_nothing_is_read(stand: Stand) -> None:
    other = account(settings=Settings(), installation=stand.account.installation)
    with pytest.raises(CommandError, match="does not allow it"):
        await capture(other, Origin(1))


def test_a_draft_can_be_read_by_people(tmp_path: Path) -> None:
    path = write_draft({"name": "Captured: 1/a", "say": [["Olá, é a manhã?"]]}, tmp_path)
    assert "Olá, é a manhã?" in path.read_text(encoding="utf-8")
    assert yaml.safe_load(path.read_text(encoding="utf-8"))[0]["name"] == "Captured: 1/a"
    assert path.name == "captured_1_a.yaml"
