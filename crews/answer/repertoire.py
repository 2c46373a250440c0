"""The crews of a worker: each with the ways it may answer in, planned and built when first needed, then shared."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from chatwootai.model.message.turn import Question, ServedBy
from config.document.problems import ConfigurationError
from config.schema.crew_schema import Blueprint
from config.settings.settings import Settings
from crews.answer.sharing import fresh
from crews.catalog import Catalog
from crews.errors import CrewUnsupported
from crews.model_calls.call import Completer, Fresh, Target
from crews.model_calls.policy import Standing, standing
from crews.plan.fuse import fields, needs_stock
from crews.plan.plan import Plan, Shape, shaped_as
from crews.plan.planning import planned, shapes
from crews.prompt.markers import taught
from crews.prompt.prompt import values
from crews.stock.recollection import Remembering
from crews.tools.offered import Offer

if TYPE_CHECKING:
    from crews.runtime.building import Terms

_CREWS = 512  # built crews kept; about 30 KB each


class Runnable(Protocol):
    """What a way of answering is to a run: something with an `akickoff` whose result has a `raw`."""

    async def akickoff(self, inputs: Mapping[str, Any]) -> Any:
        """Answer; see `crews.runtime.runner.ReentrantCrew`."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way of answering: `name` is what `served_by` says of it; `plan` what is expected of it.

    `keep`: how long its answers may serve others, where the question allows it.
    """

    name: ServedBy
    plan: Plan
    target: Target
    crew: Runnable
    keep: Fresh | None = None


@dataclass(frozen=True, slots=True)
class Repertory:
    """A crew's ways on a channel under a tenant's settings, best first. `settings` are held: their id is a key.

    `tools`: names of those that its agents may use, a server's for all of its own.
    """

    settings: Settings
    standing: Standing
    ways: tuple[Way, ...]
    offer: Offer | None = None
    tools: frozenset[str] = frozenset()

    def way(self, left: float) -> Way:
        """The way to take with `left` seconds to go."""
        return self.ways[choose(left, [Takes(each.plan.p50, each.plan.p95) for each in self.ways])]


class Repertoire:
    """Builds crews and keeps the latest used."""

    def __init__(self, catalog: Catalog, completer: Completer, remembering: Remembering | None = None) -> None:
        self._catalog = catalog
        self._completer = completer
        self._remembering = remembering or Remembering()
        self._crews: OrderedDict[bytes, Runnable] = OrderedDict()
        self._known: OrderedDict[tuple[str, int, str, str], Repertory] = OrderedDict()

    def of(self, question: Question, settings: Settings, offer: Offer | None = None) -> Repertory:
        """The ways to answer a question; `offer`: the tools that the tenant's crews may use.

        Raises:
            CrewUnsupported: there is no such crew here, or it asks for what nobody offers.
        """
        # A snapshot hands out the same settings object again and again: its identity spares the digest.
        key = (question.account, id(settings), question.function, question.channel)
        known = self._known.get(key)
        if known is None or known.offer is not offer:
            known = self._known[key] = self._made(question, settings, offer)
            _bound(self._known)
        self._known.move_to_end(key)
        return known

    def _made(self, question: Question, settings: Settings, offer: Offer | None) -> Repertory:
        try:
            crews = settings.crew_set or self._catalog  # the place's own, overlays included, as they were checked
            blueprint = crews.blueprint(question.function, question.channel)
        except ConfigurationError as error:  # a function that this place does not have
            raise CrewUnsupported(str(error)) from error
        terms = standing(settings)
        makes = _Making(taught(blueprint, language=settings.language), settings, offer or {})
        ways = [self._way(makes, shape, terms.target) for shape in shapes(blueprint)]
        if terms.policy.quick is not None:
            last = shapes(blueprint)[-1]
            ways.append(self._way(makes, last, terms.policy.quick, quick=True))
        return Repertory(settings, terms, tuple(ways), offer, frozenset(name for name, _ in makes.tools))

    def _way(self, makes: "_Making", shape: Shape, target: Target, *, quick: bool = False) -> Way:
        blueprint, settings = makes.blueprint, makes.settings
        expected = planned(blueprint, settings, shape, model=target.model)
        name = ServedBy.QUICK if quick else ServedBy.FUSED if shape == "fused" else ServedBy.CREW
        kept = None if makes.tools else fresh(blueprint, values(settings, blueprint))
        return Way(name, expected, target, self._crew(makes, shape, target.model), kept)

    def _crew(self, makes: "_Making", shape: Shape, model: str) -> Runnable:
        from crews.runtime.building import Terms

        own = makes.settings.model
        terms = Terms(model, own.temperature, _max_tokens(makes.settings, makes.blueprint), own.embeddings)
        digest = makes.digest(terms, shape)
        crew = self._crews.get(digest)
        if crew is None:
            crew = self._crews[digest] = self._built(makes, terms, shape)
            _bound(self._crews)
        self._crews.move_to_end(digest)
        return crew

    def _built(self, makes: "_Making", terms: "Terms", shape: Shape) -> Runnable:
        from crews.runtime.building import Terms, build
        from crews.runtime.fused import FusedCrew, typed_answer
        from crews.stock.stock import StockCrew

        blueprint, filled, offer = makes.blueprint, makes.filled, makes.offer
        doubting = taught(blueprint, doubt=makes.least is not None, language=makes.settings.language)
        if needs_stock(blueprint):
            return StockCrew(doubting, filled, terms, self._completer, offer, self._remembering)
        whole = build(shaped_as(doubting, "parallel"), filled, terms, self._completer, offer)
        if shape != "fused":
            return whole
        alone = shaped_as(blueprint, "fused")
        roomy = Terms(terms.model, terms.temperature, _max_tokens(makes.settings, alone))
        one = build(alone, filled, roomy, self._completer, offer, typed_answer(fields(blueprint)))
        takes = planned(blueprint, makes.settings, "parallel", model=terms.model).p50
        return FusedCrew(one, whole, sure=max(blueprint.sure, makes.least or 0.0), seconds=takes)


class _Making:
    """What a crew is made of."""

    def __init__(self, blueprint: Blueprint, settings: Settings, offer: Offer) -> None:
        self.blueprint, self.settings, self.offer = blueprint, settings, offer
        self.filled = values(settings, blueprint)
        self.least = settings.handoff.least_confidence
        lists = [*(each.tools for each in blueprint.agents), *(each.tools for each in blueprint.tasks)]
        named = {name for several in lists for name in several}
        self.tools = [(name, offer[name]) for name in sorted(named & set(offer))]

    def digest(self, terms: object, shape: str) -> bytes:
        """Equal where crews are. Tools count by identity: those of two tenants may differ in their secrets alone."""
        tools = [(name, id(tool)) for name, tool in self.tools]
        parts = (self.blueprint, self.least, sorted(self.filled.items()), terms, shape, tools)
        return hashlib.sha256(repr(parts).encode()).digest()


def _max_tokens(settings: Settings, blueprint: Blueprint) -> int:
    return min(settings.model.max_tokens, blueprint.max_tokens or settings.model.max_tokens)


def _bound(kept: OrderedDict[Any, Any]) -> None:
    while len(kept) > _CREWS:
        kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Takes:
    """How long a way usually takes, and how long at worst 95 of 100 times, in seconds."""

    p50: float
    p95: float


def choose(left: float, ways: Sequence[Takes]) -> int:
    """The place in `ways` (best first) of the one to take with `left` seconds to go. Pure.

    The steps of the ladder: the whole crew, the crew in one call, either with a smaller model. Curated answers and
    caches come before all of them; a sentence that asks for patience, and people, after. The best that meets it 95 of
    100 times; where none does, the quickest: a late answer is handed to people anyway.
    """
    for place, way in enumerate(ways):
        if way.p95 <= left:
            return place
    return min(range(len(ways)), key=lambda place: ways[place].p50)
