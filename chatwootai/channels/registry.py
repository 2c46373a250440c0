"""Which channels there are: every file of this room that holds a SHAPE. A new channel is a new file."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

import chatwootai.channels
from chatwootai.channels.shape import Shape

DEFAULT: Final = "default"


@cache
def shapes() -> Mapping[str, Shape]:
    """Return every channel's shape by our word for it."""
    found = {name: _shape(name) for name in _CANDIDATES}
    return MappingProxyType({name: shape for name, shape in found.items() if shape is not None})


def shape_of(channel: str, carrier: str | None = None) -> Shape:
    """Return a channel's shape; the default's for a channel that has none.

    Args:
        channel: our word for the medium.
        carrier: Chatwoot's class of the inbox, where it is known: one medium may come through several.
    """
    shape = shapes().get(channel) or shapes()[DEFAULT]
    return shape.carriers.get(carrier or "", shape)


def _shape(name: str) -> Shape | None:
    shape = getattr(importlib.import_module(f"chatwootai.channels.{name}"), "SHAPE", None)
    return shape if isinstance(shape, Shape) else None


# This room's own furniture, named so that looking for channels does not import the Markdown parser into the door.
_FURNITURE: Final = frozenset({"choices", "measure", "registry", "render", "shape", "text", "words"})
_CANDIDATES: Final = tuple(
    module.name for module in pkgutil.iter_modules(chatwootai.channels.__path__) if module.name not in _FURNITURE
)
