"""The crews of a worker: a question and a tenant's settings in, a typed draft out, inside the deadline."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chatwootai.long_texts import worked_on
from chatwootai.model.message.delivery import Role
from chatwootai.model.message.turn import Draft, Offered, Question, Told
from chatwootai.moment import present
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.models.semantic_answers import SemanticAnswers
from chatwootai.stores.server.connection import Connection
from config.document.problems import ConfigurationError
from config.settings.semantic import SemanticMode
from config.settings.settings import Settings
from crews.answer.by_meaning import ByMeaning
from crews.answer.cacheability import may_share, shareable_policy, sharing
from crews.answer.crew_result import run_crew, to_draft
from crews.answer.curated import CuratedAnswers, ExactFinder
from crews.answer.prefetched import PrefetchedResults, Prefetcher
from crews.answer.semantic import SemanticCache
from crews.answer.variants import CrewRegistry, CrewVariants, Variant
from crews.catalog import Catalog
from crews.errors import BudgetSpent, ModelRefused, ModelUnavailable
from crews.knowledge.citations import source_links
from crews.knowledge.passage import Retrieved
from crews.matching.matcher import Matcher
from crews.model_calls.call import BillingScope, Completer
from crews.model_calls.call_terms import CallTerms, call_terms
from crews.prompt.brief import Brief
from crews.prompt.conversation import chat_messages
from crews.prompt.passages import numbered_passages
from crews.prompt.settings_text import daily_situation, question_situation, repeatable_texts
from crews.run_state.context import RunContext
from crews.run_state.tool_calls import BurstToolCalls
from crews.runtime import environment
from crews.stock.contact_memory import MemoryBackend
from crews.tools.toolset import ToolRegistry

if TYPE_CHECKING:
    from crews.knowledge.knowledge import Knowledge
    from crews.model_calls.assembly import Stack

_BEFORE = 2
"""Messages of the contact before the burst that documents are also looked up for."""
_RETRIEVAL_SECONDS = 1.0
"""How long documents are waited for, at most: mostly 10 ms, longer where a worker loads an account's the first time."""
_TO_POST, _TO_POST_SHARE = 0.3, 0.1  # seconds, and share of the time left, that models leave to what comes after them


