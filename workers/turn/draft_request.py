"""Step 7 of a turn: an answer to the question, by the operator's own words or a crew."""

from chatwootai.model.message.turn import Draft, ServedBy
from chatwootai.model.policy.handoff import Need
from chatwootai.model.policy.handoff_cause import Cause, Sentence
from workers.context import WorkerContext
from workers.media.media import only_unsupported
from workers.turn.draft import Failed, Interrupted, draft_until_superseded
from workers.turn.interim import patience_asked
from workers.turn.state import Turn
from workers.turn.step import NEXT, Next


async def request_draft(worker: WorkerContext, turn: Turn) -> Next:
    """Draft an answer, unless people are needed anyway; a draft that fails or is overtaken is a result, too."""
    if turn.result is None:
        turn.result = await _draft_or_need(worker, turn)
    return NEXT


async def _draft_or_need(worker: WorkerContext, turn: Turn) -> Draft | Need | Failed | Interrupted:
    question = turn.asked
    if not question.function:
        return Need(Cause.OFF)
    if only_unsupported(turn.deliveries):
        return Draft(text=turn.settings.sentence(Sentence.UNSUPPORTED, question.language), served_by=ServedBy.PREPARED)
    with turn.steps("draft"):
        async with patience_asked(turn, question):
            return await draft_until_superseded(
                lambda asked: worker.crews.draft(
                    asked, turn.settings, lambda: worker.turn_budget.take(turn), turn.calls
                ),
                question,
                turn.signals,
                turn.overtaken,
            )
