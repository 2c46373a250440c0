"""Plans for tenants: which shapes a crew may take, what each would cost them, and what `check` says of it."""

from collections.abc import Iterator, Mapping

from config.document.problems import ConfigurationError, Problem
from config.schema.channels import CHANNELS
from config.schema.crew_schema import Blueprint
from config.settings.settings import Settings
from config.snapshot import Account, Note, Snapshot
from crews.model_calls.call import Endpoint, Target
from crews.model_calls.call_terms import KEY, without_key, without_openai_key
from crews.model_calls.prices import prices
from crews.plan import pricing, tool_notes
from crews.plan.plan import Plan, PlanTerms, Shape, plan
from crews.plan.single_call import fits_single_call, needs_stock
from crews.prompt.markers import with_marker_instructions
from crews.prompt.settings_text import placeholder_values


def shapes(blueprint: Blueprint) -> tuple[Shape, ...]:
    """Return the shapes that a crew may run in, the one preferred first."""
    if not fits_single_call(blueprint):
        return ("parallel",)
    return ("fused",) if blueprint.fuse == "always" else ("parallel", "fused")


def plan_for(blueprint: Blueprint, settings: Settings, shape: Shape, *, model: str | None = None) -> Plan:
    """Return a crew in one shape, under a tenant's settings."""
    name = model or settings.model.name
    own = settings.model.price if name == settings.model.name else None
    terms = PlanTerms(
        model=name,
        max_tokens=settings.model.max_tokens,
        deadline=settings.deadline_ms / 1000,
        price=prices().of(Target(endpoint=Endpoint(), model=name, price=own)),
        filled=placeholder_values(settings, blueprint),
    )
    return plan(with_marker_instructions(blueprint, language=settings.language), terms, shape)


def _quickest(blueprint: Blueprint, settings: Settings) -> Plan:
    """Return a plan that fits its deadline, else the quickest: each shape is simulated, the fewest calls first."""
    tried: list[Plan] = []
    for shape in reversed(shapes(blueprint)):
        tried.append(plan_for(blueprint, settings, shape))
        if tried[-1].fits:
            return tried[-1]
    return min(tried, key=lambda each: each.p95)


def problems(snapshot: Snapshot) -> list[Problem]:
    """Return a problem for each crew that cannot meet its tenant's deadline in any shape that its YAML allows.

    One a crew and tenant, for the first channel on which it is so: they mostly share what is slow.
    """
    if wrong := pricing.problems():
        return wrong  # nothing can be planned without prices
    found: dict[tuple[str, int, str], Problem] = {}
    told: set[tuple[int, str]] = set()
    for settings, blueprint in _answering_crews(snapshot):
        if needs_stock(blueprint) or (id(settings), blueprint.function) in told:
            continue
        best = _quickest(blueprint, settings)
        if not best.fits:
            told.add((id(settings), blueprint.function))
            problem = _too_slow(settings, blueprint, best)
            found.setdefault((problem.file, problem.line, blueprint.function), problem)
    return sorted(found.values())


def notes(snapshot: Snapshot) -> list[Note]:
    """Return a note for each crew that runs on stock CrewAI, and why; what the price list does not know.

    Tools without use.
    """
    found = {}
    for settings, blueprint in _answering_crews(snapshot):
        if wanted := needs_stock(blueprint):
            message = (
                f"the crew `{blueprint.function}` asks for {', '.join(wanted)}: it runs on stock CrewAI, in threads, "
                "built anew for each turn, and is slower than other crews"
            )
            if blueprint.memory:
                message += "; what it remembers of a contact stays in one worker's memory, for a day"
            found[blueprint.function] = Note(*_place(settings, blueprint), message)
    return [*found.values(), *pricing.notes(snapshot), *tool_notes.notes(snapshot)]


def key_problems(snapshot: Snapshot, environment: Mapping[str, str], file: str) -> list[Problem]:
    """Return a problem where OpenAI itself would be asked without a key: it refuses every turn.

    `file`: the mapping's name.
    """
    everyone = _everyone(snapshot)
    missing = without_openai_key(everyone, environment)
    if not missing:
        return []
    message = f"{', '.join(missing)} is asked at OpenAI's own address, and there is no key: people would get every turn"
    remedy = f"Set {KEY} where workers run, or write api_key beside base_url under `model`."
    return [Problem(file, 1, 1, "no-api-key", message, remedy)]


def key_notes(snapshot: Snapshot, environment: Mapping[str, str], file: str) -> list[Note]:
    """Return a note where turns would be asked of the environment's endpoint, not OpenAI's, without a key."""
    everyone = _everyone(snapshot)
    missing = () if without_openai_key(everyone, environment) else without_key(everyone, environment)
    if not missing:
        return []
    message = (
        f"{KEY} is not set, and {', '.join(missing)} is asked with it: each turn would be handed to people. Set it "
        "where workers run (any value, if OPENAI_BASE_URL needs none), or write base_url and api_key under `model`"
    )
    return [Note(file, 1, message)]


def _everyone(snapshot: Snapshot) -> list[Settings]:
    return [each for account in snapshot.accounts.values() for each in _settings(account)]


def _settings(account: Account) -> Iterator[Settings]:
    yield account.settings
    yield from (inbox.settings for inbox in account.inboxes.values())


def _answering_crews(snapshot: Snapshot) -> Iterator[tuple[Settings, Blueprint]]:
    """Yield every crew that answers for somebody on every channel, under their settings, once each."""
    seen: set[tuple[int, str]] = set()
    for account in snapshot.accounts.values():
        own = [(box.settings, box.crew or account.crew) for box in account.inboxes.values()]
        special = [(account.settings, function) for function in account.special_numbers.values()]
        for settings, function in [(account.settings, account.crew), *own, *special]:
            if (id(settings), function) in seen or settings.crew_set is None:
                continue
            seen.add((id(settings), function))
            yield from ((settings, each) for each in _blueprints(settings, function))


def _blueprints(settings: Settings, function: str) -> Iterator[Blueprint]:
    assert settings.crew_set is not None  # noqa: S101 - the caller has looked
    for channel in CHANNELS:
        try:
            yield settings.crew_set.blueprint(function, channel)
        except ConfigurationError:
            return  # said already, as a problem of the crew


def _too_slow(settings: Settings, blueprint: Blueprint, best: Plan) -> Problem:
    message = (
        f"the crew `{blueprint.function}` cannot meet deadline_ms: {settings.deadline_ms} on {blueprint.channel}: "
        f"{best.calls_in_row} model calls in a row on {best.model}, p95 {best.p95:g} s"
    )
    remedy = "Allow `fuse: true`, name each task's `context`, lower `max_tokens`, or take a quicker model."
    file, line = _place(settings, blueprint)
    return Problem(file, line, 1, "too-slow", message, remedy)


def _place(settings: Settings, blueprint: Blueprint) -> tuple[str, int]:
    """Return where the crew's first task is written."""
    assert settings.crew_set is not None  # noqa: S101 - the caller has looked
    written = settings.crew_set.values(blueprint.function, blueprint.channel)
    tasks = [(each.file, each.line) for each in written if each.path.startswith("tasks.")]
    return min(tasks, default=("crews", 1))