class Crews:
    """All crews of a worker: built when first needed, shared by all their runs."""

    def __init__(
        self,
        catalog: Catalog,
        completer: Completer,
        stack: "Stack | None" = None,
        knowledge: "Knowledge | None" = None,
        prefetcher: Prefetcher | None = None,
        matcher: Matcher | None = None,
        semantic: SemanticCache | None = None,
        tools: ToolRegistry | None = None,
    ) -> None:
        self._semantic = semantic
        self._prefetcher = prefetcher or Prefetcher()
        self._stack = stack
        self._knowledge = knowledge
        self._curated = CuratedAnswers([ExactFinder(), *([ByMeaning(matcher)] if matcher else [])])
        self._tools = tools or ToolRegistry()
        self._memory = MemoryBackend(embed=stack.embeddings.embed if stack else None)
        self._registry = CrewRegistry(catalog, completer, self._memory)

    def forget(self, account: str, contact: int) -> int:
        """Forget what crews remember of a contact; return how many records there were."""
        return self._memory.store.forget(account, contact)

    @classmethod
    async def open(cls, catalog: Catalog | None = None, *, connection: Connection | None = None) -> "Crews":
        """Import crewai off the event loop, open the shared client, and run one crew without network to warm up.

        Through `connection` workers share what their model calls need to know of each other.

        Raises:
            ConfigurationError: the catalog has problems (all of them).
        """
        await asyncio.to_thread(environment.load)
        from crews.answer.warm import Echo, warm_up
        from crews.model_calls.assembly import Stack
        from crews.model_calls.endpoint.client import OpenAIClient

        chosen = catalog or Catalog.from_environment()
        if problems := chosen.problems():
            raise ConfigurationError(problems)
        await warm_up(cls(chosen, Echo()), chosen.functions())
        stack = Stack(OpenAIClient(), connection)
        if connection is None:
            return cls(chosen, stack, stack)
        from crews.encoding.cached import secret_of
        from crews.encoding.embedded import shared
        from crews.knowledge.encoders import AccountEncoders
        from crews.knowledge.knowledge import Knowledge

        knowledge = Knowledge(connection, AccountEncoders(connection, stack.embeddings).encoder_for)
        matcher = Matcher(shared())
        semantic = SemanticCache(SemanticAnswers(connection), matcher, secret_of(connection))
        crews = cls(chosen, stack, stack, knowledge, matcher=matcher, semantic=semantic)
        crews._tools.figures = Figures(connection)
        return crews

    async def draft(
        self,
        question: Question,
        settings: Settings,
        may_run: Callable[[], Awaitable[None]] | None = None,
        calls: BurstToolCalls | None = None,
    ) -> Draft:
        """Answer as the tenant has written, or else run the question's crew, or else as written for a question alike.

        `may_run` is asked before a crew runs, and raises BudgetSpent where it may not. What tools do that must not be
        done twice is done once for all drafts that are given the same `calls`.

        Raises:
            ModelUnavailable: no model answered while there was time.
            ModelRefused, BudgetSpent, CrewUnsupported, GuardrailFailed: give up, hand to a person.
            TimeoutError: the question's deadline has passed.
        """
        return await self._curated.draft(question, settings) or await self._run_crew(question, settings, may_run, calls)

    async def _run_crew(
        self,
        question: Question,
        settings: Settings,
        may_run: Callable[[], Awaitable[None]] | None,
        calls: BurstToolCalls | None,
    ) -> Draft:
        variants, found, fetched, steps = await self._material(question, settings, calls)
        began = time.perf_counter()
        variant = variants.choose(_first_deadline(question, settings) - time.time())
        run = _new_run(question, settings, variants.call_terms, variant, calls, fetched)
        now = present()
        situation = situation_of(question, settings, now)
        shares = sharing(question, run.keep, variant.target.model, found.version, situation)
        if shares and self._semantic and (kept := await self._semantic.served(question, settings, shares.scope)):
            return kept
        inputs = {
            "messages": chat_messages(question),
            "situation": _instructions_of_the_day(situation, calls, found, fetched),
        }
        built = time.perf_counter()
        try:
            if may_run is not None:
                await may_run()
            result = await run_crew(variant.crew, run, inputs, question.deadline)
        except (ModelUnavailable, ModelRefused, BudgetSpent, TimeoutError):
            if run.has_acted or (near := self._curated.draft_paraphrase(question, settings)) is None:
                raise
            return near
        finally:
            if calls is not None:
                calls.used += run.used
        steps = (*steps, ("prompt", built - began), ("model", time.perf_counter() - built))
        passages = tuple(each.whole for each in found.passages)
        may_say = (*repeatable_texts(question, settings), daily_situation(settings, now), *passages)
        told = Told(result.instructions, may_say, result.results)
        made = await worked_on(len(result.text), lambda: to_draft(result, steps, str(variant.plan), told))
        shares = shares if may_share(made, result.last.finish if result.last else None) else None
        return replace(_with_citations(made, found, settings), sharing=shares)

    def note(self, question: Question, settings: Settings, draft: Draft) -> None:
        """Take note of an answer that was posted: the semantic cache learns from it, beside everything else."""
        if self._semantic is not None and settings.semantic is not SemanticMode.OFF:
            self._semantic.note(question, settings, draft)

    async def _material(
        self, question: Question, settings: Settings, calls: BurstToolCalls | None
    ) -> tuple[CrewVariants, Retrieved, PrefetchedResults, tuple[tuple[str, float], ...]]:
        """Return the variants of the crew, what it is given beside the question, and how long that took.

        Documents and tools are looked up beside each other.
        """
        toolset = await self._tools.toolset_for(question.origin.account, settings)
        variants = self._registry.variants_for(question, settings, toolset)
        found, fetched = await asyncio.gather(
            self._retrieve_passages(question, settings),
            self._prefetcher.fetch(question, settings, toolset, variants.tools, calls),
        )
        knowing = (("knowledge", sum(found.seconds.values())),) if found.version else ()
        return variants, found, fetched, (*knowing, *fetched.steps)

    async def _retrieve_passages(self, question: Question, settings: Settings) -> Retrieved:
        """Return what the tenant's documents say to the question, and to it with what the contact said before."""
        if self._knowledge is None or not settings.knowledge.sources:
            return Retrieved()
        before = [one.text for one in question.history if one.role is Role.CONTACT][-_BEFORE:]
        due = min(question.deadline, time.time() + _RETRIEVAL_SECONDS)
        return await self._knowledge.retrieve(question.origin.account, settings, question.text, "\n".join(before), due)

    async def keep_warm(self, everyone: Callable[[], Iterable[Settings]]) -> None:
        """Keep connections open to the models of `everyone` (asked each time), for ever.

        An endpoint of the environment without a key is left alone.
        """
        if self._stack is not None:
            await self._stack.keep_warm(lambda: {call_terms(each).target.endpoint for each in everyone()})

    def briefs(self, question: Question, settings: Settings) -> tuple[Brief, ...]:
        """Return the instructions of a crew that has answered before, for those who want to see what is sent."""
        toolset = self._tools.last_toolset_for(question.origin.account, settings)
        variants = self._registry.variants_for(question, settings, toolset).variants
        return tuple(brief for variant in variants for brief in getattr(variant.crew, "briefs", ()))

    def models_away(self) -> list[dict[str, Any]]:
        """Return the model endpoints that do not answer, as far as this process has seen (wrappers/health.py)."""
        return self._stack.health.away() if self._stack is not None else []

    def servers_of(self, account: str) -> dict[str, str]:
        """Return, by an account's tool servers that were used, why each is away; empty for one that is not."""
        return self._tools.servers_of(account)

    async def close(self) -> None:
        """Close every connection."""
        await self._tools.close()
        if self._stack is not None:
            await self._stack.aclose()


