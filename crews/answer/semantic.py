"""The semantic cache: an answer to the first question of a conversation serves another that says the same.

In shadow it serves nobody. Once a reply is out, its question is compared with those that were answered before under the
same scope; where one says the same, its answer is compared with the crew's, and the verdict is counted. Nothing but
these verdicts is ever shown to be right or wrong, so no certificate is given before anybody has asked twice.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from chatwootai.model.message.turn import Draft, Question, ServedBy, Told
from chatwootai.model.policy.certificate import is_certified
from chatwootai.model.policy.grounding import check_grounding
from chatwootai.model.policy.output_guard import GuardResult, guard_output
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.server.errors import StoreUnavailable
from chatwootai.telemetry import log
from chatwootai.telemetry.metrics import FAILED_OPEN, SEMANTIC
from chatwootai.telemetry.tasks import owned
from config.settings.semantic import SemanticServing
from config.settings.settings import Settings
from crews.answer.semantic_entry import Entry, Verdict, compare_answers, entry_of, unpack_entry
from crews.encoding.encoder import EncoderUnavailable, Vectors
from crews.matching.digested_reading import with_digests
from crews.matching.matcher import FLOOR, Matcher
from crews.matching.question_guard import Reading, difference, reading, unmatched

VERSION: Final = 1
"""Of how questions are matched and answers compared: what was counted before counts for no certificate after."""
_SECONDS: Final = 0.1
"""How long an answer of another question is waited for, where it may serve."""
_AUDITED: Final = 0.1
"""Share of the questions that could be served, and are asked of the crew all the same."""
_LONGEST: Final = 2000
"""Characters of an answer that is kept."""
_NAME: Final = 3
"""Letters from which on a part of a contact's name is looked for."""
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Hit:
    """An answer kept that fits a question, the conversation that it comes from, and how near the questions are."""

    entry: Entry
    conversation: int
    likeness: float


