"""What a worker calls: a question and a tenant's settings in, a typed draft out, inside the deadline."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chatwootai.model.turn import Draft, Question
from chatwootai.stores.connection import Connection
from config.problems import ConfigurationError
from config.settings import Settings
from crews import environment
from crews.blueprint import Blueprint
from crews.call import Completer, Payer
from crews.catalog import Catalog
from crews.conversation import end_at_sentence, messages, split_handoff
from crews.curated import Curated
from crews.errors import CrewUnsupported, ModelSilent
from crews.policy import Standing, standing
from crews.prompt import situation, values
from crews.run import Run, current

if TYPE_CHECKING:
    from crews.runner import ReentrantCrew
    from crews.stack.assembly import Stack

_CREWS = 512  # built crews kept; about 30 KB each
_SILENT = "the model gave no answer"
_CUT = frozenset({"length", "deadline"})


class _Known(NamedTuple):
    """A crew and the terms of its calls; `settings` are held so that their identity stays theirs."""

    settings: Settings
    standing: Standing
    crew: "ReentrantCrew"


class Crews:
    """All crews of a worker: built when first needed, shared by all their runs."""

    def __init__(self, catalog: Catalog, completer: Completer, stack: "Stack | None" = None) -> None:
        self._catalog = catalog
        self._completer = completer
        self._stack = stack
        self._curated = Curated()
        self._crews: OrderedDict[bytes, ReentrantCrew] = OrderedDict()
        self._known: OrderedDict[tuple[int, str, str], _Known] = OrderedDict()

    @classmethod
    async def open(cls, catalog: Catalog | None = None, *, connection: Connection | None = None) -> "Crews":
        """Import crewai off the event loop, open the shared client, and run one crew without network to warm up.

        Through `connection` workers share what their model calls need to know of each other.

        Raises:
            ConfigurationError: the catalog has problems (all of them).
        """
        await asyncio.to_thread(environment.load)
        from crews.stack.assembly import Stack
        from crews.stack.wire import Wire
        from crews.warm import warm_up

        chosen = catalog or Catalog.from_environment()
        if problems := chosen.problems():
            raise ConfigurationError(problems)
        await warm_up(chosen)
        stack = Stack(Wire(), connection)
        return cls(chosen, stack, stack)

    async def draft(self, question: Question, settings: Settings) -> Draft:
        """Answer as the tenant has written, or else run the question's crew.

        Raises:
            ModelUnavailable: try again at its `retry_at`.
            ModelRefused, CrewUnsupported, GuardrailFailed: give up, hand to a person.
            TimeoutError: the question's deadline has passed.
        """
        return await self._curated.draft(question, settings) or await self._run(question, settings)

    async def _run(self, question: Question, settings: Settings) -> Draft:
        began = time.perf_counter()
        known = self._crew(question, settings)
        run = _run(question, known.standing)
        inputs = {"messages": messages(question), "situation": situation(settings, datetime.now(UTC))}
        built = time.perf_counter()
        token = current.set(run)
        try:
            async with asyncio.timeout(question.deadline - time.time()):  # tools and guardrails too, not only the model
                text, silent = (await known.crew.akickoff(inputs)).raw, "empty"
        except ModelSilent as error:
            text, silent = "", error.reason
        finally:
            current.reset(token)
        return _draft(text, silent, run, (("prompt", built - began), ("model", time.perf_counter() - built)))

    async def close(self) -> None:
        """Close every connection."""
        if self._stack is not None:
            await self._stack.aclose()

    def _crew(self, question: Question, settings: Settings) -> "_Known":
        # A snapshot hands out the same settings object again and again: its identity spares the digest.
        key = (id(settings), question.function, question.channel)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _Known(settings, standing(settings), self._built(question, settings))
            _bound(self._known)
        self._known.move_to_end(key)
        return known

    def _built(self, question: Question, settings: Settings) -> "ReentrantCrew":
        from crews.building import Terms, build

        try:
            crews = settings.crewing or self._catalog  # the place's own, overlays included, as they were checked
            blueprint = crews.blueprint(question.function, question.channel)
        except ConfigurationError as error:  # a function that this place does not have
            raise CrewUnsupported(str(error)) from error
        filled = values(settings, blueprint)
        terms = Terms(settings.model.name, settings.model.temperature, _max_tokens(settings, blueprint))
        digest = _digest(blueprint, filled, terms)
        crew = self._crews.get(digest)
        if crew is None:
            crew = self._crews[digest] = build(blueprint, filled, terms, self._completer)
            _bound(self._crews)
        self._crews.move_to_end(digest)
        return crew


def _run(question: Question, terms: Standing) -> Run:
    payer = Payer(question.tenant, question.inbox, question.contact.id)
    return Run(deadline=question.deadline, target=terms.target, policy=terms.policy, payer=payer)


def _draft(text: str, silent: str, run: Run, steps: tuple[tuple[str, float], ...]) -> Draft:
    last = run.last
    said, handoff = split_handoff(text)
    if last is not None and last.finish in _CUT and said:
        said = end_at_sentence(said)
    return Draft(
        text=said,
        handoff=handoff or (None if said else f"{_SILENT} ({silent})"),
        served_by=last.served_by if last else "crew",
        model=last.model if last else None,
        usage=run.usage,
        steps=steps,
    )


def _max_tokens(settings: Settings, blueprint: Blueprint) -> int:
    return min(settings.model.max_tokens, blueprint.max_tokens or settings.model.max_tokens)


def _digest(blueprint: Blueprint, filled: Mapping[str, str], terms: object) -> bytes:
    parts = (blueprint, sorted(filled.items()), terms)
    return hashlib.sha256(repr(parts).encode()).digest()


def _bound(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > _CREWS:
        kept.popitem(last=False)
