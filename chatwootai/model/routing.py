"""Who answers: from account, inbox, channel and contact to one route. One function where others keep hubs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from chatwootai.model.delivery import Delivery


class InboxRules(Protocol):
    """What the configuration says of one inbox; None: as the account says."""

    @property
    def domain(self) -> str:
        """The inbox's own domain, or the account's."""

    @property
    def tenant(self) -> str:
        """The inbox's own tenant, or the account's."""

    @property
    def crew(self) -> str | None:
        """The function that answers here."""

    @property
    def priority(self) -> int | None:
        """0 to 10."""


class AccountRules(Protocol):
    """What the configuration says of one account."""

    @property
    def key(self) -> str:
        """The last segment of its webhook address."""

    @property
    def domain(self) -> str:
        """The line of business."""

    @property
    def tenant(self) -> str:
        """The company served."""

    @property
    def crew(self) -> str:
        """The function that answers where nothing else is said."""

    @property
    def priority(self) -> int:
        """0 to 10, higher first."""

    @property
    def inboxes(self) -> Mapping[int, InboxRules]:
        """The inboxes in which something differs."""

    @property
    def special_numbers(self) -> Mapping[str, str]:
        """A contact's phone (E.164) to the function that answers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a burst goes, and why: one short sentence a decision, in the order they were taken."""

    tenant: str
    domain: str
    function: str
    channel: str
    priority: int
    why: tuple[str, ...]


def route(account: AccountRules, delivery: Delivery) -> Route:
    """The route of a delivery. Weakest to strongest: the account, the inbox, the contact's own number."""
    inbox = account.inboxes.get(delivery.inbox)
    tenant, domain = (inbox.tenant, inbox.domain) if inbox else (account.tenant, account.domain)
    owner = f"account {account.key}"
    moved = (tenant, domain) != (account.tenant, account.domain)
    first = f"{f'inbox {delivery.inbox}' if moved else owner}: tenant {tenant} of domain {domain}"
    function, second = _function(account, inbox, delivery)
    own = inbox.priority if inbox else None
    priority = account.priority if own is None else own
    third = f"{owner if own is None else f'inbox {delivery.inbox}'}: priority {priority}"
    why = (first, *second, third)
    return Route(tenant=tenant, domain=domain, function=function, channel=delivery.channel, priority=priority, why=why)


def _function(account: AccountRules, inbox: InboxRules | None, delivery: Delivery) -> tuple[str, tuple[str, ...]]:
    """The function, and the sentences that say why."""
    said: tuple[str, ...] = ()
    special = account.special_numbers.get(normal(delivery.contact.phone or ""))
    if special and delivery.contact.verified:
        return special, (f"special number: {special} answers this contact",)
    if special:  # on a site or in a mail anyone can claim to be the owner
        said = ("special number passed over: this channel does not vouch for it",)
    if inbox and inbox.crew:
        return inbox.crew, (*said, f"inbox {delivery.inbox}: {inbox.crew} answers")
    return account.crew, (*said, f"account {account.key}: {account.crew} answers")


def normal(phone: str) -> str:
    """A phone as E.164 writes it: a plus sign and digits, without spaces, dots, dashes and brackets."""
    digits = "".join(each for each in phone if each in "0123456789")
    return f"+{digits}" if digits else ""
