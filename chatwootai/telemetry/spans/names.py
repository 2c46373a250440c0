"""Attributes' names of OpenTelemetry's conventions for generative AI, in the vocabularies that receivers know.

The conventions have left OpenTelemetry's main repository and begun with a release 0.1 of their own; most receivers
still read those of 1.36.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Vocabulary(StrEnum):
    """Values of OTEL_GENAI_NAMES."""

    V0_1 = "0.1"
    V1_36 = "1.36"
    BOTH = "both"


_SAME: Final = {
    "operation": "gen_ai.operation.name",
    "model": "gen_ai.request.model",
    "response_model": "gen_ai.response.model",
    "finish": "gen_ai.response.finish_reasons",
    "conversation": "gen_ai.conversation.id",
    "agent": "gen_ai.agent.name",
    "tool": "gen_ai.tool.name",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
}
_NAMES: Final[Mapping[Vocabulary, Mapping[str, str]]] = {
    Vocabulary.V0_1: _SAME
    | {
        "provider": "gen_ai.provider.name",
        "cached_tokens": "gen_ai.usage.cache_read.input_tokens",
        "input": "gen_ai.input.messages",
        "output": "gen_ai.output.messages",
    },
    Vocabulary.V1_36: _SAME
    | {
        "provider": "gen_ai.system",
        "cached_tokens": "gen_ai.usage.cached_tokens",
        "input": "gen_ai.prompt",
        "output": "gen_ai.completion",
    },
}


def names(vocabulary: Vocabulary) -> Mapping[str, tuple[str, ...]]:
    """Return by our word for an attribute the names under which it is sent."""
    if vocabulary is not Vocabulary.BOTH:
        return {word: (name,) for word, name in _NAMES[vocabulary].items()}
    first, second = _NAMES[Vocabulary.V0_1], _NAMES[Vocabulary.V1_36]
    return {word: tuple(dict.fromkeys((first[word], second[word]))) for word in first}
