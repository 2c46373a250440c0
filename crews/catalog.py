"""The catalog of crews: one folder a function, one file a channel, without any tenant's overlays. Knows no crewai."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from config.crew_files.layered_crews import CrewValue, LayeredCrews
from config.document.problems import ConfigurationError, Problem
from config.files.sources import CATALOG as SHIPPED
from config.files.sources import CREWS_VARIABLE, walk
from config.inheritance.library import TOOLS
from config.schema.crew_schema import Blueprint

DEFAULT = "default"
Value = CrewValue

__all__ = ["DEFAULT", "SHIPPED", "Catalog", "Value", "describe"]


class Catalog:
    """The crews of one folder, read once, when first asked for."""

    def __init__(self, folder: Path, tools: Collection[str] = TOOLS) -> None:
        """Create a catalog of a folder. `tools`: the names that crews may use."""
        self._folder = folder
        self._tools = tools
        self._read: LayeredCrews | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Catalog":
        """Return the folder that CHATWOOTAI_CREWS names, else the crews shipped."""
        named = environ.get(CREWS_VARIABLE)
        return cls(Path(named) if named else SHIPPED)

    @property
    def crew_set(self) -> LayeredCrews:
        """Return all of it.

        Raises:
            ConfigurationError: the folder is not there.
        """
        if self._read is None:
            if not self._folder.is_dir():
                message = "the folder of crews does not exist"
                remedy = f"Set {CREWS_VARIABLE} to a folder of crews."
                raise ConfigurationError([Problem(str(self._folder), 1, 1, "missing-crews", message, remedy)])
            self._read = LayeredCrews.of(walk(self._folder), self._tools)
        return self._read

    def functions(self) -> tuple[str, ...]:
        """Return the names of the crews, sorted.

        Raises:
            ConfigurationError: the folder is not there.
        """
        return self.crew_set.functions

    def channels(self, function: str) -> tuple[str, ...]:
        """Return the channels that have an implementation of their own, `default` among them."""
        return self.crew_set.channels(function)

    def blueprint(self, function: str, channel: str) -> Blueprint:
        """Return a function's crew on a channel; a channel without a file is answered by `default.yaml`.

        Raises:
            ConfigurationError: no such function, or its YAML has problems (all of them).
        """
        return self.crew_set.blueprint(function, channel)

    def values(self, function: str, channel: str) -> tuple[Value, ...]:
        """Return every value of the crew on that channel, with the file and line it came from."""
        return self.crew_set.values(function, channel)

    def problems(self) -> tuple[Problem, ...]:
        """Return every problem in every crew on every channel. Afterwards all is in memory: no turn reads a file."""
        return tuple(self.crew_set.problems())


def describe(function: str, channel: str = DEFAULT, catalog: Catalog | None = None) -> tuple[Value, ...]:
    """Return a crew as `crew show` prints it: every value with its origin."""
    return (catalog or Catalog.from_environment()).values(function, channel)
