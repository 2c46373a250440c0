"""Steps 9 and 10 of a turn: the outcome into outbox and mailbox, then to Chatwoot."""

import time

from chatwootai.model.message import assemble
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Exchange, Outcome, SilenceReason, Verdict
from chatwootai.model.policy import outcome
from chatwootai.model.policy.numbered_choice import with_choices
from chatwootai.model.policy.reasons import named_cause
from chatwootai.stores.conversation.decision import Commit, Decision, pending
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import DEAD_LETTERS
from workers.context import WorkerContext
from workers.dead_letters import dead_letter
from workers.delivery.deliver import deliver
from workers.handoff.build import handoff_destination
from workers.handoff.idle import after_reply
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.state import Turn
from workers.turn.step import NEXT, RESTART, Next

_log = log.get("turn")


async def commit_outcome(worker: WorkerContext, turn: Turn) -> Next:
    """Write the outcome, unless newer messages came that it must answer too."""
    made = turn.decided
    actions = outcome.actions(made, turn.asked, handoff_destination(made, turn.settings))
    if not _by_a_crew(turn, made):
        await worker.turn_budget.give_back(turn)
    force = turn.force or made.verdict is Verdict.SILENCE or not turn.may_restart()
    decision = Decision(
        turn=turn.id,
        answered=[delivery.message.id for delivery in turn.deliveries],
        actions=actions,
        exchanges=_exchanges(turn, made) if turn.remember else (),
        dead=_dead_letter(turn, made) if turn.start.tries >= MOST_ATTEMPTS or turn.start.unread else None,
        idle_timer=after_reply(made, turn.asked, turn.settings),
        left=made.silence is SilenceReason.STEPPED_IN,
        outcome=made.verdict.value,
        cause=named_cause(made.cause, made.why, turn.failed.error if turn.failed else ""),
    )
    with turn.steps("commit"):
        answer = await worker.conversations.commit(
            turn.start.lease, turn.sequence, decision, turn.settings.context.limits, force=force
        )
    if answer is Commit.GROWN:
        return RESTART
    turn.outbox = tuple(pending(action) for action in actions)
    return NEXT


async def deliver_outbox(worker: WorkerContext, turn: Turn) -> Next:
    """Carry out what was committed."""
    with turn.steps("post"):
        await deliver(worker, turn.tenant, turn.start.lease, turn.outbox)
    if turn.draft is not None and turn.decided.verdict is Verdict.REPLY and not turn.superseded:
        worker.crews.note(turn.asked, turn.settings, turn.draft)
    return NEXT


def _by_a_crew(turn: Turn, made: Outcome) -> bool:
    """Return whether the contact reads what a crew has written for this burst."""
    return made.verdict is Verdict.REPLY and turn.draft is not None and not turn.draft.served_by.by_operator


def _exchanges(turn: Turn, made: Outcome) -> list[Exchange]:
    asked = [Exchange(Role.CONTACT, assemble.delivery_text(one), one.message.at) for one in turn.deliveries]
    told = [Exchange(Role.CREW, with_choices("\n".join(made.parts), made.choices), time.time())] if made.parts else []
    return [*asked, *told]


def _dead_letter(turn: Turn, made: Outcome) -> bytes:
    DEAD_LETTERS.labels("unread" if turn.start.unread else "tries").inc()
    cause = ": ".join(filter(None, (made.cause, made.reason)))
    _log.error("dead_letter", cause=cause, tries=turn.start.tries)
    return dead_letter(turn.id, turn.start.lease.conv, cause, turn.deliveries)
