"""Steps 5 and 6 of a turn: the account's token, what was attached, and one question out of all messages."""

import time
from dataclasses import replace
from functools import partial

from chatwootai.long_texts import worked_on
from chatwootai.model.message import assemble
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Question
from chatwootai.model.policy.greeting import is_first_answer
from chatwootai.model.policy.handoff import Need, before_draft, by_meaning
from chatwootai.model.policy.meaning import UNTOLD
from chatwootai.model.policy.numbered_choice import resolve_choice
from chatwootai.model.text.language import language_of
from crews.understanding.language import guess_language
from workers.context import WorkerContext
from workers.handoff.build import handoff_rules, topic_examples
from workers.media.media import only_unsupported
from workers.turn.attempts import MOST_ATTEMPTS
from workers.turn.state import Turn
from workers.turn.step import NEXT, Next


async def check_account(worker: WorkerContext, turn: Turn) -> Next:
    """Ask no model for an account whose token Chatwoot refuses.

    Raises:
        AccountClosed: it does.
    """
    await worker.standing.before_draft(turn.tenant, turn.start.lease.conv)
    return NEXT


async def read_media(worker: WorkerContext, turn: Turn) -> Next:
    """Put what pictures, voices and files say into the messages; keep images for a model that sees."""
    if worker.media is None:
        return NEXT
    with turn.steps("media"):
        seen = await worker.media.read(turn.tenant, turn.deliveries, turn, due(turn))
    turn.deliveries, turn.images = seen.deliveries, seen.images
    return NEXT


async def ask_question(worker: WorkerContext, turn: Turn) -> Next:
    """Make one question of the burst and its context; note a need of people where its words alone tell."""
    turn.meaning = UNTOLD
    async with worker.at_words(turn.start):
        turn.question, turn.result = await worked_on(_characters(turn), partial(_question_and_need, turn))
    turn.outcome = None
    return NEXT


async def read_meaning(worker: WorkerContext, turn: Turn) -> Next:
    """Note a need of people where no word told one and the meaning does; it is read in the encoder's thread."""
    question = turn.question
    if worker.reader is None or question is None or turn.result is not None or _is_given_up(turn, question):
        return NEXT
    with turn.steps("meaning"):
        turn.meaning = await worker.reader.read(question.text, topic_examples(turn.settings))
    if turn.meaning is not UNTOLD:
        rules, language = handoff_rules(turn.settings), question.language
        async with worker.at_words(turn.start):
            work = partial(by_meaning, question.text, rules, turn.meaning, language)
            turn.result = await worked_on(len(question.text), work)
    return NEXT


def due(turn: Turn) -> float:
    """Return the turn's deadline, unix seconds."""
    return assemble.turn_deadline(turn.deliveries, time.time(), turn.settings.last_deadline_ms / 1000)


def _characters(turn: Turn) -> int:
    """Return how many characters are read before a draft."""
    said = sum(len(assemble.delivery_text(one)) for one in turn.deliveries)
    return said + sum(len(one.text) for one in turn.start.context)


def _question_and_need(turn: Turn) -> tuple[Question, Need | None]:
    """Return the question, and why people are needed where its words alone tell."""
    question = _question(turn)
    if _is_given_up(turn, question):
        return question, None
    rules = handoff_rules(turn.settings)
    return question, before_draft(question.text, turn.start.context, rules, language=question.language)


def _is_given_up(turn: Turn, question: Question) -> bool:
    """Return whether nothing is looked for in a burst's words: people get it, whatever it says."""
    return not question.function or turn.start.tries >= MOST_ATTEMPTS or only_unsupported(turn.deliveries)


def _question(turn: Turn) -> Question:
    settings = turn.settings
    said = "\n".join(assemble.contact_words(delivery) for delivery in turn.deliveries)
    before = [one.text for one in reversed(turn.start.context) if one.role is Role.CONTACT]
    told = language_of(said, before, turn.last.language, settings.language, settings.spoken, guess_language)
    asked = assemble.build_question(
        turn.deliveries,
        turn.start.context,
        turn=turn.id,
        route=turn.tenant.route(turn.last),
        due=due(turn),
        most_exchanges=settings.context.exchanges,
        most_tokens=settings.context.tokens,
        language=settings.answered_in(told),
    )
    return replace(
        asked,
        text=resolve_choice(asked.text, asked.history),
        greeted=bool(settings.greeting_in(asked.language)) and is_first_answer(turn.start.context),
        images=turn.images,
    )
