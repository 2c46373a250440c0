"""The turn: one burst with its context, answered once. What a job runs.

begin, decide (decide.py), deliver (deliver.py), finish. Outcomes are values; what raises is a surprise (counted as a
try, ended as a dead letter), Stale (leave), or a Chatwoot that is away or does not take our token (deliver later).
"""

import time
from typing import Any

from chatwootai.model.message.outbox import Action, ActionKind
from chatwootai.model.message.turn import Draft, Outcome, Verdict
from chatwootai.model.policy.outcome import OPEN
from chatwootai.model.policy.reasons import label
from chatwootai.stores.conversation.conversations import Begun, Decision, Stale
from chatwootai.stores.keys import split_conv
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS, FAILED_OPEN, HANDOFFS, SERVED, TURN_SECONDS, TURNS
from workers.account.standing import parked
from workers.away import AccountClosed, ChatwootAway
from workers.delivery.deliver import deliver
from workers.floor import Floor
from workers.handoff.idle import break_silence
from workers.handoff.wishes import fulfil
from workers.letters import dead_letter
from workers.patience import MOST_TRIES, backoff, patient, until_chatwoot
from workers.turn.decide import Decided, Turn, decided

_log = log.get("turn")
_LONGEST_OFF = 600.0  # whatever Chatwoot says of when to come again
_BOUND_OR_SAID = {"account", "conversation", "reason"}
"""Left out of the turn's line: bound to it already, or (a reason) in a crew's words, which may be the contact's."""


async def work(floor: Floor, conv: str, job: str, *, lost: bool) -> None:
    """Run one job: deliver what an earlier run decided, answer what waits, then rest or queue the next.

    Raises:
        StoreUnavailable: Redis was away for too long; the lease brings the job back.
    """
    begun = await floor.conversations.begin(conv, job, floor.worker, lost=lost)
    if begun is None:
        _log.debug("job_obsolete", job=job)
        return
    account, conversation = split_conv(conv)
    with log.bound(account=account, conversation=conversation):
        try:
            await _work(floor, account, begun)
        except Stale:
            _log.info("conversation_taken_by_another_job")
        except AccountClosed as closed:
            await _wait_for_token(floor, begun, closed)
        except ChatwootAway as away:
            after = max(until_chatwoot(away.waiting_since), away.until - time.time())
            await _again(floor, begun, min(after, _LONGEST_OFF), count=False, cause=str(away))
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the conversation must not be forgotten
            _log.exception("turn_failed", tries=begun.tries + 1)
            if begun.tries <= MOST_TRIES or not await _opened(floor, begun):
                await _again(floor, begun, backoff(begun.tries), count=True, cause=type(error).__name__)


async def _wait_for_token(floor: Floor, begun: Begun, closed: AccountClosed) -> None:
    """The account is closed: this job looks again soon, or waits until another has found it open."""
    if closed.after is not None:
        await _again(floor, begun, closed.after, count=False, cause=str(closed))
    else:
        account = split_conv(begun.hold.conv)[0]
        await _again(floor, begun, parked(), count=False, cause=str(closed), behind=account)


async def _again(floor: Floor, begun: Begun, after: float, *, count: bool, cause: str, behind: str = "") -> None:
    try:
        await patient(
            lambda: floor.conversations.again(begun.hold, after=after, count=count, cause=cause, behind=behind)
        )
    except Stale:
        _log.info("conversation_taken_by_another_job")


async def _opened(floor: Floor, begun: Begun) -> bool:
    """Even handing over fails: nothing but the status, so that nobody is left in a conversation that no one reads."""
    turn, last = f"given-up-{begun.hold.conv}-{begun.hold.fence}", begun.deliveries[-1:]
    if not last:
        return False
    DEAD_LETTERS.labels("tries").inc()
    action = Action(kind=ActionKind.STATUS, turn=turn, part=0, text=OPEN, inbox=last[0].inbox, due=time.time())
    decision = Decision(
        turn=turn,
        answered=[delivery.message.id for delivery in begun.deliveries],
        actions=(action,),
        exchanges=(),
        dead=dead_letter(turn, begun.hold.conv, "even handing over failed", begun.deliveries),
    )
    try:
        await patient(
            lambda: floor.conversations.commit(
                begun.hold, begun.sequence, decision, most_context=1, context_ms=1, force=True
            )
        )
        await patient(lambda: floor.conversations.finish(begun.hold))
    except Stale:
        _log.info("conversation_taken_by_another_job")
    return True


