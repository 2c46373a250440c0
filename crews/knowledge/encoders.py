"""The encoder of an account's knowledge, as its settings name it."""

from functools import cache

from config.settings.settings import Settings
from crews.encoding.embedded import EmbeddedEncoder
from crews.encoding.encoder import Encoder


def encoder_of(settings: Settings) -> Encoder:
    """Return what makes embeddings for a tenant; the embedded encoder is one for all of them."""
    return _embedded()


@cache
def _embedded() -> Encoder:
    return EmbeddedEncoder()
