"""Resources of every turn: connections, the configuration in force, the crews, a Chatwoot client per account."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import aiohttp

from chatwootai.model.canary.terms import Side
from chatwootai.model.message.delivery import Delivery
from chatwootai.stores.conversation.conversations import Conversations
from chatwootai.stores.conversation.tool_calls import ToolCalls, known_calls
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.installation.incident_board import IncidentBoard
from chatwootai.stores.keys import split_conv
from chatwootai.stores.privacy.erasure import FORGET
from chatwootai.stores.server.connection import Connection
from chatwootai.telemetry.spans.exporter import TraceExporter
from config.live.canary import CanaryInForce
from config.snapshot import Account, Snapshot
from crews.answer.draft import Crews
from crews.run_state.tool_calls import BurstToolCalls
from crews.understanding.message_reader import MessageReader
from workers.account.call_tally import CallTally
from workers.account.standing import Standing
from workers.account.tenant import Tenant
from workers.account.turn_budget import TurnBudget
from workers.chatwoot.client import Chatwoot
from workers.conversations import RetryingConversations
from workers.media.media import Media
from workers.turn_signals import SignalRouter
from workers.typing_indicator import show_typing


class WorkerContext:
    """Resources of one worker's turns. `snapshot` is replaced whole; a turn keeps the one that it began with.

    `config_version` returns the number under which it was published, None before; `canary` what is on trial beside it.
    """

    def __init__(
        self,
        *,
        worker_id: str,
        connection: Connection,
        snapshot: Snapshot,
        crews: Crews,
        session: aiohttp.ClientSession,
        media: Media | None = None,
        standing: Standing | None = None,
        reader: MessageReader | None = None,
    ) -> None:
        self.worker_id = worker_id
        self.connection = connection
        self.conversations = RetryingConversations(Conversations(connection))
        self.figures = Figures(connection)
        self.turn_budget = TurnBudget(connection)
        self.signal_router = SignalRouter()
        self.incidents = IncidentBoard(connection)
        self.chatwoot_calls = CallTally(connection)
        self.traces: TraceExporter | None = None
        self.crews = crews
        self.snapshot = snapshot
        self.config_version: Callable[[], int | None] = lambda: None
        self.canary: Callable[[], CanaryInForce | None] = lambda: None
        self.media = media
        self.reader = reader
        self.standing = standing or Standing(connection)
        self._session = session
        self._tenants: dict[str, Tenant] = {}
        self._canary_tenants: dict[str, Tenant] = {}
        self._at_words = asyncio.Lock()

    def hear(self, conv: str, word: str, at: float) -> None:
        """Take a word from another process: of a conversation whose turn runs here, or of a contact to be forgotten."""
        if word == FORGET:
            self.crews.forget(*split_conv(conv))
        else:
            self.signal_router.receive(conv, word, at)

    def replace(self, snapshot: Snapshot) -> None:
        """Put another configuration in force for the turns that begin from now on."""
        self.snapshot = snapshot
        self._tenants = {}

    def tenant(self, key: str) -> Tenant | None:
        """Return an account with its client; None where the mapping (no longer) has it."""
        snapshot = self.snapshot  # once: another may come into force between two looks
        return self._tenant(self._tenants, key, snapshot, None)

    def tenant_of(self, key: str, conversation: int, inbox: int | None) -> Tenant | None:
        """Return the same for a conversation, which may be on a canary's side; an account must be in force to be there.

        `inbox`: None where it is not known: then no canary of one inbox answers.
        """
        own, canary = self.tenant(key), self.canary()
        if own is None or canary is None:
            return own
        if canary.terms.side(key, conversation, inbox, time.time()) is not Side.CANARY:
            return own
        return self._tenant(self._canary_tenants, key, canary.snapshot, canary.terms.version) or own

    def _tenant(self, tenants: dict[str, Tenant], key: str, snapshot: Snapshot, canary: int | None) -> Tenant | None:
        known = tenants.get(key)
        account = snapshot.account(key)
        if account is None:
            return None
        if known is None or known.snapshot is not snapshot:
            known = tenants[key] = Tenant(account, snapshot, self._client(account), canary)
        return known

    def counted_for(self, tenant: Tenant, conversation: int, inbox: int) -> str:
        """Return the canary and its side that a turn counts for, as `7:base`; empty: for none that runs now."""
        if (canary := self.canary()) is None:
            return ""
        side = canary.terms.side(tenant.account.key, conversation, inbox, time.time())
        served = canary.terms.version if side is Side.CANARY else None
        return f"{canary.terms.version}:{side}" if side and tenant.canary == served else ""

    @property
    def served(self) -> tuple[str, ...]:
        """Return the accounts that this worker has served with the configuration in force."""
        return tuple(self._tenants)

    def _client(self, account: Account) -> Chatwoot:
        return Chatwoot(
            self._session,
            url=account.installation.url,
            account=account.id,
            bot_token=account.bot_token.reveal(),
            user_token=account.user_token.reveal() if account.user_token else None,
            on_call=partial(self.chatwoot_calls.note, account.key),
        )

    @asynccontextmanager
    async def at_words(self, start: TurnStart) -> AsyncIterator[None]:
        """Mark the block as work on a conversation's words, which begin looks at if this run is lost (begin.lua).

        Only where a run of it was lost before: all others have nothing to prove. One such block at a time, for what is
        marked beside one that blocks the loop would be taken for it.

        Raises:
            Stale: another job holds the conversation.
            StoreUnavailable: Redis was away for too long.
        """
        if not start.lost:
            yield
            return
        async with self._at_words:
            await self.conversations.reading(start.lease, begins=True)
            yield
            await self.conversations.reading(start.lease, begins=False)

    def calls(self, start: TurnStart) -> BurstToolCalls:
        """Return the tool calls of a burst's earlier attempts, with the store that keeps further ones."""
        name = f"{start.lease.conv}:{start.burst}"
        return BurstToolCalls(name, ToolCalls(self.connection, start.lease, start.burst), known_calls(start.calls))

    def typing(self, tenant: Tenant, delivery: Delivery) -> AbstractAsyncContextManager[None]:
        """Show the contact that someone writes, where the channel shows it."""
        return show_typing(tenant.chatwoot, delivery.conversation, channel=delivery.channel)
