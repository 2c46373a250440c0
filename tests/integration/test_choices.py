"""Choices offered as buttons and picked, and replies that point at what they answer, through real processes."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.llm.driver import Driver as Llm
from sandbox.system import System


@pytest.fixture
async def llm(system: System) -> AsyncIterator[Llm]:
    async with aiohttp.ClientSession() as session:
        yield system.llm(session)


async def test_a_choice_is_offered_as_buttons_and_what_is_picked_is_answered(driver: Driver, llm: Llm) -> None:
    asked = "CHOICE-1, quais as opções: entrega, retirada ou troca?"
    sent = await driver.write(2, "webchat", asked, new=True)
    (offer,) = await driver.wait_for_reply(sent)
    assert offer["content_type"] == "input_select"
    titles = [item["title"] for item in offer["content_attributes"]["items"]]
    assert titles == ["entrega", "retirada", "troca"]
    assert offer["content_attributes"]["chatwootai"] == {"turn": offer["turn"], "part": 1}
    assert "[[" not in offer["text"]
    assert "- retirada" not in offer["text"]

    await driver.submit(sent, offer["id"], [offer["content_attributes"]["items"][1]])
    _, answer = await driver.wait_for_reply(sent, count=2)
    assert answer["content_type"] == "text"
    *before, picked = (await llm.requests("CHOICE-1"))[-1]["body"]["messages"]
    assert picked["content"] == "retirada"
    assert before[-1]["role"] == "assistant"
    assert before[-1]["content"].endswith("- entrega\n- retirada\n- troca")


async def test_a_channel_without_buttons_lists_them(driver: Driver) -> None:
    sent = await driver.write(2, "instagram", "Quais as opções: entrega, retirada ou troca?", new=True)
    (offer,) = await driver.wait_for_reply(sent)
    assert offer["content_type"] == "text"
    assert "items" not in offer["content_attributes"]
    assert offer["text"].rstrip().endswith("- entrega\n- retirada\n- troca")


async def test_the_answer_to_two_messages_points_at_the_second(driver: Driver) -> None:
    sent = await driver.write(2, "webchat", "Boa tarde", new=True)
    second = await driver.answer(sent, "webchat", "Qual o telefone da loja?")
    (reply,) = await driver.wait_for_reply(second)
    assert reply["content_attributes"]["in_reply_to"] == second.message
    assert reply["content_attributes"]["chatwootai"]["part"] == 1
    third = await driver.answer(sent, "webchat", "E o endereço?")
    (reply,) = await driver.wait_for_reply(third)
    assert "in_reply_to" not in reply["content_attributes"]
