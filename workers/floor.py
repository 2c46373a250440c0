"""What every turn stands on: connections, the configuration in force, the crews, a Chatwoot client a tenant."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from chatwootai.model.delivery import Delivery
from chatwootai.model.routing import Route, route
from chatwootai.stores.connection import Connection
from chatwootai.stores.conversations import Conversations
from chatwootai.stores.turns import Turns
from config.places import place
from config.settings import Settings
from config.snapshot import Account, Snapshot
from crews.draft import Crews
from workers.attention import Listeners
from workers.chatwoot import Chatwoot
from workers.typing import typing

if TYPE_CHECKING:
    from workers.media import Media


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account of the snapshot that a turn began with, and the client that speaks for it."""

    account: Account
    snapshot: Snapshot
    chatwoot: Chatwoot

    def settings(self, inbox: int) -> Settings:
        """The merged settings of an inbox."""
        return self.snapshot.settings(self.account.key, inbox)

    def route(self, delivery: Delivery) -> Route:
        """Which tenant, crew and channel answer a delivery."""
        contact = delivery.contact
        return route(place(self.account, delivery.inbox), delivery.channel, contact.phone, verified=contact.verified)


class Floor:
    """The shop floor of one worker. `snapshot` is replaced whole; a turn keeps the one that it began with."""

    def __init__(
        self,
        *,
        worker: str,
        connection: Connection,
        snapshot: Snapshot,
        crews: Crews,
        session: aiohttp.ClientSession,
        media: "Media | None" = None,
    ) -> None:
        self.worker = worker
        self.connection = connection
        self.conversations = Conversations(connection)
        self.turns = Turns(connection)
        self.listeners = Listeners()
        self.crews = crews
        self.snapshot = snapshot
        self.media = media
        self._session = session
        self._tenants: dict[str, Tenant] = {}

    def replace(self, snapshot: Snapshot) -> None:
        """Put another configuration in force for the turns that begin from now on."""
        self.snapshot = snapshot
        self._tenants = {}

    def tenant(self, key: str) -> Tenant | None:
        """The tenant of an account, or None if the mapping (no longer) has it."""
        snapshot = self.snapshot  # once: another may come into force between two looks
        known = self._tenants.get(key)
        account = snapshot.account(key)
        if account is None:
            return None
        if known is None or known.snapshot is not snapshot:
            known = self._tenants[key] = Tenant(account, snapshot, self._client(account))
        return known

    def _client(self, account: Account) -> Chatwoot:
        return Chatwoot(
            self._session,
            url=account.installation.url,
            account=account.id,
            bot_token=account.bot_token.reveal(),
            user_token=account.user_token.reveal() if account.user_token else None,
        )

    def typing(self, tenant: Tenant, delivery: Delivery) -> AbstractAsyncContextManager[None]:
        """Show the contact that someone writes, where the channel shows it."""
        return typing(tenant.chatwoot, delivery.conversation, channel=delivery.channel)