class SemanticCache:
    """The semantic cache of all accounts, as one worker sees it. `secret`: what words are keyed with."""

    def __init__(
        self,
        store: SemanticAnswers,
        matcher: Matcher,
        secret: Callable[[], Awaitable[bytes]],
        chance: Callable[[], float] = random.random,
        *,
        seconds: float = _SECONDS,
    ) -> None:
        self._store = store
        self._matcher = matcher
        self._secret = secret
        self._chance = chance
        self._seconds = seconds
        self._tasks: set[asyncio.Task[None]] = set()

    async def served(self, question: Question, settings: Settings, scope: str) -> Draft | None:
        """Return the answer to a question that says the same, where the tenant serves such and it is certified."""
        if not isinstance(settings.semantic, SemanticServing):
            return None
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                told = (await self._store.verdict_counts(question.origin.account)).get(group_of(question, settings), {})
                if not is_certified(*counts(told), settings.semantic.rate):
                    return None
                hit = await self._hit(question, settings, scope)
        except (StoreUnavailable, EncoderUnavailable, TimeoutError):
            FAILED_OPEN.labels("semantic cache").inc()
            return None
        if hit is None or self._chance() < _AUDITED:
            return None
        SEMANTIC.labels("served").inc()
        took = ((ServedBy.SEMANTIC.value, time.perf_counter() - began),)
        known = Told(known=(question.text, hit.entry.text))
        kept = hit.entry
        return Draft(
            text=kept.text, links=kept.links, served_by=ServedBy.SEMANTIC, model=kept.model, steps=took, told=known
        )

    def note(self, question: Question, settings: Settings, draft: Draft) -> None:
        """Compare and keep an answer that was posted, beside everything else; waits for nothing."""
        if (
            draft.sharing is None
            or len(draft.text) > _LONGEST
            or not _is_whole(draft, settings)
            or _names(question, draft)
        ):
            return
        task = owned(asyncio.create_task(self._learn(question, settings, draft), context=log.own_context()), "semantic")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Return once all that was to be noted is."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _learn(self, question: Question, settings: Settings, draft: Draft) -> None:
        assert draft.sharing is not None, "looked at in `note`"  # noqa: S101 - for the type checker
        scope, account = draft.sharing.scope, question.origin.account
        try:
            read = await self._read_question(question, settings)
            if read is None:
                return
            vector = await self._matcher.encoded(question.text)
            hit = await self._nearest(read, vector, account, scope)
            if hit is not None:
                await self._judge(question, settings, draft, hit)
            if hit is None or hit.conversation != question.origin.conversation:
                kept = entry_of(read, vector, draft)
                keep_ms = int(draft.sharing.seconds * _MS)
                await self._store.keep(account, scope, question.origin.conversation, kept.pack(), keep_ms=keep_ms)
        except (StoreUnavailable, EncoderUnavailable):
            FAILED_OPEN.labels("semantic cache").inc()

    async def _judge(self, question: Question, settings: Settings, draft: Draft, hit: Hit) -> None:
        """Count what the crew's answer says of the one kept; one that differs is kept no more."""
        answers = await self._matcher.likeness(hit.entry.text, draft.text)
        verdict = compare_answers(hit.entry, draft, answers)
        SEMANTIC.labels(verdict.value).inc()
        row = {
            "at": round(time.time()), "group": group_of(question, settings), "function": question.function,
            "verdict": verdict.value, "asked": question.origin.conversation, "answered": hit.conversation,
            "likeness": round(hit.likeness, 3), "answers": round(answers, 3),
        }  # fmt: skip
        await self._store.tell(
            question.origin.account,
            group_of(question, settings),
            verdict.value,
            saved_ms=int(_MS * sum(seconds for name, seconds in draft.steps if name == "model")),
            saved_tokens=draft.usage.prompt_tokens + draft.usage.completion_tokens,
            row=None if verdict is Verdict.SAME else row,
        )
        if verdict is Verdict.DIFFERENT and draft.sharing is not None:
            await self._store.drop(question.origin.account, draft.sharing.scope, hit.conversation)

    async def _hit(self, question: Question, settings: Settings, scope: str) -> Hit | None:
        read = await self._read_question(question, settings)
        if read is None:
            return None
        return await self._nearest(read, await self._matcher.encoded(question.text), question.origin.account, scope)

    async def _read_question(self, question: Question, settings: Settings) -> Reading | None:
        found = reading(question.text, _language(question, settings))
        return None if found is None or found.is_empty else with_digests(found, await self._secret())

    async def _nearest(self, read: Reading, vector: Vectors, account: str, scope: str) -> Hit | None:
        """Return the nearest question that says the same; none where two of them were answered differently."""
        found: list[Hit] = []
        for conversation, raw in (await self._store.entries(account, scope)).items():
            entry = unpack_entry(raw)
            if entry is None or entry.ends < time.time():
                continue
            likeness = float(vector[0] @ entry.vector)
            if likeness >= FLOOR and difference(read, entry.read) is None and not any(unmatched(read, entry.read)):
                found.append(Hit(entry, conversation, likeness))
        best = max(found, key=lambda each: each.likeness, default=None)
        if best is None or any(best.entry.contradicts(each.entry) for each in found):
            return None
        return best


def counts(told: dict[str, int]) -> tuple[int, int]:
    """Return how many would-be hits were right, and how many wrong: whatever is undecided counts as wrong."""
    wrong = told.get(Verdict.DIFFERENT.value, 0) + told.get(Verdict.UNDECIDED.value, 0)
    return told.get(Verdict.SAME.value, 0), wrong


def group_of(question: Question, settings: Settings) -> str:
    """Return what a certificate is for: a language, and the version of how is matched."""
    return f"{VERSION}:{_language(question, settings)}"


def _language(question: Question, settings: Settings) -> str:
    return (question.language or settings.language)[:2]


def _is_whole(draft: Draft, settings: Settings) -> bool:
    """Tell whether all of a draft was posted: what a check took out must not come back with another question."""
    fit = guard_output(draft.text, settings.output_guard, draft.told)
    missing = check_grounding(draft.text, (*draft.told.known, *draft.told.results)).missing
    return fit == GuardResult(draft.text) and not missing


def _names(question: Question, draft: Draft) -> bool:
    """Tell whether an answer names the contact that it was written to."""
    words = {word for word in (question.origin.contact.name or "").casefold().split() if len(word) >= _NAME}
    return any(word in draft.text.casefold() for word in words)
