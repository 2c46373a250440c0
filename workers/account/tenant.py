"""The account that a turn works for, as the turn found it when it began."""

from dataclasses import dataclass

from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.routing import Route, route
from config.settings.settings import Settings
from config.snapshot import Account, Snapshot, place_of
from workers.chatwoot.client import Chatwoot


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account of the snapshot that a turn began with, and the client that speaks for it.

    `canary`: the version of the canary whose snapshot it is; None: it is the one in force.
    """

    account: Account
    snapshot: Snapshot
    chatwoot: Chatwoot
    canary: int | None = None

    def settings(self, inbox: int) -> Settings:
        """Return the merged settings of an inbox."""
        return self.snapshot.settings(self.account.key, inbox)

    def route(self, delivery: Delivery) -> Route:
        """Return the account, crew and channel that answer a delivery."""
        contact = delivery.contact
        return route(place_of(self.account, delivery.inbox), delivery.channel, contact.phone, verified=contact.verified)