async def _work(floor: Floor, account: str, begun: Begun) -> None:
    if begun.broken:
        await _discard(floor, begun)
    tenant = floor.tenant(account)
    if tenant is None:
        await _give_up_unknown(floor, begun)
    else:
        await floor.standing.enter(tenant, begun.hold.conv)
        await deliver(floor, tenant, begun.hold, begun.outbox, posted_at=begun.posting_at)
        if begun.wish is not None:
            await fulfil(floor, tenant, begun, begun.wish)
        elif begun.silence and not begun.deliveries:
            await break_silence(floor, tenant, begun)
        elif begun.deliveries:
            with floor.listeners.attend(begun.hold.conv) as attention:
                calls = floor.calls(begun)
                await _answer(floor, Turn(begun, tenant, attention, begun.deliveries, begun.sequence, calls))
    await patient(lambda: floor.conversations.finish(begun.hold))


async def _answer(floor: Floor, turn: Turn) -> None:
    with log.bound(turn=turn.id, delivery=turn.last.delivery_id):
        turn.steps.record("queue", max(0.0, time.time() - turn.last.received_at))
        async with floor.typing(turn.tenant, turn.last):
            made = await decided(floor, turn)
            with turn.steps("post"):
                await deliver(floor, turn.tenant, turn.begun.hold, made.outbox)
        await _record(floor, turn, made)


async def _record(floor: Floor, turn: Turn, made: Decided) -> None:
    """Say how the turn went: one line, metrics, and a record that the console and the sandbox page read."""
    seconds = time.time() - turn.last.received_at
    verdict, channel = made.outcome.verdict.value, made.question.channel
    TURNS.labels(verdict, channel).inc()
    SERVED.labels(_served_by(made.outcome, turn.draft) or "nobody").inc()
    if made.outcome.cause is not None:
        HANDOFFS.labels(made.outcome.cause, label(made.outcome.why)).inc()
    TURN_SECONDS.labels(verdict, channel).observe(seconds)
    record = _described(turn, made, seconds)
    _log.info("turn_ended", **{key: value for key, value in record.items() if key not in _BOUND_OR_SAID})
    try:
        await floor.turns.write(turn.id, record)
    except StoreUnavailable:
        FAILED_OPEN.labels("turn_record").inc()


def _described(turn: Turn, made: Decided, seconds: float) -> dict[str, Any]:
    draft = turn.draft
    return {
        "account": turn.last.account,
        "conversation": turn.last.conversation,
        "inbox": turn.last.inbox,
        "channel": made.question.channel,
        "function": made.question.function,
        "outcome": made.outcome.verdict.value,
        "reason": made.outcome.reason,
        "cause": made.outcome.cause,
        "why": made.outcome.why,
        "error": turn.failed.error if turn.failed else None,
        "messages": len(turn.deliveries),
        "parts": len(made.outcome.parts),
        "superseded": turn.superseded,
        "tries": turn.begun.tries,
        "served_by": _served_by(made.outcome, draft),
        "plan": draft.plan if draft else None,
        "model": draft.model if draft else None,
        "calls": draft.usage.calls if draft else 0,
        "prompt_tokens": draft.usage.prompt_tokens if draft else 0,
        "completion_tokens": draft.usage.completion_tokens if draft else 0,
        "tools": [[use.name, use.outcome, round(use.seconds, 4)] for use in turn.calls.used],
        "seconds": round(seconds, 4),
        "steps": [[name, round(took, 5)] for name, took in [*turn.steps.as_list(), *(draft.steps if draft else ())]],
    }


def _served_by(made: Outcome, draft: Draft | None) -> str | None:
    """What answered the contact; None: nobody did, since nothing was to be said."""
    if made.verdict is Verdict.HANDOFF:
        return "people"
    return draft.served_by if draft else None


async def _discard(floor: Floor, begun: Begun) -> None:
    """Entries that no version of us can read must not hold the conversation up for ever."""
    name = f"broken-{begun.hold.conv}-{begun.hold.fence}"
    letter = dead_letter(name, begun.hold.conv, "the mailbox entry is unreadable", raw=begun.broken)
    DEAD_LETTERS.labels("unreadable").inc()
    await patient(lambda: floor.conversations.discard(begun.hold, begun.broken, name=name, dead=letter))


async def _give_up_unknown(floor: Floor, begun: Begun) -> None:
    """The mapping no longer has this account: there is nobody to answer as. Kept for the operator, not retried."""
    if not begun.deliveries:
        return
    turn = f"unmapped-{begun.hold.conv}-{begun.hold.fence}"
    _log.error("dead_letter", cause="the account is not in the mapping")
    DEAD_LETTERS.labels("unmapped").inc()
    decision = Decision(
        turn=turn,
        answered=[delivery.message.id for delivery in begun.deliveries],
        actions=(),
        exchanges=(),
        dead=dead_letter(turn, begun.hold.conv, "the account is not in the mapping", begun.deliveries),
    )
    await patient(
        lambda: floor.conversations.commit(
            begun.hold, begun.sequence, decision, most_context=1, context_ms=1, force=True
        )
    )
