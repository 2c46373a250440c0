"""One folder of crews as a layer: for each function what it says, and what it says on each channel.

`<function>/agents.yaml` and `tasks.yaml` hold CrewAI's own keys; `<function>/channels/<channel>.yaml` what differs on
that channel, and `default.yaml` where a channel has no file; `<function>/config.yaml` what concerns the whole crew,
or, in the older shape, all in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from config.crew_old import OldCrew, is_old
from config.crew_text import CHANNELS, WHOLE
from config.problems import Note, Problem, nearest, suggestion
from config.sources import Folder
from config.tree import Mark, Node, Scalar, Table
from config.yaml_source import parse

PARTS = ("agents", "tasks")
OLD = "config.yaml"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class FunctionLayer:
    """What one layer says of one function. `weak` stands below all layers, where an old file leaves something out."""

    base: Table
    channels: Mapping[str, Table] = field(default_factory=dict)
    weak: Table | None = None

    def channel(self, name: str) -> str:
        """The channel file that holds for a channel in this layer."""
        return name if name in self.channels else DEFAULT


@dataclass(frozen=True, slots=True)
class CrewLayer:
    """All functions of one folder, and what was found wrong or worth a note while reading them."""

    functions: Mapping[str, FunctionLayer]
    problems: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()


def crew_layer(folder: Folder) -> CrewLayer:
    """Read a folder of crews."""
    reading = _Reading(folder)
    functions = {name: found for name in folder.below("") if (found := reading.function(name))}
    reading.overlooked("", [])
    return CrewLayer(functions, tuple(reading.problems), tuple(reading.notes))


class _Reading:
    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.problems: list[Problem] = list(folder.troubles.values())
        self.notes: list[Note] = []

    def function(self, name: str) -> FunctionLayer | None:
        old = self._read(f"{name}/{OLD}")
        channels = self._channels(name)
        self.overlooked(name, [OLD, *(f"{part}.yaml" for part in PARTS)])
        if old is not None and is_old(old):
            crew = OldCrew(old)
            self.problems += crew.problems
            self.notes += crew.notes
            return FunctionLayer(crew.base, channels, crew.weak)
        parts: dict[str, Node] = {
            part: found for part in PARTS if (found := self._read(f"{name}/{part}.yaml")) is not None
        }
        if old is not None:
            parts = {**{key: node for key, node in old.items.items() if key in (*PARTS, *WHOLE)}, **parts}
        if not parts and not channels:
            return None
        mark = Mark(self.folder.name(name), 1, 1)
        return FunctionLayer(Table(mark, dict(parts), {part: node.mark for part, node in parts.items()}), channels)

    def _channels(self, function: str) -> dict[str, Table]:
        place = f"{function}/channels"
        found = {}
        for file in self.folder.folders.get(place, ()):
            name, dot, suffix = file.rpartition(".")
            if suffix != "yaml" or not dot:
                continue
            if name not in CHANNELS:
                message = f"no channel is called `{name[:60]}`"
                path = self.folder.name(f"{place}/{file}")
                self.problems.append(Problem(path, 1, 1, "unknown-channel", message, suggestion(name, CHANNELS)))
            elif (table := self._read(f"{place}/{file}")) is not None:
                found[name] = table
        self.overlooked(place, [f"{name}.yaml" for name in CHANNELS])
        return found

    def overlooked(self, place: str, known: list[str]) -> None:
        """Files that would be passed over in silence."""
        for name in self.folder.folders.get(place, ()):
            path = f"{place}/{name}".lstrip("/")
            checked = place.endswith("channels") and name.endswith(".yaml")
            if name in known or path not in self.folder.files or checked:
                continue
            near = nearest(name, known)
            remedy = f"Rename it to {near}." if near else "Remove it, or put it where it is read."
            message = f"the file {name[:60]} is not read"
            self.problems.append(Problem(self.folder.name(path), 1, 1, "unknown-file", message, remedy))

    def _read(self, path: str) -> Table | None:
        if path not in self.folder.files:
            return None
        node, problems = parse(self.folder.files[path], self.folder.name(path))
        self.problems += problems
        if isinstance(node, Table):
            return node
        if node is not None and not _nothing(node):
            remedy = "Write `key: value` lines."
            self.problems.append(Problem(*node.mark, "type", "the file must hold a map", remedy))
        return Table(Mark(self.folder.name(path), 1, 1)) if not problems else None


def _nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
