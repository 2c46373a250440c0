"""The crews of a worker: each with the variants it may answer in, planned and built when first needed, then shared."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from chatwootai.bounded_cache import BoundedCache
from chatwootai.model.message.turn import Question, ServedBy
from config.document.problems import ConfigurationError
from config.schema.crew_schema import Blueprint
from config.settings.settings import Settings
from crews.answer.cacheability import cache_policy
from crews.catalog import Catalog
from crews.errors import CrewUnsupported
from crews.model_calls.call import CachePolicy, Completer, Target
from crews.model_calls.call_terms import CallTerms, call_terms
from crews.plan.plan import Plan, Shape, in_shape
from crews.plan.planning import plan_for, shapes
from crews.plan.single_call import answer_fields, needs_stock
from crews.prompt.markers import with_marker_instructions
from crews.prompt.settings_text import placeholder_values
from crews.stock.contact_memory import MemoryBackend
from crews.tools.toolset import Toolset

if TYPE_CHECKING:
    from crews.runtime.build import ModelOptions

_CREWS = 512  # built crews kept; about 30 KB each


class Runnable(Protocol):
    """A crew as a run sees it: something with an `akickoff` whose result has a `raw`."""

    async def akickoff(self, inputs: Mapping[str, Any]) -> Any:
        """Answer; see `crews.runtime.runner.ReentrantCrew`."""
        ...


@dataclass(frozen=True, slots=True)
class Variant:
    """One way of answering: `name` is what `served_by` says of it; `plan` what is expected of it.

    `keep`: how long its answers may serve others, where the question allows it.
    """

    name: ServedBy
    plan: Plan
    target: Target
    crew: Runnable
    keep: CachePolicy | None = None


@dataclass(frozen=True, slots=True)
class CrewVariants:
    """A crew's variants on a channel under a tenant's settings, best first. `settings` are held: their id is a key.

    `tools`: names of those that its agents may use, a server's for all of its own.
    """

    settings: Settings
    call_terms: CallTerms
    variants: tuple[Variant, ...]
    toolset: Toolset | None = None
    tools: frozenset[str] = frozenset()

    def choose(self, left: float) -> Variant:
        """Return the way to take with `left` seconds to go."""
        return self.variants[
            choose_in_time(left, [ExpectedSeconds(each.plan.p50, each.plan.p95) for each in self.variants])
        ]


class CrewRegistry:
    """Builds crews and keeps the latest used."""

    def __init__(self, catalog: Catalog, completer: Completer, remembering: MemoryBackend | None = None) -> None:
        self._catalog = catalog
        self._completer = completer
        self._memory_backend = remembering or MemoryBackend()
        self._crews: BoundedCache[bytes, Runnable] = BoundedCache(_CREWS)
        self._known: BoundedCache[tuple[str, int, str, str], CrewVariants] = BoundedCache(_CREWS)

    def variants_for(self, question: Question, settings: Settings, toolset: Toolset | None = None) -> CrewVariants:
        """Return the variants to answer a question; `toolset`: the tools that the tenant's crews may use.

        Raises:
            CrewUnsupported: there is no such crew here, or it asks for what nobody offers.
        """
        # A snapshot hands out the same settings object again and again: its identity spares the digest.
        key = (question.origin.account, id(settings), question.function, question.origin.channel)
        known = self._known.get(key)
        if known is None or known.toolset is not toolset:
            known = self._known.put(key, self._plan_variants(question, settings, toolset))
        return known

    def _plan_variants(self, question: Question, settings: Settings, toolset: Toolset | None) -> CrewVariants:
        try:
            crews = settings.crew_set or self._catalog  # the place's own, overlays included, as they were checked
            blueprint = crews.blueprint(question.function, question.origin.channel)
        except ConfigurationError as error:  # a function that this place does not have
            raise CrewUnsupported(str(error)) from error
        terms = call_terms(settings)
        spec = _CrewSpec(with_marker_instructions(blueprint, language=settings.language), settings, toolset or {})
        variants = [self._make_variant(spec, shape, terms.target) for shape in shapes(blueprint)]
        if terms.policy.quick is not None:
            last = shapes(blueprint)[-1]
            variants.append(self._make_variant(spec, last, terms.policy.quick, quick=True))
        return CrewVariants(settings, terms, tuple(variants), toolset, frozenset(name for name, _ in spec.tools))

    def _make_variant(self, spec: "_CrewSpec", shape: Shape, target: Target, *, quick: bool = False) -> Variant:
        blueprint, settings = spec.blueprint, spec.settings
        expected = plan_for(blueprint, settings, shape, model=target.model)
        name = ServedBy.QUICK if quick else ServedBy.FUSED if shape == "fused" else ServedBy.CREW
        kept = None if spec.tools else cache_policy(blueprint, placeholder_values(settings, blueprint))
        return Variant(name, expected, target, self._shared_crew(spec, shape, target.model), kept)

    def _shared_crew(self, spec: "_CrewSpec", shape: Shape, model: str) -> Runnable:
        from crews.runtime.build import ModelOptions

        own = spec.settings.model
        terms = ModelOptions(model, own.temperature, _max_tokens(spec.settings, spec.blueprint), own.embeddings)
        return self._crews.get_or_make(spec.digest(terms, shape), lambda: self._build_crew(spec, terms, shape))

    def _build_crew(self, spec: "_CrewSpec", terms: "ModelOptions", shape: Shape) -> Runnable:
        from crews.runtime.build import ModelOptions, build_crew
        from crews.runtime.single_call import SingleCallCrew, answer_model
        from crews.stock.stock import StockCrew

        blueprint, filled, toolset = spec.blueprint, spec.filled, spec.toolset
        doubting = with_marker_instructions(blueprint, doubt=spec.least is not None, language=spec.settings.language)
        if needs_stock(blueprint):
            return StockCrew(doubting, filled, terms, self._completer, toolset, self._memory_backend)
        whole = build_crew(in_shape(doubting, "parallel"), filled, terms, self._completer, toolset)
        if shape != "fused":
            return whole
        alone = in_shape(blueprint, "fused")
        roomy = ModelOptions(terms.model, terms.temperature, _max_tokens(spec.settings, alone))
        one = build_crew(alone, filled, roomy, self._completer, toolset, answer_model(answer_fields(blueprint)))
        takes = plan_for(blueprint, spec.settings, "parallel", model=terms.model).p50
        return SingleCallCrew(one, whole, sure=max(blueprint.sure, spec.least or 0.0), seconds=takes)


class _CrewSpec:
    """Parts that a crew is built of."""

    def __init__(self, blueprint: Blueprint, settings: Settings, toolset: Toolset) -> None:
        self.blueprint, self.settings, self.toolset = blueprint, settings, toolset
        self.filled = placeholder_values(settings, blueprint)
        self.least = settings.handoff.least_confidence
        lists = [*(each.tools for each in blueprint.agents), *(each.tools for each in blueprint.tasks)]
        named = {name for several in lists for name in several}
        self.tools = [(name, toolset[name]) for name in sorted(named & set(toolset))]

    def digest(self, terms: object, shape: str) -> bytes:
        """Return bytes that are equal where crews are.

        Tools count by identity: two tenants' may differ in secrets alone.
        """
        tools = [(name, id(tool)) for name, tool in self.tools]
        parts = (self.blueprint, self.least, sorted(self.filled.items()), terms, shape, tools)
        return hashlib.sha256(repr(parts).encode()).digest()


def _max_tokens(settings: Settings, blueprint: Blueprint) -> int:
    return min(settings.model.max_tokens, blueprint.max_tokens or settings.model.max_tokens)


@dataclass(frozen=True, slots=True)
class ExpectedSeconds:
    """Seconds that a variant usually takes, and at worst 95 of 100 times."""

    p50: float
    p95: float


def choose_in_time(left: float, variants: Sequence[ExpectedSeconds]) -> int:
    """Return the place in `variants` (best first) of the one to take with `left` seconds to go. Pure.

    The steps of the ladder: the whole crew, the crew in one call, either with a smaller model. Curated answers and
    caches come before all of them; a sentence that asks for patience, and people, after. The best that meets it 95 of
    100 times; where none does, the quickest: a late answer is handed to people anyway.
    """
    for place, variant in enumerate(variants):
        if variant.p95 <= left:
            return place
    return min(range(len(variants)), key=lambda place: variants[place].p50)
