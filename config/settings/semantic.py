"""Settings of the semantic cache: whether an answer may serve another question that says the same."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from config.schema.base import Section


class SemanticMode(StrEnum):
    """Modes in which nobody is served by it."""

    OFF = "off"
    SHADOW = "shadow"


class SemanticServing(Section):
    """Serving from the semantic cache, where it is certified."""

    serve_below: Annotated[str, Field(pattern=r"^(?:[0-4](?:\.\d{1,2})?|5)%$")]
    """Share of wrong answers, as `1%`, at most `5%`: answers serve other questions once fewer are shown to be wrong, 19
    times of 20, by what was seen in shadow; `1%` takes 595 right ones without a wrong one. One of ten is asked of the
    crew all the same."""

    @property
    def rate(self) -> float:
        """The share, from 0 to 1."""
        return float(self.serve_below.removesuffix("%")) / 100
