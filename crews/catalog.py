"""The catalog of crews: one folder a function, one file a channel. Quick to import; knows no crewai."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from config.problems import ConfigurationError, Problem, suggestion
from crews.blueprint import Blueprint, blueprint
from crews.loader import Marked, leaves, merge, read

DEFAULT = "default"
SHIPPED = Path(__file__).parent / "catalog"
_CHANNELS = ("whatsapp", "webchat", "email", "instagram", "facebook", "telegram", "sms", "line", "api", DEFAULT)


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a crew with its origin, for `crew show`."""

    path: str
    value: object
    file: str
    line: int


class Catalog:
    """The crews of one folder, read when asked for and kept."""

    def __init__(self, folder: Path, tools: Collection[str] = ()) -> None:
        """`tools`: the names that crews may use."""
        self._folder = folder
        self._tools = tools
        self._implementations: dict[tuple[str, str], Blueprint] = {}
        self._blueprints: dict[tuple[str, str], Blueprint] = {}

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Catalog":
        """The folder that CHATWOOTAI_CREWS names, else the crews shipped."""
        named = environ.get("CHATWOOTAI_CREWS")
        return cls(Path(named) if named else SHIPPED)

    def functions(self) -> tuple[str, ...]:
        """The names of the crews, sorted.

        Raises:
            ConfigurationError: the folder is not there.
        """
        if not self._folder.is_dir():
            raise ConfigurationError([_missing(self._folder, "the folder of crews does not exist")])
        return tuple(sorted(each.parent.name for each in self._folder.glob("*/agents.yaml")))

    def channels(self, function: str) -> tuple[str, ...]:
        """The channels that have an implementation of their own, `default` among them."""
        return tuple(sorted(each.stem for each in (self._folder / function / "channels").glob("*.yaml")))

    def blueprint(self, function: str, channel: str) -> Blueprint:
        """A function's crew on a channel; a channel without a file is answered by `default.yaml`.

        Raises:
            ConfigurationError: no such function, or its YAML has problems (all of them).
        """
        key = (function, channel)
        if key not in self._blueprints:
            own = self._implementation(function, self._file_for(function, channel))
            self._blueprints[key] = replace(own, channel=channel)
        return self._blueprints[key]

    def values(self, function: str, channel: str) -> tuple[Value, ...]:
        """Every value of the crew on that channel, with the file and line it came from."""
        merged = self._merged(function, self._file_for(function, channel))
        return tuple(Value(path, _shown(node), node.file, node.line) for path, node in leaves(merged))

    def problems(self) -> tuple[Problem, ...]:
        """Every problem in every crew on every channel. Afterwards all is in memory: no turn reads a file."""
        found: list[Problem] = []
        for function in self.functions():
            for channel in {*self.channels(function), *_CHANNELS}:
                try:
                    self.blueprint(function, channel)
                except ConfigurationError as error:
                    found.extend(error.problems)
        return tuple(sorted(set(found)))

    def _file_for(self, function: str, channel: str) -> str:
        if function not in self.functions():
            message = f"there is no crew `{function}`"
            raise ConfigurationError([_missing(self._folder, message, suggestion(function, self.functions()))])
        return channel if channel in self.channels(function) else DEFAULT

    def _implementation(self, function: str, implementation: str) -> Blueprint:
        key = (function, implementation)
        if key not in self._implementations:
            merged = self._merged(function, implementation)
            self._implementations[key] = blueprint(function, implementation, merged, self._tools)
        return self._implementations[key]

    def _merged(self, function: str, implementation: str) -> Marked:
        if implementation not in _CHANNELS:
            file = f"{function}/channels/{implementation}.yaml"
            remedy = suggestion(implementation, _CHANNELS)
            raise ConfigurationError([Problem(file, 1, 1, "unknown_channel", "no channel has this name", remedy)])
        agents, tasks, overlay = self._read(function, "agents", "tasks", f"channels/{implementation}")
        base = Marked({"agents": agents, "tasks": tasks}, overlay.file, 1, 1)
        return merge(base, overlay)

    def _read(self, function: str, *names: str) -> list[Marked]:
        """All files of a crew, or the problems of all of them."""
        nodes: list[Marked] = []
        problems: list[Problem] = []
        for name in names:
            file = f"{function}/{name}.yaml"
            try:
                nodes.append(read(self._folder / file, file))
            except ConfigurationError as error:
                problems.extend(error.problems)
        if problems:
            raise ConfigurationError(problems)
        return nodes


def describe(function: str, channel: str = DEFAULT, catalog: Catalog | None = None) -> tuple[Value, ...]:
    """A crew as `crew show` prints it: every value with its origin."""
    return (catalog or Catalog.from_environment()).values(function, channel)


def _missing(folder: Path, message: str, remedy: str = "Set CHATWOOTAI_CREWS to a folder of crews.") -> Problem:
    return Problem(str(folder), 1, 1, "missing", message, remedy)


def _shown(node: Marked) -> object:
    return [each.value for each in node.value] if isinstance(node.value, tuple) else node.value
