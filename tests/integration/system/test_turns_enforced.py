"""Two accounts whose folders have one name, two workers: one has three turns a day, the other as many as come."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import yaml

from chatwootai.stores.server.connection import connect
from sandbox.chatwoot.driver import Driver, Sent
from sandbox.chatwoot.world import seed
from sandbox.installation.system import Plan, System

OWN = {
    "retail": "turns_per_day: 3",
    "cosmetics": "turns_per_conversation: 2",
}
FOLDER = """\
company: {{name: Loja, facts: {{pagamento: Aceitamos pix.}}}}
budget: {{{budget}, warn_at: [0.5]}}
near_answers: false
"""
ANSWERS = 'pix: {questions: [vocês aceitam pix], answer: "Sim, aceitamos pix."}\n'


class Same(System):
    """Account 1 in `retail`, account 2 in `cosmetics`, both with `tenant: loja`."""

    def _configure(self) -> None:
        super()._configure()
        mapping = yaml.safe_load(seed.mapping(self.world))
        for account, domain in zip(mapping["accounts"].values(), OWN, strict=True):
            account.update(domain=domain, tenant="loja")
            folder = self.configuration / "domains" / domain / "loja"
            folder.mkdir(parents=True)
            (folder / "config.yaml").write_text(FOLDER.format(budget=OWN[domain]), encoding="utf-8")
            (folder / "answers.yaml").write_text(ANSWERS, encoding="utf-8")
        (self.configuration / "chatwoot_mapping.yaml").write_text(yaml.safe_dump(mapping), encoding="utf-8")


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    system = Same(Plan(workers=2, settings="rate_per_minute: 100000\ndeadline_ms: 60000\n"))
    try:
        asyncio.run(system.start())
        yield system
    finally:
        system.stop()


@pytest.fixture
async def driver(system: System) -> AsyncIterator[Driver]:
    async with Driver(system.url("chatwoot")) as driver:
        yield driver


async def ask(driver: Driver, account: int, text: str) -> tuple[Sent, str, str]:
    """A new customer's question, how it was answered, and the conversation's status after that."""
    phone = f"+55319{hash((account, text)) % 10**8:08d}"
    sent = await driver.write(account, "whatsapp", text, contact={"name": "Ana", "phone_number": phone}, new=True)
    return await answered(driver, sent)


async def answered(driver: Driver, sent: Sent) -> tuple[Sent, str, str]:
    (reply, *_) = await driver.wait_for_reply(sent, within=60)
    handed = "nossa equipe já foi avisada" in reply["text"]
    if handed:
        await driver.wait_for_status(sent, "open", within=30)
    return sent, reply["text"], (await driver.state(sent))["status"]


async def used(system: System, key: str) -> dict[str, int]:
    connection = connect(system.redis_url)
    names = [name.decode() async for name in connection.scan_iter(f"cw:spent:{key}:*")]
    found = {name.split(":")[4]: int(await connection.hget(name, "used") or 0) for name in names}
    await connection.aclose()
    return found


async def test_three_of_six_at_once_are_answered_and_all_six_of_the_other_account(
    system: System, driver: Driver
) -> None:
    questions = [f"Onde fica a loja {place}?" for place in ("norte", "sul", "leste", "oeste", "centro", "praia")]
    asked = [ask(driver, account, text) for text in questions for account in (1, 2)]
    found = await asyncio.gather(*asked)
    statuses = {account: sorted(status for sent, _, status in found if sent.account == account) for account in (1, 2)}
    assert statuses == {1: ["open"] * 3 + ["pending"] * 3, 2: ["pending"] * 6}
    assert await used(system, "1") == {"turns": 3}
    assert await used(system, "2") == {}
    logs = "".join((system.folder / f"{name}.log").read_text() for name in ("worker", "worker-2"))
    assert logs.count('"event":"budget_spent"') == 3
    assert logs.count('"event":"budget_low"') == 1


async def test_what_needs_no_crew_goes_on(driver: Driver) -> None:
    _, text, status = await ask(driver, 1, "Vocês aceitam pix?")
    assert (text, status) == ("Sim, aceitamos pix.", "pending")


async def test_a_conversation_has_its_turns_until_it_is_resolved(system: System, driver: Driver) -> None:
    sent, _, status = await ask(driver, 2, "Qual o horário?")
    statuses = [status]
    for text in ("E no sábado?", "E no domingo?"):
        sent = await driver.answer(sent, "whatsapp", text)
        statuses.append((await answered(driver, sent))[2])
    assert statuses == ["pending", "pending", "open"]
    await driver.resolve(sent)
    await driver.set_status(sent, "pending")
    sent = await driver.answer(sent, "whatsapp", "E no feriado?")
    assert (await answered(driver, sent))[2] == "pending"
