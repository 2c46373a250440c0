"""Notes of `check` on prices: a budget counts by the list, and what does not stand there is guessed."""

import os
from collections.abc import Iterator

from config.document.problems import ConfigurationError, Note, Problem
from config.settings.model import ModelEndpoint
from config.settings.settings import Settings
from config.snapshot import Snapshot
from crews.model_calls.prices import OWN, prices

_SHIPPED = "crews/model_calls/prices.yaml"


def problems() -> list[Problem]:
    """Return what is wrong with the installation's own list."""
    try:
        prices()
    except ConfigurationError as error:
        return list(error.problems)
    return []


def notes(snapshot: Snapshot) -> list[Note]:
    """Return a note for each model without a price, and each currency of a budget that the list does not know."""
    if problems():
        return []
    known, file = prices(), os.environ.get(OWN) or _SHIPPED
    everyone = list(_all_settings(snapshot))
    models = {each.name for settings in everyone for each in _named_models(settings) if each.price is None}
    currencies = {settings.budget.currency for settings in everyone} - set(known.currencies)
    guess = f"{known.unknown.input:g} and {known.unknown.output:g} dollars for a million tokens in and out"
    told = [
        f"the model `{name}` has no price here (as of {known.as_of}): budgets count {guess}; "
        f"write its own as `model.price`, or in a list that {OWN} names"
        for name in sorted(models)
        if not known.knows(name)
    ]
    told += [f"the currency {name} is not known here: a budget in it counts as dollars" for name in sorted(currencies)]
    return [Note(file, 1, message) for message in told]


def _all_settings(snapshot: Snapshot) -> Iterator[Settings]:
    for account in snapshot.accounts.values():
        yield account.settings
        yield from (inbox.settings for inbox in account.inboxes.values())


def _named_models(settings: Settings) -> Iterator[ModelEndpoint]:
    model = settings.model
    yield model
    yield from model.fallbacks
    yield from (each for each in (model.quick, model.hedging.to) if each is not None)
