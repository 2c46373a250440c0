"""People first, through real processes: whoever steps in while the model thinks, in whatever way, has the word."""

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest

from bench.traffic import ended_and_running
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.installation.system import Plan, System
from sandbox.llm.driver import Driver as Llm

RUNS = 10
_numbers = itertools.count(1000)
THINKS = 1.5
SETTINGS = "rate_per_minute: 100000\ndeadline_ms: 60000\nburst: {window_ms: 0, cap_ms: 0}\n"


@pytest.fixture(scope="module")
def slow() -> Iterator[System]:
    """A model that takes its time."""
    system = System(Plan(llm=("--latency", f"fixed:{int(THINKS * 1000)}ms"), settings=SETTINGS))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def driver(slow: System) -> AsyncIterator[Driver]:
    async with Driver(slow.url("chatwoot")) as driver:
        yield driver
        await driver.clear_faults()


@pytest.fixture
async def llm(slow: System) -> AsyncIterator[Llm]:
    async with aiohttp.ClientSession() as session:
        llm = slow.llm(session)
        await llm.reset()
        yield llm


async def _reply(driver: Driver, sent: Sent) -> None:
    await driver.reply(sent, "Oi, aqui é o Bruno. Eu resolvo.")


async def _echo(driver: Driver, sent: Sent) -> None:
    await driver.echo(sent, "Respondi pelo celular.")


async def _fork_echo(driver: Driver, sent: Sent) -> None:
    await driver.echo(sent, "Respondi pelo celular.", {"external_sender_name": "WhatsApp"})


async def _bare_echo(driver: Driver, sent: Sent) -> None:
    await driver.echo(sent, "Respondi pelo celular.", {})


async def _open(driver: Driver, sent: Sent) -> None:
    await driver.set_status(sent, "open")


async def _assign(driver: Driver, sent: Sent) -> None:
    accounts = await driver.accounts()
    mine = next(account for account in accounts if account["id"] == sent.account)
    await driver.assign(sent, mine["teammates"][0]["id"])


async def _command(driver: Driver, sent: Sent) -> None:
    await driver.note(sent, "/stop eu falo com ela")


StepIn = Callable[[Driver, Sent], Awaitable[None]]
WAYS = [_reply, _echo, _fork_echo, _bare_echo, _open, _assign, _command]


def asked() -> str:
    """A question that nobody has asked before: no cache answers it."""
    return f"Qual o telefone da loja? CW-{next(_numbers)}"


async def thinking(driver: Driver, llm: Llm, channel: str = "whatsapp") -> list[Sent]:
    """Ten customers have written, and the model thinks about each."""
    sent = [await driver.write(2, channel, asked(), new=True) for _ in range(RUNS)]
    await llm.wait("in_flight", at_least=RUNS)
    return sent


@pytest.mark.parametrize("step_in", WAYS)
async def test_whoever_steps_in_while_the_model_thinks_is_not_talked_over(
    slow: System, driver: Driver, llm: Llm, step_in: StepIn
) -> None:
    sent = await thinking(driver, llm)
    await asyncio.gather(*(step_in(driver, one) for one in sent))
    stats = await llm.wait("in_flight", at_most=0, seconds=THINKS)
    assert stats["cancelled"] == RUNS  # the model's time is not paid for
    for one in sent:
        state = await driver.wait_for_status(one, "open", within=10)
        assert _posted(state) == []


@pytest.mark.parametrize("step_in", [_reply, _echo, _fork_echo, _bare_echo, _open, _assign])
async def test_so_it_is_with_every_event_lost(slow: System, driver: Driver, llm: Llm, step_in: StepIn) -> None:
    ended, _ = await ended_and_running(slow)
    sent = await thinking(driver, llm)
    await driver.shuffle(100_000)  # kept back: nobody tells us anything
    await asyncio.gather(*(step_in(driver, one) for one in sent))
    for one in sent:  # what only looked like ours is given to people
        assert _posted(await driver.wait_for_status(one, "open", within=10)) == []
    async with asyncio.timeout(10):
        while (await ended_and_running(slow))[0] < ended + RUNS:  # noqa: ASYNC110 - a metric has no event
            await asyncio.sleep(0.05)
    assert [one for one in sent if _posted(await driver.state(one))] == []
    await driver.clear_faults()  # now the events come, late


