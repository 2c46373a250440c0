"""One folder of crews as a layer: for each function what it says, and what it says on each channel.

`<function>/agents.yaml` and `tasks.yaml` hold CrewAI's own keys; `<function>/channels/<channel>.yaml` what differs on
that channel, and `default.yaml` where a channel has no file; `<function>/config.yaml` what concerns the whole crew,
or, in the older shape, all in one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from config.crew_files.legacy import LegacyCrew, is_legacy
from config.document.problems import Note, Problem, nearest, suggestion
from config.document.tree import Mark, Node, Scalar, Table, leaves
from config.document.yaml_source import parse
from config.files.sources import Folder
from config.schema.base import NAME
from config.schema.channels import CHANNELS
from config.schema.crew_schema import WHOLE, CrewEntry
from config.schema.validation import unknown_nulls, wrap_in_key
from config.secrets.references import reference_in_text

PARTS = ("agents", "tasks")
OLD = "config.yaml"
DEFAULT = "default"
_UNREAD = "Remove it, or put it where it is read."


@dataclass(frozen=True, slots=True)
class FunctionLayer:
    """One layer of one function. `weak` stands below all layers, where an old file leaves something out."""

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


def read_crew_layer(folder: Folder) -> CrewLayer:
    """Read a folder of crews."""
    reading = _LayerReader(folder)
    functions = {name: found for name in folder.subfolders("") if (found := reading.read_function(name))}
    reading.report_stray_files()
    return CrewLayer(functions, tuple(reading.problems), tuple(reading.notes))


class _LayerReader:
    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.problems: list[Problem] = list(folder.troubles.values())
        self.notes: list[Note] = []

    def read_function(self, name: str) -> FunctionLayer | None:
        self._check_name(name)
        old = self._read_file(f"{name}/{OLD}")
        channels = self._read_channels(name)
        self._report_ignored(name)
        if old is not None and is_legacy(old):
            crew = LegacyCrew(old)
            self.problems += crew.problems
            self.notes += crew.notes
            return FunctionLayer(crew.base, channels, crew.weak)
        parts: dict[str, Node] = {part: found for part in PARTS if (found := self._read_part(name, part)) is not None}
        if old is not None:
            parts = {**self._whole_crew_keys(old), **parts}
        if not parts and not channels:
            return None
        mark = Mark(self.folder.name(name), 1, 1)
        base = Table(mark, dict(parts), {part: node.mark for part, node in parts.items()})
        for table in (base, *channels.values()):
            self.problems += unknown_nulls(CrewEntry, table, name)
        return FunctionLayer(base, channels)

    def _check_name(self, name: str) -> None:
        if not re.match(NAME, name):
            message = f"the mapping cannot name a crew `{name[:60]}`"
            remedy = "Write small letters, digits, `_` and `-`, a letter or digit first."
            self.problems.append(Problem(self.folder.name(name), 1, 1, "folder-name", message, remedy))

    def _read_part(self, name: str, part: str) -> Node | None:
        table = self._read_file(f"{name}/{part}.yaml")
        if table is None:
            return None
        layer, problems = wrap_in_key(part, table)
        self.problems += problems
        return layer.items[part]

    def _whole_crew_keys(self, table: Table) -> dict[str, Node]:
        """Return what a `config.yaml` says of the whole crew."""
        known = (*PARTS, *WHOLE)
        for key in table.items.keys() - set(known):
            message, remedy = f"`{key[:120]}`: there is no such key", suggestion(key, known)
            if key in CrewEntry.model_fields:
                remedy = "Write it in channels/default.yaml, or in the file of one channel."
            self.problems.append(Problem(*table.keys[key], "unknown-key", message, remedy))
        return {key: node for key, node in table.items.items() if key in known}

    def _read_channels(self, function: str) -> dict[str, Table]:
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
            elif (table := self._read_file(f"{place}/{file}")) is not None:
                found[name] = table
        return found

    def _report_ignored(self, function: str) -> None:
        """Files of a crew that would be passed over in silence."""
        known = [OLD, *(f"{part}.yaml" for part in PARTS)]
        for path in self.folder.files:
            if not path.startswith(f"{function}/"):
                continue
            place, _, name = path.removeprefix(f"{function}/").rpartition("/")
            if (place == "" and name in known) or (place == "channels" and name.endswith(".yaml")):
                continue
            stem = name.partition(".")[0]
            if place == "channels" or stem in CHANNELS:
                remedy = f"Rename it to channels/{nearest(name, [f'{each}.yaml' for each in CHANNELS])}."
            else:
                near = nearest(stem, [each.partition(".")[0] for each in known])
                remedy = f"Rename it to {near}.yaml." if near and place == "" else _UNREAD
            self._report_unread(path, remedy)

    def report_stray_files(self) -> None:
        """Files beside the folders of crews."""
        for path in self.folder.files:
            if "/" not in path:
                self._report_unread(path, "Put it into the folder of a crew, as sales/, or remove it.")

    def _report_unread(self, path: str, remedy: str) -> None:
        message = f"the file {path.rpartition('/')[2][:60]} is not read"
        self.problems.append(Problem(self.folder.name(path), 1, 1, "unknown-file", message, remedy))

    def _read_file(self, path: str) -> Table | None:
        if path not in self.folder.files:
            return None
        node, problems = parse(self.folder.files[path], self.folder.name(path))
        self.problems += problems
        if isinstance(node, Table):
            self.problems += [each for at, scalar in leaves(node) if (each := reference_in_text(".".join(at), scalar))]
            return node
        if node is not None and not _is_empty(node):
            remedy = "Write `key: value` lines."
            self.problems.append(Problem(*node.mark, "type", "the file must hold a map", remedy))
        return Table(Mark(self.folder.name(path), 1, 1)) if not problems else None


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None
