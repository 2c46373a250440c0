"""Buttons, edits, deletions and failures through real processes."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm
from workers.chatwoot.client import Chatwoot


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """A model that leaves time to change one's mind."""
    settings = "rate_per_minute: 100000\ndeadline_ms: 60000\nburst: {window_ms: 0, cap_ms: 2500}\n"
    system = System(Plan(llm=("--latency", "fixed:1000ms"), settings=settings))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


async def test_an_edit_while_the_model_thinks_gets_the_one_answer(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "telegram", "Qual o telefone da loja?", new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.edit(sent, "Qual o endereço da loja, EDIT-1?", sent.message)
    await driver.wait_for_reply(sent)
    asked, *_ = await llm.requests("EDIT-1")
    assert "telefone" not in asked["body"]["messages"][-1]["content"]
    assert len(await driver.replies(sent)) == 1


async def test_an_edit_after_the_answer_is_answered_too(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "telegram", "Qual o telefone da loja?", new=True)
    await driver.wait_for_reply(sent)
    await driver.edit(sent, "Qual o endereço da loja, EDIT-2?", sent.message)
    assert len(await driver.wait_for_reply(sent, count=2)) == 2
    assert await llm.requests("EDIT-2")


async def test_what_is_deleted_while_the_model_thinks_is_not_answered(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "telegram", "Qual o telefone da loja, DELETE-1?", new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.delete(sent, sent.message)
    stats = await llm.wait("in_flight", at_most=0)
    assert stats["cancelled"] == 1
    again = await driver.answer(sent, "telegram", "Qual o endereço da loja, AGAIN-1?")
    (reply,) = await driver.wait_for_reply(again)
    assert reply["id"] > again.message
    assert len(await driver.replies(sent)) == 1
    asked, *_ = await llm.requests("AGAIN-1")
    assert "DELETE-1" not in str(asked["body"]["messages"])


async def test_a_reply_that_failed_is_told_to_people_once(driver: Driver) -> None:
    sent = await driver.write(2, "whatsapp", "Qual o telefone da loja?", new=True)
    (reply,) = await driver.wait_for_reply(sent)
    await driver.fail(sent, reply["id"], "Recipient is not on WhatsApp")
    state = await driver.wait_for_status(sent, "open")
    await driver.fail(sent, reply["id"], "Recipient is not on WhatsApp")
    await driver.deliveries(timeout=5.0, done=True)
    state = await driver.state(sent)
    notes = [one for one in state["messages"] if "Recipient is not on WhatsApp" in (one["text"] or "")]
    assert len(notes) == 1
    assert notes[0]["kind"] != "outgoing"


async def test_with_the_window_closed_people_get_the_reply_instead_of_the_contact(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "whatsapp", "Preciso do telefone da loja, WINDOW-1", new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.close_window(sent)
    state = await driver.wait_for_status(sent, "open")
    assert await driver.replies(sent) == []
    assert any("prazo para responder" in (one["text"] or "") for one in state["messages"])


async def test_copies_of_a_mail_stay_in_copy(system: System, driver: Driver) -> None:
    copy = {"cc_email": ["chefe@example.com"]}
    sent = await driver.write(2, "email", "Qual o telefone da loja?", subject="Telefone", attributes=copy, new=True)
    await driver.wait_for_reply(sent)
    admin = system.world.token(2, "administrator")
    async with aiohttp.ClientSession() as session:
        chatwoot = Chatwoot(session, url=driver.url, account=2, bot_token=admin, user_token=admin)
        *_, last = await chatwoot.messages(sent.conversation)
    assert last.attributes["cc_emails"] == ["chefe@example.com"]
