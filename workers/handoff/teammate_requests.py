"""Requests of teammates, made by what they do: answering a contact takes the conversation, `/bot` gives it back."""

import time
import uuid

from chatwootai.model.message import assemble
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.effects import RequestedStatus
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Exchange
from chatwootai.stores.conversation.decision import Decision, pending
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.telemetry import log
from workers.account.tenant import Tenant
from workers.context import WorkerContext
from workers.delivery.deliver import deliver

_log = log.get("wishes")


async def apply_request(worker: WorkerContext, tenant: Tenant, start: TurnStart, wish: RequestedStatus) -> None:
    """Give the conversation the status that a teammate asked for. People who take it answer what waits there, too.

    Raises:
        workers.away.ChatwootAway: Chatwoot is away; it is in the outbox.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    answered = start.deliveries if wish is RequestedStatus.OPEN else ()
    action = Action(kind=ActionKind.STATUS, turn=uuid.uuid4().hex, part=0, text=wish.value, due=time.time())
    decision = Decision(
        turn=action.turn,
        answered=[delivery.message.id for delivery in answered],
        actions=(action,),
        exchanges=[Exchange(Role.CONTACT, assemble.delivery_text(one), one.message.at) for one in answered],
        applied_status=wish,
        left=True,
    )
    limits = tenant.account.settings.context.limits
    await worker.conversations.commit(start.lease, start.sequence, decision, limits, force=True)
    _log.info("wish", status=wish.value, messages=len(answered))
    await deliver(worker, tenant, start.lease, (pending(action),))
