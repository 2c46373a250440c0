"""One layer of the settings: a file read, and laid on what is above it."""

from dataclasses import dataclass

from config.crew_files.layered_crews import LayeredCrews
from config.document.merge import drop_nulls, merge
from config.document.problems import Problem
from config.document.tree import Node, Scalar, Table
from config.document.yaml_source import parse
from config.inheritance.layer_rules import layer_problems, merged_problems
from config.mapping.grant_rules import beyond_grant, public_only, referring_texts
from config.mapping.grants import Grant
from config.schema.validation import validate, wrap_in_key
from config.secrets.references import References
from config.settings.knowledge import place_in_folder
from config.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Merged:
    """Layers as one: `tree` as merged so far, `settled` as it is read, and the validated settings with their crews."""

    tree: Node
    settled: Table
    settings: Settings
    crew_set: LayeredCrews


def read_layer(
    data: bytes, name: str, key: str | None, references: References, grant: Grant | None = None, folder: str = ""
) -> tuple[Table | None, list[Problem]]:
    """A file parsed, its references resolved, and its problems.

    `key`: the one of the settings that it holds; `grant`: what it may name, None: everything; `folder`: where the file
    stands below the configuration's folder, which is where paths in it begin.
    """
    node, problems = parse(data, name)
    if isinstance(node, Table):
        layer, nested = wrap_in_key(key, node) if key else (node, [])
        problems = [*problems, *nested, *referring_texts(layer), *references.resolve(layer, grant)]
        return place_in_folder(layer, folder), [*problems, *layer_problems(layer, data)]
    if node is not None and not (isinstance(node, Scalar) and node.value is None):
        remedy = "Write `key: value` lines."
        problems = [*problems, Problem(*node.mark, "type", "the file must hold a map", remedy)]
    return None, problems


def merge_layer(above: Merged, layer: Table, grant: Grant | None = None) -> tuple[Merged, list[Problem]]:
    """A layer on top of what is above it, and what is wrong with the two together. `grant`: as in `read`."""
    tree = merge(above.tree, layer)
    settled = drop_nulls(tree)
    assert isinstance(settled, Table)  # noqa: S101 - a table merged onto a table is one
    settings, problems = _settings(above, settled)
    if not problems:  # what could not be read would seem to be gone
        problems = merged_problems(settings, above.settings, tree)
    if grant is not None:
        problems = [*problems, *beyond_grant(grant, settings, above.settings, settled)]
        hosts = public_only(grant, settings, above.settings, settled)
        settings = settings if hosts == settings.public_only else settings.with_public_only(hosts)
    return Merged(tree, settled, settings, above.crew_set), problems


def _settings(above: Merged, settled: Table) -> tuple[Settings, list[Problem]]:
    """Validate what this layer changed; the rest is shared with the settings above."""
    before = above.settled.items
    changed = {key: node for key, node in settled.items.items() if before.get(key) is not node}
    found, problems = validate(Settings, Table(settled.mark, changed, settled.keys))
    fresh = found or Settings()
    gone = before.keys() - settled.items.keys()
    known = (changed.keys() | gone) & Settings.model_fields.keys()
    return above.settings.model_copy(update={key: getattr(fresh, key) for key in known}), problems
