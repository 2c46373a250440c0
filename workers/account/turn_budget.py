"""Budgets of turns that an account's crews may take, a day and a conversation. What needs no crew costs no turn."""

import time
from datetime import datetime
from typing import Protocol

from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.models.budgets import SpendingAccount
from chatwootai.stores.models.turn_limits import Taken, TurnLimits
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import BUDGETS
from config.settings.settings import Settings
from crews.errors import BudgetSpent
from crews.model_calls.wrappers.failing_open import FailingOpen

_log = log.get("budget")


class Asking(Protocol):
    """The part of a turn that this module needs."""

    start: TurnStart
    deliveries: tuple[Delivery, ...]
    counted: bool

    @property
    def last(self) -> Delivery:
        """Return the newest message of the burst."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings of its inbox."""
        ...


class TurnBudget:
    """Lets a turn's crew begin while there are turns left. Without Redis it fails open, counted."""

    def __init__(self, connection: Connection) -> None:
        self._limits = TurnLimits(connection)
        self._open = FailingOpen("turns", longest=1.0, rest=3.0)

    async def take(self, turn: Asking) -> None:
        """Count the turn's burst, once.

        Raises:
            BudgetSpent: the account's turns of the day, or the conversation's, are used up.
            Stale: another job holds the conversation.
        """
        limits, day = turn.settings.budget, _day(turn)
        if day is None and limits.turns_per_conversation is None:
            return
        ids = [each.message.id for each in turn.deliveries]
        turn.counted = True  # also where Redis answers too late to say so
        taken = await self._open.ask(
            lambda: self._limits.take(
                turn.start.lease, min(ids), max(ids), day=day, per_conversation=limits.turns_per_conversation
            )
        )
        if taken is not None:
            _tell(taken, turn, day)

    async def give_back(self, turn: Asking) -> None:
        """Count the turn's burst no more: it ends without a crew's answer.

        Raises:
            Stale: another job holds the conversation.
        """
        if turn.counted:
            first = min(each.message.id for each in turn.deliveries)
            await self._open.ask(lambda: self._limits.give_back(turn.start.lease, first))
            turn.counted = False


def _day(turn: Asking) -> SpendingAccount | None:
    """Return the counter of the account's turns of today, in its time zone; None where they have no limit."""
    settings = turn.settings
    most = settings.budget.turns_per_day
    if most is None:
        return None
    zone = settings.zone
    today = f"{datetime.fromtimestamp(time.time(), zone):%Y-%m-%d}"
    thresholds = tuple(max(1, int(most * share)) for share in sorted(settings.budget.warn_at))
    return SpendingAccount(turn.last.account, "tenant", "turns", today, most, thresholds)


def _tell(taken: Taken, turn: Asking, day: SpendingAccount | None) -> None:
    account = turn.last.account
    if taken.passed is not None and day is not None:
        BUDGETS.labels("warned").inc()
        share = round(day.thresholds[taken.passed] / day.ceiling, 3) if day.ceiling else 1.0
        _log.warning("budget_low", account=account, scope="turns", period=day.period, share=share)
    if taken.reached is not None:
        BUDGETS.labels("refused").inc()
        period = day.period if day is not None and taken.reached == "day" else "conversation"
        _log.warning("budget_spent", account=account, scope="turns", period=period)
        raise BudgetSpent(f"the turns of this {'tenant' if taken.reached == 'day' else 'conversation'} are used up")
    if day is not None:
        BUDGETS.labels("reserved").inc()
