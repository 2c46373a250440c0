"""Prices of calls, in billionths of a dollar, by a dated price list: ours, with an installation's own over it."""

import os
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from chatwootai.model.message.turn import Usage
from config.document.problems import ConfigurationError, Problem
from config.schema.base import Section
from config.settings.model import Price
from crews.model_calls.call import Target

OWN = "CHATWOOTAI_PRICES"
"""The variable that names an installation's own list."""

NANO = 1_000_000_000
"""Billionths in a dollar. A token of the cheapest model costs five of them; nine million dollars still are exact."""

_A_TOKEN = NANO // 1_000_000
_DATED = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


class PriceList(Section):
    """Prices of models."""

    as_of: date
    """Day on which the prices were read, as 2026-11-01."""
    models: Mapping[str, Price]
    """Model to price. A dated name, as gpt-4.1-mini-2025-04-14, is found by the name without its date."""
    unknown: Price
    """Price of a model that is not listed: an expensive one, so that no budget is overrun."""
    currencies: Mapping[str, Annotated[float, Field(gt=0)]]
    """Currency, as three capital letters, to US dollars that one unit of it costs."""

    def of(self, target: Target) -> Price:
        """Return the price of a target: its own, its model's, or that of unknown models."""
        return target.price or self.models.get(_plain(target.model)) or self.unknown

    def knows(self, model: str) -> bool:
        """Tell whether a model has a price of its own here."""
        return _plain(model) in self.models

    def cost(self, target: Target, usage: Usage) -> int:
        """Return what so many tokens cost, in billionths of a dollar, rounded up."""
        price = self.of(target)
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        rate = price.input if price.cached is None else price.cached
        dollars = (usage.prompt_tokens - cached) * price.input + cached * rate + usage.completion_tokens * price.output
        return int(dollars * _A_TOKEN + 0.999999)

    def nanos(self, amount: float, currency: str) -> int:
        """Return an amount of money in billionths of a dollar. A currency that stands nowhere counts as dollars."""
        return int(amount * self.currencies.get(currency, 1.0) * NANO)


def _plain(model: str) -> str:
    return _DATED.sub("", model.rpartition("/")[2])


@cache
def prices() -> PriceList:
    """Return the price list in force, read once.

    Raises:
        ConfigurationError: the installation's own is not readable or says something that is no price.
    """
    return read_prices(os.environ.get(OWN))


def read_prices(own: str | None) -> PriceList:
    """Return the shipped list, with the file `own` over it: models and currencies are added, the rest replaces.

    Raises:
        ConfigurationError: `own` is not readable or says something that is no price.
    """
    shipped = yaml.safe_load(files(__package__).joinpath("prices.yaml").read_text(encoding="utf-8"))
    if not own:
        return PriceList.model_validate(shipped)
    try:
        given = yaml.safe_load(Path(own).read_text(encoding="utf-8")) or {}
        merged = {**shipped, **given}
        for part in ("models", "currencies"):
            merged[part] = {**shipped[part], **given.get(part, {})}
        return PriceList.model_validate(merged)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = Problem(
            own, 1, 1, "prices", f"`{where}`: {first['msg']}", "Write it as in crews/model_calls/prices.yaml."
        )
    except (OSError, yaml.YAMLError, AttributeError, TypeError, UnicodeDecodeError) as error:
        problem = Problem(own, 1, 1, "prices", f"no price list ({type(error).__name__})", "Correct CHATWOOTAI_PRICES.")
    raise ConfigurationError([problem])
