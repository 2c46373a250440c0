"""Lists the channels: every file of `media`. A new channel is a new file."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from chatwootai.channels import media
from chatwootai.channels.capabilities.shape import Shape

DEFAULT: Final = "default"


@cache
def names() -> tuple[str, ...]:
    """Return our words for all channels, sorted. Imports none of them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(media.__path__)))


@cache
def shapes() -> Mapping[str, Shape]:
    """Return every channel's shape by our word for it."""
    return MappingProxyType({name: _shape(name) for name in names()})


def shape_of(channel: str, carrier: str | None = None) -> Shape:
    """Return a channel's shape; the default's for a channel that has none.

    Args:
        channel: our word for the medium.
        carrier: Chatwoot's class of the inbox, where it is known: one medium may come through several.
    """
    shape = shapes().get(channel) or shapes()[DEFAULT]
    return shape.carriers.get(carrier or "", shape)


def _shape(name: str) -> Shape:
    shape: Shape = importlib.import_module(f"{media.__name__}.{name}").SHAPE
    return shape
