"""A conversation's job: deliver what an earlier run decided, answer what waits, rest or queue the next.

A turn's outcomes are values. What raises is one of four: Stale (leave), an account whose token is refused or a Chatwoot
that is away (deliver later, not a try), a Redis that was away for too long (the lease brings the job back), or a
surprise (counted as a try, ended as a dead letter).
"""

import time

from chatwootai.model.message import turn_names
from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import NO_CONTEXT
from chatwootai.model.policy.outcome import OPEN
from chatwootai.stores.conversation.decision import Decision
from chatwootai.stores.conversation.lease import Stale
from chatwootai.stores.conversation.turn_start import TurnStart
from chatwootai.stores.keys import split_conv
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS
from workers.account.standing import parked_pause
from workers.account.tenant import Tenant
from workers.away import AccountClosed, ChatwootAway
from workers.context import WorkerContext
from workers.dead_letters import dead_letter
from workers.delivery.deliver import deliver
from workers.handoff.idle import break_silence, idle_inbox
from workers.handoff.teammate_requests import apply_request
from workers.turn.attempts import MOST_ATTEMPTS, backoff, pause_until_chatwoot
from workers.turn.pipeline import run
from workers.turn.record import record_turn
from workers.turn.state import Turn

_log = log.get("turn")
_LONGEST_OFF = 600.0  # whatever Chatwoot says of when to come again


async def work(worker: WorkerContext, conv: str, job: str, *, lost: bool) -> None:
    """Run one job: deliver what an earlier run decided, answer what waits, then rest or queue the next.

    Raises:
        StoreUnavailable: Redis was away for too long; the lease brings the job back.
    """
    start = await worker.conversations.begin(conv, job, worker.worker_id, lost=lost)
    if start is None:
        _log.debug("job_obsolete", job=job)
        return
    account, conversation = split_conv(conv)
    with log.bound(account=account, conversation=conversation):
        try:
            await _work(worker, account, start)
        except Stale:
            _log.info("conversation_taken_by_another_job")
        except AccountClosed as closed:
            await _wait_for_token(worker, start, closed)
        except ChatwootAway as away:
            after = max(pause_until_chatwoot(away.waiting_since), away.until - time.time())
            await _again(worker, start, min(after, _LONGEST_OFF), count=False, cause=str(away))
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the conversation must not be forgotten
            _log.exception("turn_failed", tries=start.tries + 1)
            if start.tries <= MOST_ATTEMPTS or not await _open_conversation(worker, start):
                await _again(worker, start, backoff(start.tries), count=True, cause=type(error).__name__)


async def _work(worker: WorkerContext, account: str, start: TurnStart) -> None:
    if start.broken:
        await _discard(worker, start)
    tenant = worker.tenant_of(account, split_conv(start.lease.conv)[1], _inbox(start))
    if tenant is None:
        await _give_up_unknown(worker, start)
    else:
        await worker.standing.enter(tenant, start.lease.conv)
        await deliver(worker, tenant, start.lease, start.outbox, posted_at=start.posting_at)
        if start.requested_status is not None:
            await apply_request(worker, tenant, start, start.requested_status)
        elif start.idle_note and not start.deliveries:
            await break_silence(worker, tenant, start)
        elif start.deliveries:
            await _answer(worker, tenant, start)
    await worker.conversations.finish(start.lease)


def _inbox(start: TurnStart) -> int | None:
    """Return the inbox that a job is about; None where it only delivers what was decided before."""
    return start.deliveries[-1].inbox if start.deliveries else idle_inbox(start.idle_note)


async def _answer(worker: WorkerContext, tenant: Tenant, start: TurnStart) -> None:
    with worker.signal_router.subscribe(start.lease.conv) as signals:
        turn = Turn(start, tenant, signals, start.deliveries, start.sequence, worker.calls(start))
        with log.bound(turn=turn.id, delivery=turn.last.delivery_id):
            turn.steps.record("queue", max(0.0, time.time() - turn.last.received_at))
            async with worker.typing(tenant, turn.last):
                await run(worker, turn)
            await record_turn(worker, turn)


async def _wait_for_token(worker: WorkerContext, start: TurnStart, closed: AccountClosed) -> None:
    """Put the job of a closed account off: it looks again soon, or waits until another has found the account open."""
    if closed.after is not None:
        await _again(worker, start, closed.after, count=False, cause=str(closed))
    else:
        account = split_conv(start.lease.conv)[0]
        await _again(worker, start, parked_pause(), count=False, cause=str(closed), behind=account)


async def _again(
    worker: WorkerContext, start: TurnStart, after: float, *, count: bool, cause: str, behind: str = ""
) -> None:
    try:
        await worker.conversations.again(start.lease, after=after, count=count, cause=cause, behind=behind)
    except Stale:
        _log.info("conversation_taken_by_another_job")


async def _open_conversation(worker: WorkerContext, start: TurnStart) -> bool:
    """Set the status alone where even handing over fails, so that nobody is left in a conversation that no one reads.

    Returns:
        Whether there was a message to do it for.
    """
    if not start.deliveries:
        return False
    turn = turn_names.given_up(start.lease.conv, start.lease.fence)
    DEAD_LETTERS.labels("tries").inc()
    inbox = start.deliveries[-1].inbox
    action = Action(kind=ActionKind.STATUS, turn=turn, part=0, text=OPEN, inbox=inbox, due=time.time())
    try:
        await _commit_unanswered(worker, start, turn, "even handing over failed", (action,))
        await worker.conversations.finish(start.lease)
    except Stale:
        _log.info("conversation_taken_by_another_job")
    return True


async def _give_up_unknown(worker: WorkerContext, start: TurnStart) -> None:
    """Keep what the mapping no longer has an account for: there is nobody to answer as, and nothing to try again."""
    if not start.deliveries:
        return
    cause = "the account is not in the mapping"
    _log.error("dead_letter", cause=cause)
    DEAD_LETTERS.labels("unmapped").inc()
    await _commit_unanswered(worker, start, turn_names.unmapped(start.lease.conv, start.lease.fence), cause)


async def _commit_unanswered(
    worker: WorkerContext, start: TurnStart, turn: str, cause: str, actions: tuple[Action, ...] = ()
) -> None:
    """Take the burst out of the mailbox, into a dead letter."""
    decision = Decision(
        turn=turn,
        answered=[delivery.message.id for delivery in start.deliveries],
        actions=actions,
        exchanges=(),
        dead=dead_letter(turn, start.lease.conv, cause, start.deliveries),
    )
    await worker.conversations.commit(start.lease, start.sequence, decision, NO_CONTEXT, force=True)


async def _discard(worker: WorkerContext, start: TurnStart) -> None:
    """Take out entries that no version of us can read: they must not hold the conversation up for ever."""
    name = turn_names.unreadable(start.lease.conv, start.lease.fence)
    letter = dead_letter(name, start.lease.conv, "the mailbox entry is unreadable", raw=start.broken)
    DEAD_LETTERS.labels("unreadable").inc()
    await worker.conversations.discard(start.lease, start.broken, name=name, dead=letter)
