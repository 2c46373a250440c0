"""Budgets of an account, an inbox or a contact: money is set aside before a call, and settled by its receipts.

Set aside is more than a call is likely to cost (the longest answer, at the dearest of its targets, twice where a
second request may be made), so that no number of calls at once can overrun a ceiling. Without Redis it fails open.
"""

import time
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from chatwootai.model.message.turn import Usage
from chatwootai.stores.models.budgets import BudgetStore, SpendingAccount
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import BUDGETS, MODEL_COST
from config.settings.spending import Budget as Limits
from crews.errors import BudgetSpent
from crews.model_calls.call import Call, Completer, Completion, estimated_prompt
from crews.model_calls.prices import PriceList
from crews.model_calls.request.parameters import THINKING, is_reasoning_model
from crews.model_calls.wrappers.background import Background
from crews.model_calls.wrappers.failing_open import FailingOpen

_UNSAID = 2000  # tokens of an answer without a limit
_log = log.get("budget")

Amounts = list[tuple[SpendingAccount, int]]


class Budget:
    """Lets calls pass while there is money. Counts what every call costs, with a budget or without."""

    def __init__(self, inner: Completer, ledger: BudgetStore | None, prices: PriceList, background: Background) -> None:
        self._inner = inner
        self._ledger = ledger
        self._prices = prices
        self._open = FailingOpen("budget", longest=1.0, rest=3.0)
        self._background = background

    async def complete(self, call: Call) -> Completion:
        """Answer if it can be paid for.

        Raises:
            BudgetSpent: it cannot; the error names whose budget is used up.
        """
        wanted = self._estimate(call)
        reserved = await self._reserve(wanted) if wanted and self._ledger is not None else False
        try:
            completion = await self._inner.complete(call)
        finally:
            cost = self._settle(call, wanted if reserved else [])
        usage = replace(completion.usage, cost=cost)
        return replace(completion, usage=usage, requests=len(call.receipts))

    async def _reserve(self, wanted: Amounts) -> bool:
        """Return true once money is set aside; false without Redis: then nothing is settled either."""
        ledger = self._ledger
        assert ledger is not None  # noqa: S101 - asked by the caller

        async def ask() -> tuple[SpendingAccount | None]:
            return (await ledger.reserve(wanted),)

        answer = await self._open.ask(ask)
        if answer is None:
            return False
        if answer[0] is not None:
            BUDGETS.labels("refused").inc()
            _log.warning("budget_spent", account=answer[0].account, scope=_kind(answer[0]), period=answer[0].period)
            raise BudgetSpent(f"the budget of this {_kind(answer[0])} for {answer[0].period} is used up")
        BUDGETS.labels("reserved").inc()
        return True

    def _estimate(self, call: Call) -> Amounts:
        """Return whose money, and how much of it at the most."""
        policy, payer = call.policy, call.payer
        if payer.account is None or not _any(policy.budget):
            return []
        others = (policy.quick, policy.hedge_to, *policy.fallbacks)
        targets = [call.target, *(target for target in others if target is not None)]
        thinking = THINKING if any(is_reasoning_model(target.model) for target in targets) else 0
        longest = (call.max_tokens or _UNSAID) + thinking
        usage = Usage(prompt_tokens=estimated_prompt(call), completion_tokens=longest)
        times = 2 if policy.hedge_share > 0 else 1
        nanos = times * max(self._prices.cost(target, usage) for target in targets)
        tokens = times * (usage.prompt_tokens + usage.completion_tokens)
        return [(each, tokens if each.unit == "tokens" else nanos) for each in self._accounts(call)]

    def _accounts(self, call: Call) -> list[SpendingAccount]:
        limits, payer = call.policy.budget, call.payer
        now = datetime.fromtimestamp(time.time(), ZoneInfo(call.policy.time_zone))
        day, month = f"{now:%Y-%m-%d}", f"{now:%Y-%m}"
        scopes = {
            "tenant": limits,  # all that the account pays
            f"inbox:{payer.inbox}": limits.inbox,
            f"contact:{payer.contact}": limits.contact,
        }
        ceilings = [
            (scope, "nano", period, self._prices.nanos(amount, limits.currency))
            for scope, money in scopes.items()
            for period, amount in ((day, money.per_day), (month, money.per_month))
            if amount is not None
        ]
        if limits.tokens_per_day is not None:
            ceilings.append(("tenant", "tokens", day, limits.tokens_per_day))
        shares = sorted(limits.warn_at)
        return [
            SpendingAccount(payer.account or "", *each, thresholds=tuple(int(each[3] * share) for share in shares))
            for each in ceilings
        ]

    def _settle(self, call: Call, reserved: Amounts) -> int:
        """Settle in the background: nobody waits for bookkeeping."""
        nanos = tokens = 0
        for receipt in call.receipts:
            cost = self._prices.cost(receipt.target, receipt.usage)
            MODEL_COST.labels(receipt.target.model).inc(cost / 1e9)
            nanos += cost
            tokens += receipt.usage.prompt_tokens + receipt.usage.completion_tokens
        if reserved:
            changes = [(each, (tokens if each.unit == "tokens" else nanos) - amount) for each, amount in reserved]
            self._background.start(self._book(changes))
        return nanos

    async def _book(self, changes: Amounts) -> None:
        ledger = self._ledger
        assert ledger is not None  # noqa: S101 - something was reserved in it
        for account, number in await self._open.ask(lambda: ledger.settle(changes)) or ():
            BUDGETS.labels("warned").inc()
            share = round(account.thresholds[number] / account.ceiling, 3) if account.ceiling else 1.0
            _log.warning(
                "budget_low", account=account.account, scope=_kind(account), period=account.period, share=share
            )


def _any(limits: Limits) -> bool:
    monies = (limits, limits.inbox, limits.contact)
    return limits.tokens_per_day is not None or any(
        amount is not None for money in monies for amount in (money.per_day, money.per_month)
    )


def _kind(account: SpendingAccount) -> str:
    """Return tenant, inbox or contact: whose number it is stays out of logs and errors."""
    return account.scope.partition(":")[0]