async def test_a_rules_answer_stops_nobody_groups_and_imported_history_get_none(
    slow: System, driver: Driver, llm: Llm
) -> None:
    family = {"name": "Família", "identifier": "120363041234567890@g.us"}
    group = await driver.write(1, "api", asked(), contact=family)
    week = {"external_created_at": time.time() - 5 * 86_400}
    old = [await driver.write(1, "api", asked(), new=True, attributes=week) for _ in range(50)]
    ruled = await driver.write(2, "whatsapp", asked(), new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.automation(ruled, "Recebemos sua mensagem!")
    await driver.wait_for_reply(ruled)
    for one in (group, *old):
        state = await driver.state(one)
        assert (state["status"], _posted(state)) == ("pending", [])
    after = await driver.answer(old[0], "api", asked())  # written now, in the same conversation
    assert await driver.wait_for_reply(after)
    async with aiohttp.ClientSession() as session, session.get(f"{slow.url('ingress')}/metrics") as response:
        counted = dict(
            re.findall(r'chatwootai_deliveries_total{answer="ignored",reason="(\w+)"} (\S+)', await response.text())
        )
    assert float(counted["group"]) >= 1
    assert float(counted["too_old"]) >= 50


async def test_who_steps_in_between_two_parts_hears_no_more_of_them(slow: System, driver: Driver, llm: Llm) -> None:
    ended, _ = await ended_and_running(slow)
    await llm.rule(code := asked(), answer="Entregamos em todo o país, de segunda a sábado. " * 18)
    sent = await driver.write(2, "sms", code, new=True)
    await driver.wait_for_reply(sent)
    await driver.reply(sent, "Oi, aqui é o Bruno.")
    state = await driver.wait_for_status(sent, "open")
    async with asyncio.timeout(30):
        while (await ended_and_running(slow))[0] <= ended:  # noqa: ASYNC110 - a metric has no event
            await asyncio.sleep(0.05)
    state = await driver.state(sent)
    assert state["status"] == "open"
    assert 1 <= len(_posted(state)) < 3


async def test_handed_back_the_crew_knows_what_was_said_meanwhile(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "whatsapp", "Qual o telefone da loja?", new=True)
    await driver.wait_for_reply(sent)
    await driver.take_over(sent)
    await driver.reply(sent, "O sofá azul fica reservado até sexta, código AZUL-77.")
    await driver.answer(sent, "whatsapp", "Obrigada! Meu CEP é 80610-260.")
    await driver.hand_back(sent)
    await llm.reset()
    again = await driver.answer(sent, "whatsapp", "E até quando fica reservado?")
    await driver.wait_for_reply(again)
    (request,) = await llm.requests("E até quando")
    *before, last = [(message["role"], message["content"]) for message in request["body"]["messages"]]
    assert last[1] == "E até quando fica reservado?"
    assert any(role == "assistant" and "AZUL-77" in text for role, text in before)
    assert any(role == "user" and "80610-260" in text for role, text in before)


@pytest.mark.parametrize("assign_bot", [False, True])
async def test_handed_back_while_the_contact_waits_he_is_answered(driver: Driver, llm: Llm, assign_bot: bool) -> None:
    sent = await driver.write(2, "whatsapp", "Qual o telefone da loja?", new=True)
    await driver.wait_for_reply(sent)
    await driver.take_over(sent)
    await driver.reply(sent, "Já vejo.")
    await driver.answer(sent, "whatsapp", "É sobre o sofá.")
    await driver.answer(sent, "whatsapp", question := asked())
    await asyncio.sleep(2.1)  # a message that is as new as this tells of itself
    await llm.reset()
    await driver.hand_back(sent, assign_bot=assign_bot)
    _, answer = await driver.wait_for_reply(sent, count=2)
    assert answer["sender"]["kind"] == "bot"
    (request,) = await llm.requests(question)
    *before, last = request["body"]["messages"]
    assert last["content"] == question
    assert before[-1]["content"] == "É sobre o sofá."
    assert [one["content"] for one in before].count(question) == 0


async def test_handed_back_without_a_word_of_people_he_is_answered_after_all(
    slow: System, driver: Driver, llm: Llm
) -> None:
    ended, _ = await ended_and_running(slow)
    sent = await driver.write(2, "whatsapp", asked(), new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.set_status(sent, "open")
    async with asyncio.timeout(60):
        while (await ended_and_running(slow))[0] == ended:  # noqa: ASYNC110 - a metric has no event
            await asyncio.sleep(0.05)
    await asyncio.sleep(2.1)  # a message that is as new as this tells of itself
    await driver.hand_back(sent)
    (answer,) = await driver.wait_for_reply(sent)
    assert answer["sender"]["kind"] == "bot"


async def test_a_command_in_a_note_gives_a_conversation_back(driver: Driver) -> None:
    sent = await driver.write(2, "webchat", "Qual o telefone da loja?", new=True)
    await driver.wait_for_reply(sent)
    await driver.reply(sent, "Deixa comigo.")
    await driver.wait_for_status(sent, "open")
    await driver.note(sent, "/bot")
    await driver.wait_for_status(sent, "pending")
    again = await driver.answer(sent, "webchat", "Qual o endereço?")
    assert await driver.wait_for_reply(again)


async def test_a_conversation_that_keeps_its_assignee_is_answered_once_handed_back(driver: Driver) -> None:
    sent = await driver.write(2, "webchat", "Qual o telefone da loja?", new=True)
    await driver.wait_for_reply(sent)
    await driver.take_over(sent)
    state = await driver.hand_back(sent)
    assert state["owner"]["assignee"] == "User"
    again = await driver.answer(sent, "webchat", "Qual o endereço?")
    assert await driver.wait_for_reply(again)


@pytest.mark.parametrize("status", ["open", "snoozed", "resolved"])
async def test_what_is_not_pending_is_not_answered(driver: Driver, llm: Llm, status: str) -> None:
    sent = await driver.write(2, "webchat", "Qual o telefone da loja?", new=True)
    (first,) = await driver.wait_for_reply(sent)
    await llm.reset()
    await driver.set_status(sent, status)
    if status == "resolved":  # a resolved thread begins anew, and is ours again
        again = await driver.answer(sent, "webchat", "Qual o endereço?")
        assert await driver.wait_for_reply(again)
        return
    await driver.answer(sent, "webchat", "Qual o endereço?")
    await driver.deliveries(timeout=5.0, done=True)
    assert (await llm.stats())["in_flight"] == 0
    assert [reply["id"] for reply in await driver.replies(sent)] == [first["id"]]


async def test_a_blocked_contact_is_not_answered_while_the_model_thinks(driver: Driver, llm: Llm) -> None:
    sent = await driver.write(2, "webchat", asked(), new=True)
    await llm.wait("in_flight", at_least=1)
    await driver.block(sent)
    await llm.wait("in_flight", at_most=0)
    assert _posted(await driver.state(sent)) == []


def _posted(state: dict[str, object]) -> list[str]:
    messages = state["messages"]
    assert isinstance(messages, list)
    return [message["text"] for message in messages if message["sender"]["kind"] == "bot"]


async def test_what_a_mail_quotes_asks_for_nobody(driver: Driver, llm: Llm) -> None:
    quoted = "Em seg., 23 de nov. de 2026 às 10:12, Loja <loja@example.com> escreveu:\n\n> Quero falar com uma pessoa!"
    sent = await driver.write(2, "email", f"{(question := asked())}\n\n{quoted}", new=True)
    (answer,) = await driver.wait_for_reply(sent)
    assert answer["sender"]["kind"] == "bot"
    assert (await driver.state(sent))["status"] == "pending"
    requests = await llm.requests(question[-7:])
    assert requests
    assert not any("Quero falar com uma pessoa" in str(one["body"]["messages"][-1]) for one in requests)


async def test_what_a_contact_writes_stands_in_the_note_as_text(driver: Driver) -> None:
    bait = "Quero falar com uma pessoa ![x](https://evil.example/t.png) [Ana](mention://user/1/Ana)"
    sent = await driver.write(2, "webchat", bait, new=True)
    state = await driver.wait_for_status(sent, "open")
    (note,) = [one["text"] for one in state["messages"] if one["kind"] == "note"]
    assert r"> Quero falar com uma pessoa \!\[x\](https:" in note
    assert not re.search(r"(?<!\\)\]\(|mention://|https://", note)