def _with_citations(draft: Draft, found: Retrieved, settings: Settings) -> Draft:
    """Return the draft with the passages that it was offered.

    Those count as used whose number it names, and no others.
    """
    draft = replace(draft, lookup=found.trouble if settings.knowledge.sources else None)
    if not found.passages:
        return draft
    used = {n - 1 for n in draft.cited if 0 < n <= len(found.passages)}
    scores = (*found.scores, *([None] * len(found.passages)))
    offered = tuple(Offered(each.source, each.document, scores[n], n in used) for n, each in enumerate(found.passages))
    return replace(draft, passages=offered, links=source_links(settings, [found.passages[n] for n in sorted(used)]))


def situation_of(question: Question, settings: Settings, now: datetime) -> str:
    """Return what of the instructions differs by day and by question; `now` must know its time zone."""
    return "\n".join(filter(None, (daily_situation(settings, now), question_situation(question, settings))))


def _instructions_of_the_day(
    situation: str, calls: BurstToolCalls | None, found: Retrieved, fetched: PrefetchedResults
) -> str:
    """Return the end of the instructions: what is true now, what was done before, and what was found."""
    said = (
        situation,
        calls.reminder() if calls is not None else "",
        numbered_passages([(each.heading, each.text) for each in found.passages]),
        fetched.said,
    )
    return "\n".join(filter(None, said))


def _new_run(
    question: Question,
    settings: Settings,
    terms: CallTerms,
    variant: Variant,
    calls: BurstToolCalls | None,
    fetched: PrefetchedResults,
) -> RunContext:
    payer = BillingScope(question.origin.account, question.origin.inbox, question.origin.contact.id, question.priority)
    left = max(0.0, question.deadline - time.time())
    results = (*(calls.texts if calls is not None else ()), *fetched.results)
    counted = fetched.calls or Counter(calls.tool_names if calls is not None else ())
    return RunContext(
        deadline=question.deadline - min(_TO_POST, _TO_POST_SHARE * left),
        target=variant.target,
        policy=terms.policy,
        payer=payer,
        keep=None if fetched.results else shareable_policy(question, variant.keep),
        question=question,
        served_by=variant.name,
        calls=calls,
        results=dict.fromkeys(results),
        used=list(fetched.used),
        tool_calls=counted,
        calls_per_turn=settings.tools.calls_per_turn,
        brevity=fetched.brevity,
    )


def _first_deadline(question: Question, settings: Settings) -> float:
    """Return when the answer should be there: the first deadline, also where a second one follows it."""
    return question.deadline - (settings.last_deadline_ms - settings.deadline_ms) / 1000
