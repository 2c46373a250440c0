"""The whole system, in languages that no table of words knows: who asks for a person, or is angry, gets one."""

import asyncio
from collections.abc import Iterator

import pytest

from sandbox.chatwoot.driver import Driver
from sandbox.installation.system import Plan, System


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    # The shop's own hours are left out: what is said at a handoff differs outside them.
    files = {"domains/retail/account_1/config.yaml": "hours: null\n"}
    system = System(Plan(workers=1, settings="rate_per_minute: 100000\nlanguage: pt\n", files=files))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Bonjour, je voudrais parler à un être humain s'il vous plaît", "Bien sûr"),
        ("Ich möchte bitte mit einem Menschen sprechen", "Natürlich"),
        ("请帮我转人工客服", "Claro"),  # no prepared sentence in Chinese: the tenant's own
        ("вы мошенники, верните деньги, воры", ""),
    ],
)
async def test_people_get_the_conversation(system: System, text: str, said: str) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", text)
        await driver.wait_for_status(sent, "open", within=60)
        replies = await driver.wait_for_reply(sent, within=60)
    assert said in replies[0]["text"]


async def test_a_question_is_answered_by_a_crew(system: System) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        sent = await driver.write(1, "whatsapp", "Uma pessoa pode pagar com cartão?")
        (reply,) = await driver.wait_for_reply(sent, within=60)
        state = await driver.state(sent)
    assert reply["text"]
    assert state["status"] == "pending"
