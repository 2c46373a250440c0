"""Money: set aside before, settled after, never overrun."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from chatwootai.stores.models.budgets import BudgetStore, SpendingAccount
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.telemetry.metrics import BUDGETS, FAILED_OPEN
from config.settings.spending import Budget as Limits
from crews.errors import BudgetSpent
from crews.model_calls.call import BillingScope, Call, Completion, Policy
from crews.model_calls.endpoint.client import OpenAIClient
from crews.model_calls.prices import NANO, prices
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.budget import Budget
from tests.stack_endpoint import Llm, call, sandbox_llm


@pytest.fixture
async def llm() -> AsyncIterator[Llm]:
    async with sandbox_llm() as server:
        yield server


@pytest.fixture
async def budget(redis: Connection) -> AsyncIterator[Budget]:
    wire = OpenAIClient()
    made = Budget(wire, BudgetStore(redis), prices(), Background())
    yield made
    await settled(made)
    await wire.aclose()


async def settled(budget: Budget) -> None:
    await budget._background.settle()


def limited(**limits: Any) -> dict[str, Any]:
    return {"policy": Policy(budget=Limits.model_validate(limits))}


def account(scope: str = "tenant", unit: str = "nano", tenant: str = "tenant") -> SpendingAccount:
    return SpendingAccount(tenant, scope, unit, f"{datetime.now(UTC):%Y-%m-%d}", 0)


async def test_200_calls_at_once_do_not_overrun_a_ceiling(budget: Budget, llm: Llm, redis: Connection) -> None:
    ceiling = 0.002  # dollars: enough for a few dozen calls
    asked = (budget.complete(call(llm.target(), f"Question {n}?", **limited(per_day=ceiling))) for n in range(200))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    await settled(budget)
    assert {type(answer) for answer in answers} == {Completion, BudgetSpent}
    spent = await BudgetStore(redis).used(account())
    true = sum(prices().cost(llm.target(), answer.usage) for answer in answers if isinstance(answer, Completion))
    assert spent == true
    assert 0 < spent <= ceiling * NANO


async def test_what_was_set_aside_and_not_spent_serves_the_next(budget: Budget, llm: Llm) -> None:
    one = call(llm.target(), **limited(per_day=0.0004))
    for _ in range(5):
        assert (await budget.complete(one)).text
        await settled(budget)
        one = call(llm.target(), **limited(per_day=0.0004))


@pytest.mark.parametrize(
    ("limits", "same", "other"),
    [
        ({"per_day": 0.0001}, BillingScope("tenant", 2, 2), BillingScope("other", 1, 1)),
        ({"inbox": {"per_month": 0.0001}}, BillingScope("tenant", 1, 2), BillingScope("tenant", 2, 1)),
        ({"contact": {"per_day": 0.0001}}, BillingScope("tenant", 2, 1), BillingScope("tenant", 1, 2)),
        ({"tokens_per_day": 350}, BillingScope("tenant", 2, 2), BillingScope("other", 1, 1)),
        ({"per_day": 0.0006, "currency": "BRL"}, BillingScope("tenant", 2, 2), BillingScope("other", 1, 1)),
    ],
)
async def test_each_has_a_purse_of_its_own(
    budget: Budget, llm: Llm, limits: dict[str, Any], same: BillingScope, other: BillingScope
) -> None:
    async def ask(payer: BillingScope) -> Completion:
        answer = await budget.complete(call(llm.target(), payer=payer, **limited(**limits)))
        await settled(budget)
        return answer

    await ask(BillingScope("tenant", 1, 1))
    with pytest.raises(BudgetSpent):
        await asyncio.gather(*(ask(same) for _ in range(20)))
    assert (await ask(other)).text


async def test_a_failed_call_costs_nothing(budget: Budget, redis: Connection, unused_tcp_port: int) -> None:
    from crews.model_calls.call import Endpoint, Target

    nowhere = Target(endpoint=Endpoint(f"http://127.0.0.1:{unused_tcp_port}/v1", "k"), model="gpt-4o-mini")
    with pytest.raises(Exception, match="could not be reached"):
        await budget.complete(call(nowhere, **limited(per_day=1)))
    await settled(budget)
    assert await BudgetStore(redis).used(account()) == 0


async def test_operators_are_told_once_of_each_level(budget: Budget, llm: Llm) -> None:
    before = BUDGETS.labels("warned")._value.get()
    for n in range(60):
        with suppress(BudgetSpent):
            await budget.complete(call(llm.target(), f"Question {n}?", **limited(per_day=0.001, warn_at=[0.3, 0.6])))
        await settled(budget)
    assert BUDGETS.labels("warned")._value.get() - before == 2


async def test_without_a_budget_redis_is_not_asked(llm: Llm) -> None:
    connection, wire = connect("unix:///nowhere/redis.sock"), OpenAIClient()
    before = FAILED_OPEN.labels("budget")._value.get()
    assert (await Budget(wire, BudgetStore(connection), prices(), Background()).complete(call(llm.target()))).text
    assert FAILED_OPEN.labels("budget")._value.get() == before
    await wire.aclose()
    await connection.aclose()


async def test_without_redis_calls_pass_and_are_counted(llm: Llm) -> None:
    connection, wire = connect("unix:///nowhere/redis.sock"), OpenAIClient()
    before = FAILED_OPEN.labels("budget")._value.get()
    asked: Call = call(llm.target(), **limited(per_day=0))
    assert (await Budget(wire, BudgetStore(connection), prices(), Background()).complete(asked)).text
    assert FAILED_OPEN.labels("budget")._value.get() > before
    await wire.aclose()
    await connection.aclose()
