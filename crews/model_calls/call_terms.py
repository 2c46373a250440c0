"""A tenant's settings as the terms of its model calls. Pure; made once for each settings object and kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from config.settings.model import ModelEndpoint
from config.settings.settings import Settings
from crews.model_calls.call import Endpoint, Policy, Target

KEY: Final = "OPENAI_API_KEY"
"""The variable that holds the key of whatever a tenant's configuration names no address for."""

OPENAI: Final = "https://api.openai.com/v1"
"""Address of models for which neither the configuration nor the environment names one."""


@dataclass(frozen=True, slots=True)
class CallTerms:
    """Terms that are the same for all calls under the same settings."""

    target: Target
    policy: Policy


def call_terms(settings: Settings) -> CallTerms:
    """Return where a tenant's calls go, and on what terms."""
    model = settings.model
    target = _target(model, settings)
    fallbacks = tuple(_target(each, settings) for each in model.fallbacks)
    twins = (each for each in fallbacks if each.model == target.model)
    policy = Policy(
        fallbacks=fallbacks,
        quick=_target(model.quick, settings) if model.quick else None,
        quick_below=model.quick.below_ms / 1000 if model.quick else 0.0,
        hedge_share=model.hedging.share,
        hedge_local=model.hedging.local,
        hedge_to=_target(model.hedging.to, settings) if model.hedging.to else next(twins, None),
        reasoning_effort=model.reasoning_effort,
        budget=settings.budget,
        time_zone=settings.zone.key,
    )
    return CallTerms(target, policy)


def without_key(everyone: Iterable[Settings], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the models that are asked with the environment's key, where it has none.

    Empty: each has one, or needs none.
    """
    if environment.get(KEY):
        return ()
    found = (each for each in targets(everyone) if not each.endpoint.base_url and not each.endpoint.api_key)
    return tuple(sorted({each.model for each in found}))


def without_openai_key(everyone: Iterable[Settings], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the models that OpenAI is asked for without a key, by the environment's address or the tenant's own."""
    own = {each.model for each in targets(everyone) if _is_openai(each.endpoint.base_url) and not each.endpoint.api_key}
    address = environment.get("OPENAI_BASE_URL") or OPENAI
    return tuple(sorted(own | {*(without_key(everyone, environment) if _is_openai(address) else ())}))


def targets(everyone: Iterable[Settings]) -> Iterator[Target]:
    """Yield every model that may be asked under these settings: first choice, fallbacks, quick one, hedge."""
    for settings in everyone:
        terms = call_terms(settings)
        also = (terms.policy.quick, terms.policy.hedge_to)
        yield from (terms.target, *terms.policy.fallbacks, *(each for each in also if each is not None))


def _is_openai(address: str | None) -> bool:
    return address is not None and urlsplit(address).hostname == urlsplit(OPENAI).hostname


def endpoint(base_url: str | None, api_key: str | None, settings: Settings) -> Endpoint:
    """Return an endpoint that these settings name, held to public addresses where they say so."""
    return Endpoint(base_url, api_key, public=settings.is_public_only(base_url))


def _target(served: ModelEndpoint, settings: Settings) -> Target:
    return Target(
        endpoint=endpoint(served.base_url, served.api_key.reveal() if served.api_key else None, settings),
        model=served.name,
        requests_per_minute=served.requests_per_minute,
        tokens_per_minute=served.tokens_per_minute,
        price=served.price,
    )
