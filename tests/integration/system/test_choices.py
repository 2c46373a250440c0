"""Choices offered as buttons and picked, and replies that point at what they answer, through real processes."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import System
from sandbox.llm.driver import Driver as Llm


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
    assert "2. retirada" not in offer["text"]

    await driver.submit(sent, offer["id"], [offer["content_attributes"]["items"][1]])
    _, answer = await driver.wait_for_reply(sent, count=2)
    assert answer["content_type"] == "text"
    *before, picked = (await llm.requests("CHOICE-1"))[-1]["body"]["messages"]
    assert picked["content"] == "retirada"
    assert before[-1]["role"] == "assistant"
    assert before[-1]["content"].endswith("1. entrega\n2. retirada\n3. troca")


@pytest.mark.parametrize(
    ("channel", "said"),
    [("telegram", "retirada"), ("whatsapp", "retirada"), ("twilio_whatsapp", "2"), ("instagram", "opção 2")],
)
async def test_what_is_picked_comes_back_as_the_channel_tells_it(
    driver: Driver, llm: Llm, channel: str, said: str
) -> None:
    """Buttons where there are any, else a list; a title, a button's value and a number are the same answer."""
    asked = f"CHOICE-{channel}, quais as opções: entrega, retirada ou troca?"
    sent = await driver.write(1, channel, asked, new=True)
    (offer,) = await driver.wait_for_reply(sent)
    buttons = offer["content_type"] == "input_select"
    assert buttons is (channel in ("telegram", "whatsapp"))
    assert ("items" in offer["content_attributes"]) is buttons
    assert buttons or offer["text"].rstrip().endswith("1. entrega\n2. retirada\n3. troca")

    await driver.answer(sent, channel, said)
    await driver.wait_for_reply(sent, count=2)
    *_, picked = (await llm.requests(f"CHOICE-{channel}"))[-1]["body"]["messages"]
    assert picked["content"] == "retirada"


async def test_the_answer_to_two_messages_points_at_the_second(driver: Driver) -> None:
    sent = await driver.write(2, "webchat", "Boa tarde", new=True)
    second = await driver.answer(sent, "webchat", "Qual o telefone da loja?")
    (reply,) = await driver.wait_for_reply(second)
    assert reply["content_attributes"]["in_reply_to"] == second.message
    assert reply["content_attributes"]["chatwootai"]["part"] == 1
    third = await driver.answer(sent, "webchat", "E o endereço?")
    (reply,) = await driver.wait_for_reply(third)
    assert "in_reply_to" not in reply["content_attributes"]
