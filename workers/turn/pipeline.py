"""The steps of a turn, in order. One function each, all with one signature; what a step returns says what comes next.

    NEXT      the step below
    DECIDED   an outcome stands: `commit_outcome`, without the steps between
    RESTART   the contact wrote on: the mailbox is read again, and the steps begin anew with all of its messages

What a step finds out stands in the turn (state.py). What raises leaves the pipeline: Stale, an account whose token is
refused, a Chatwoot that is away, a Redis that was away for too long, or a surprise (job.py).
"""

from collections.abc import Awaitable, Callable
from typing import Final

from chatwootai.model.message.turn import SilenceReason
from chatwootai.model.policy import outcome
from chatwootai.telemetry.metrics import SUPERSEDED
from workers.context import WorkerContext
from workers.turn.commit import commit_outcome, deliver_outbox
from workers.turn.draft_request import request_draft
from workers.turn.outcome import await_quiet, check_overtaken, decide_outcome, give_up, hand_over_unread
from workers.turn.question import ask_question, check_account, read_meaning, read_media
from workers.turn.state import Turn
from workers.turn.step import DECIDED, NEXT, RESTART, Next

Step = Callable[[WorkerContext, Turn], Awaitable[Next]]

STEPS: Final[tuple[Step, ...]] = (
    hand_over_unread,  # two workers were lost at these words: people get them, nobody reads them again
    check_account,  # no model is asked for an account whose token Chatwoot refuses
    read_media,  # pictures, voices and files become text, or images for a model that sees
    ask_question,  # one question out of all messages; people, where its words alone call for them
    read_meaning,  # people, where its meaning calls for them
    give_up,  # the last try: people
    request_draft,  # curated, cached or a crew's, under the deadline
    await_quiet,  # the burst's window closes
    check_overtaken,  # a person stepped in: silence; the contact wrote on: again
    decide_outcome,  # reply, or people instead
    commit_outcome,  # outbox and mailbox in one script
    deliver_outbox,  # each action once, in order
)
_COMMIT: Final = STEPS.index(commit_outcome)


async def run(worker: WorkerContext, turn: Turn) -> None:
    """Take a turn through its steps, until its outcome is committed and delivered.

    Raises:
        AccountClosed: Chatwoot does not take the account's token.
        ChatwootAway: Chatwoot is away; what is left stays in the outbox.
        Stale: another job holds the conversation.
        StoreUnavailable: Redis was away for too long.
    """
    at = 0
    while at < len(STEPS):
        happened = await STEPS[at](worker, turn)
        if happened is RESTART:
            happened = await read_newer(worker, turn)
            at = 0
        elif happened is NEXT:
            at += 1
        if happened is DECIDED:
            at = _COMMIT


async def read_newer(worker: WorkerContext, turn: Turn) -> Next:
    """Read the mailbox again; silence where the contact took back all that there was to answer."""
    turn.superseded += 1
    SUPERSEDED.labels("message").inc()
    turn.sequence, waiting = await worker.conversations.read(turn.start.lease)
    turn.signals.settle()
    if waiting:
        turn.deliveries = waiting
        return RESTART
    SUPERSEDED.labels("deleted").inc()
    turn.outcome, turn.remember = outcome.silence(SilenceReason.TAKEN_BACK), False
    return DECIDED
