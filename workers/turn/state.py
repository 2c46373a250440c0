"""The state of one turn: what its steps read and hand on."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatwootai.model.message.burst import may_restart_draft
from chatwootai.model.message.delivery import Delivery
from chatwootai.model.message.turn import Draft, Outcome, Question, SilenceReason
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.meaning import UNTOLD, Meaning
from chatwootai.stores.conversation.decision import Pending
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.telemetry.steps import Steps
from config.settings.settings import Settings
from crews.run_state.tool_calls import BurstToolCalls
from workers.account.tenant import Tenant
from workers.turn.draft import Failed, Interrupted
from workers.turn_signals import TurnSignals

_CLOCK = 0.001  # Chatwoot tells times in milliseconds, cut or rounded


@dataclass(slots=True)
class Turn:
    """One burst with its context, on its way to an outcome.

    `sequence`: how far the mailbox has been read. `calls`: what tools did that must not be done twice.
    `question`, `result`, `outcome`, `outbox`: what the steps have come to so far; a restart makes all four anew.
    `draft`: what served, `failed`: why none did; both for the record, also where the turn began again.
    `counted`: it has taken one of the turns that the tenant's crews may take. `remember`: the burst and its answer go
    into the context. `force`: the commit does not ask whether more was written.
    """

    start: TurnStart
    tenant: Tenant
    signals: TurnSignals
    deliveries: tuple[Delivery, ...]
    sequence: int
    calls: BurstToolCalls
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    steps: Steps = field(default_factory=Steps)
    question: Question | None = None
    result: Draft | Need | Failed | Interrupted | None = None
    outcome: Outcome | None = None
    outbox: Sequence[Pending] = ()
    draft: Draft | None = None
    failed: Failed | None = None
    images: tuple[str, ...] = ()
    meaning: Meaning = UNTOLD
    superseded: int = 0
    patience_asked: bool = False
    patience_said: bool = False
    counted: bool = False
    remember: bool = True
    force: bool = False
    begun_at: float = field(default_factory=time.time)

    @property
    def last(self) -> Delivery:
        """Return the newest message of the burst."""
        return self.deliveries[-1]

    @property
    def settings(self) -> Settings:
        """Return the settings of the inbox that the burst came through."""
        return self.tenant.settings(self.last.inbox)

    @property
    def asked(self) -> Question:
        """Return the question, for steps behind the one that asks it."""
        assert self.question is not None, "the question is asked first"  # noqa: S101 - the pipeline's order
        return self.question

    @property
    def decided(self) -> Outcome:
        """Return the outcome, for steps behind the one that decides it."""
        assert self.outcome is not None, "the outcome is decided first"  # noqa: S101 - the pipeline's order
        return self.outcome

    @property
    def arrivals(self) -> list[float]:
        """Return when the burst's messages arrived, unix seconds: for those from before the turn, when it began.

        What waited in a journal comes late and one by one, from several doors: its burst is only closing now.
        """
        return [max(delivery.received_at, self.begun_at) for delivery in self.deliveries]

    def may_restart(self) -> bool:
        """Return whether a newer message is still taken into this turn."""
        return may_restart_draft(self.arrivals, time.time(), self.settings.deadline_ms / 1000)

    def over(self) -> SilenceReason | None:
        """Return why nobody waits for this turn any more. Its newest message settles what happened before it."""
        since = self.last.message.at - _CLOCK
        if self.signals.takeover_at >= since:
            return SilenceReason.STEPPED_IN
        return SilenceReason.RESOLVED if self.signals.resolved_at >= since else None

    def overtaken(self) -> bool:
        """Return whether what the turn has heard makes its draft pointless."""
        return self.over() is not None or (self.signals.messages > 0 and self.may_restart())
