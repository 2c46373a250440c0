"""The crews of one place: catalog, `_base`, domain, tenant, inbox laid on each other, checked once, kept in memory.

A place that says nothing of crews shares the crews of the place above it.
"""

import hashlib
import json
from collections.abc import Collection
from functools import cached_property

from config.crew_files.layers import DEFAULT, PARTS, CrewLayer, FunctionLayer, read_crew_layer
from config.crew_files.rules import check_crew, unknown_overrides
from config.document.merge import drop_nulls, merge
from config.document.problems import ConfigurationError, Problem, nearest, suggestion
from config.document.tree import Mark, Node, Scalar, Sequence, Table, leaves, plain
from config.files.sources import Folder
from config.schema.channels import CHANNELS
from config.schema.crew_schema import Blueprint, to_blueprint
from config.schema.crew_set import CrewValue


class LayeredCrews:
    """The crews of one place: each function on each channel. `tools`: the names that crews may use."""

    def __init__(self, layers: tuple[CrewLayer, ...], tools: Collection[str] = (), above: "LayeredCrews | None" = None):
        self.layers = layers
        self._tools = tools
        self._above = above
        self._made: dict[tuple[str, tuple[str, ...]], tuple[Table, Blueprint | None, tuple[Problem, ...]]] = {}
        self._blueprints: dict[tuple[str, str], Blueprint] = {}

    @classmethod
    def of(cls, folder: Folder, tools: Collection[str] = ()) -> "LayeredCrews":
        """The crews of a catalog alone."""
        return cls((read_crew_layer(folder),), tools)

    def with_layer(self, layer: CrewLayer, tools: Collection[str] = ()) -> "LayeredCrews":
        """One layer more, on top, and the tools that are known there too."""
        return LayeredCrews((*self.layers, layer), {*self._tools, *tools}, self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayeredCrews) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @cached_property
    def functions(self) -> tuple[str, ...]:
        """The names of the crews, sorted."""
        return tuple(sorted({name for layer in self.layers for name in layer.functions}))

    def channels(self, function: str) -> tuple[str, ...]:
        """The channels that have a file of their own in any layer, sorted."""
        return tuple(sorted({name for each in self._layers(function) for name in each.channels}))

    def blueprint(self, function: str, channel: str) -> Blueprint:
        """A function's crew on a channel.

        Raises:
            ConfigurationError: no such function, or its YAML has problems (all of them).
        """
        key = (function, channel)
        if key not in self._blueprints or self._file_problems(function):
            _, made, problems = self._merge(function, channel)
            problems += self._file_problems(function)
            if made is None or problems:
                raise ConfigurationError(problems)
            self._blueprints[key] = _for_channel(made, channel)
        return self._blueprints[key]

    def values(self, function: str, channel: str) -> tuple[CrewValue, ...]:
        """Every value of a crew on a channel, with the file and line it came from.

        Raises:
            ConfigurationError: no such function.
        """
        self._check_known(function)
        return tuple(_values(self._merge(function, channel)[0]))

    def problems(self, *, fresh: bool = False) -> list[Problem]:
        """Every problem of every crew on every channel; `fresh`: only of functions that the top layer touches."""
        touched = self.layers[-1].functions if fresh and self.layers else self.functions
        found = [problem for layer in (self.layers[-1:] if fresh else self.layers) for problem in layer.problems]
        misread = {each for each in touched if self._file_problems(each)}
        for function in touched:
            for channel in CHANNELS:
                _, made, problems = self._merge(function, channel)
                found += [each for each in problems if function not in misread or not _follows(each, function)]
                if made is not None:
                    self._blueprints[function, channel] = _for_channel(made, channel)
        return sorted(set(found))

    @cached_property
    def digest(self) -> str:
        """Equal where the crews mean the same."""
        said = {
            function: {channel: plain(self._merge(function, channel)[0]) for channel in CHANNELS}
            for function in self.functions
        }
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def _file_problems(self, function: str) -> tuple[Problem, ...]:
        """Return the problems of a function's files, found before they are laid on each other."""
        found = (problem for layer in self.layers for problem in layer.problems)
        return tuple(each for each in found if f"/{function}/" in each.file)

    def _layers(self, function: str) -> list[FunctionLayer]:
        return [layer.functions[function] for layer in self.layers if function in layer.functions]

    def _check_known(self, function: str) -> None:
        if function not in self.functions:
            message = f"there is no crew `{function[:60]}`"
            where = next(iter(self.layers), None)
            file = next(iter(where.functions.values())).base.mark.file if where and where.functions else "crews"
            problem = Problem(file, 1, 1, "unknown-crew", message, suggestion(function, self.functions))
            raise ConfigurationError([problem])

    def _merge(self, function: str, channel: str) -> tuple[Table, Blueprint | None, tuple[Problem, ...]]:
        """The layers of one crew as one table, its blueprint where it is sound, and its problems."""
        self._check_known(function)
        if self._above is not None and function not in self.layers[-1].functions:
            return self._above._merge(function, channel)
        layers = self._layers(function)
        key = (function, tuple(layer.channel(channel) for layer in layers))
        if key not in self._made:
            self._made[key] = self._build(function, key[1], layers)
        return self._made[key]

    def _build(
        self, function: str, channels: tuple[str, ...], layers: list[FunctionLayer]
    ) -> tuple[Table, Blueprint | None, tuple[Problem, ...]]:
        merged: Node = Table(layers[0].base.mark)
        problems: list[Problem] = []
        for layer, channel in zip(layers, channels, strict=True):
            merged = merge(layer.weak, merged) if layer.weak is not None else merged
            first = layer is layers[0]
            for part in (layer.base, layer.channels.get(channel)):
                if part is not None:
                    problems += unknown_overrides(merged, part) if not first or part is not layer.base else []
                    merged = merge(merged, part)
        settled = drop_nulls(merged)
        assert isinstance(settled, Table)  # noqa: S101 - a table merged onto a table is one
        missing = _missing(function, layers, channels, settled)
        if missing:
            problem = self._incomplete(function, missing, layers[0].base.mark)
            return settled, None, (problem, *problems)
        said, found = check_crew(settled, function, self._tools)
        known = {(each.file, each.line) for each in problems}
        problems += [each for each in found if (each.file, each.line) not in known]
        implementation = channels[0]
        made = (
            to_blueprint(function, implementation, implementation, said) if said is not None and not problems else None
        )
        return settled, made, tuple(problems)

    def _incomplete(self, function: str, missing: list[str], mark: Mark) -> Problem:
        """A crew that lacks whole files is a new one that is not done, or an old one's name misspelt."""
        near = nearest(function, [each for each in self.functions if each != function])
        remedy = f"Did you mean `{near}`? A new crew needs" if near else "Write"
        message = f"the crew `{function[:60]}` has no {' and no '.join(missing)}"
        return Problem(mark.file, 1, 1, "incomplete-crew", message, f"{remedy} {', '.join(missing)}.")


