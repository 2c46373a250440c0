"""Closed lists of words that settings and turns share. Imports nothing, so that configuration may import it."""

from enum import StrEnum
from typing import Literal

Priority = Literal["low", "medium", "high", "urgent"]
"""Priority of a conversation, as Chatwoot shows it."""


class Grounding(StrEnum):
    """Check of a draft's figures, links and addresses against what the crew was given."""

    STRICT = "strict"
    OFF = "off"


class Links(StrEnum):
    """Hosts to which a draft may lead people."""

    KNOWN = "known"  # those that the tenant's own texts name
    ANY = "any"


class Level(StrEnum):
    """Strictness of the check of a model's draft."""

    STRICT = "strict"
    TECHNICAL = "technical"  # errors' words, code, placeholders and names of fields are what its customers ask about
    NONE = "none"  # whatever is not empty
