"""Lists the channels: every file of `definitions`. A new channel is a new file."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from chatwootai.channels import definitions
from chatwootai.channels.capabilities.capabilities import Capabilities

DEFAULT: Final = "default"


@cache
def names() -> tuple[str, ...]:
    """Return our words for all channels, sorted. Imports none of them."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(definitions.__path__)))


@cache
def all_capabilities() -> Mapping[str, Capabilities]:
    """Return every channel's capabilities by our word for it."""
    return MappingProxyType({name: _load(name) for name in names()})


def capabilities_of(channel: str, carrier: str | None = None) -> Capabilities:
    """Return a channel's capabilities; the default's for a channel that has none.

    Args:
        channel: our word for the medium.
        carrier: Chatwoot's class of the inbox, where it is known: one medium may come through several.
    """
    medium = all_capabilities().get(channel) or all_capabilities()[DEFAULT]
    return medium.carriers.get(carrier or "", medium)


def _load(name: str) -> Capabilities:
    medium: Capabilities = importlib.import_module(f"{definitions.__name__}.{name}").CAPABILITIES
    return medium