def _follows(problem: Problem, function: str) -> bool:
    """Tell whether a problem may be there only since a file of the crew could not be read."""
    whole = problem.message.startswith(f"`{function}.") and problem.message.partition("`:")[0].count(".") == 1
    return problem.rule in {"incomplete-crew", "unknown-agent", "unknown-task"} or (
        whole and problem.rule in {"missing-key", "empty"}
    )


def _missing(function: str, layers: list[FunctionLayer], channels: tuple[str, ...], settled: Table) -> list[str]:
    """The files without which a crew is none; keys that were written and are wrong are told of elsewhere."""
    missing = [f"{part}.yaml" for part in PARTS if not any(part in layer.base.items for layer in layers)]
    missing = [each for each in missing if each.removesuffix(".yaml") not in settled.items]
    here = any(name in layer.channels or layer.weak for layer, name in zip(layers, channels, strict=True))
    anywhere = any(layer.channels or layer.weak for layer in layers)
    return missing if here or (missing and anywhere) else [*missing, "channels/default.yaml"]


def _for_channel(made: Blueprint, channel: str) -> Blueprint:
    return Blueprint(**{**{name: getattr(made, name) for name in Blueprint.__slots__}, "channel": channel})


def _values(table: Table) -> list[CrewValue]:
    values = [
        CrewValue(".".join(path), scalar.value, scalar.mark.file, scalar.mark.line)
        for path, scalar in leaves(table)
        if not path[-1].isdigit()
    ]
    return sorted([*values, *_lists(table)], key=lambda value: value.path)


def _lists(node: Node, path: str = "") -> list[CrewValue]:
    if isinstance(node, Sequence):
        items = [item.value for item in node.items if isinstance(item, Scalar)]
        return [CrewValue(path, items, node.mark.file, node.mark.line)]
    if not isinstance(node, Table):
        return []
    return [found for key, item in node.items.items() for found in _lists(item, f"{path}.{key}".lstrip("."))]


__all__ = ["DEFAULT", "CrewValue", "LayeredCrews"]
