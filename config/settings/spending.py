"""Settings of what may be spent: money, tokens and turns."""

from typing import Annotated

from pydantic import Field

from config.schema.base import FOR_MACHINES, NUMBER, Section, matching

Amount = Annotated[float, Field(ge=0, le=100_000_000), NUMBER]


class Money(Section):
    """Limits of money."""

    per_day: Amount | None = None
    """Amount in the budget's `currency` that may be spent in a day of the tenant's time zone. Unset: no limit."""
    per_month: Amount | None = None
    """Amount in the budget's `currency` that may be spent in a month of the tenant's time zone. Unset: no limit."""


class Budget(Money):
    """Limits of an account, and of each of its inboxes and contacts."""

    currency: Annotated[str, matching(r"^[A-Z]{3}$", "Write three capital letters, as USD or BRL."), FOR_MACHINES] = (
        "USD"
    )
    """Currency of every amount in this budget, as three capital letters. The price list must know it."""
    inbox: Money = Money()
    """Limits of money for each inbox, within those of the account."""
    contact: Money = Money()
    """Limits of money for each contact, within those of the account: one chatty contact cannot spend what is for
    all."""
    warn_at: tuple[Annotated[float, Field(gt=0, lt=1), NUMBER], ...] = (0.8, 0.95)
    """Shares of a limit, between 0 and 1. Operators are warned in the log and the metrics when each is passed."""
    tokens_per_day: Annotated[int, Field(ge=0, le=10**15), NUMBER] | None = None
    """Tokens, prompt and completion together, that an account may use in a day. Unset: no limit."""
    turns_per_day: Annotated[int, Field(ge=0, le=10**9), NUMBER] | None = None
    """Turns in a day that a crew may answer. Curated answers and prepared sentences do not count. Unset: no limit."""
    turns_per_conversation: Annotated[int, Field(ge=1, le=10**9), NUMBER] | None = None
    """Turns that a crew may answer in one conversation until it is resolved. Unset: no limit."""
