"""The inherited settings: `_base`, domain, tenant, inbox, each a config.yaml that says only what differs.

A layer that is absent costs nothing, and what a layer leaves alone is shared with the layer above it, both as a tree
(which knows the file and line of each value) and as validated settings: so ten thousand tenants fit.
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from config.findings import validate
from config.merge import merge, settle
from config.problems import Problem, nearest
from config.references import References
from config.settings import PLACEHOLDERS, Settings, strange_placeholders
from config.snapshot import Note
from config.tree import Mark, Node, Scalar, Table, find, leaves
from config.yaml_source import read

SHIPPED = Path(__file__).resolve().parent
FILE = "config.yaml"
BASE = "_base"
_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
_INBOX = re.compile(r"^inbox_([1-9][0-9]*)$")


@dataclass(frozen=True, slots=True)
class Merged:
    """Layers as one: `tree` as merged so far, `settled` as it is read, and the validated settings."""

    tree: Node
    settled: Table
    settings: Settings


class Library:
    """The layers of one configuration folder, backed by those that ship. Every file is read once; problems pile up."""

    def __init__(self, folder: Path, references: References) -> None:
        self.folder = folder
        self.references = references
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.own = _same(folder, SHIPPED)
        self._domains: dict[str, Merged] = {}
        self._layers: dict[Path, Table | None] = {}
        self._used: set[tuple[str, str]] = set()
        root = Table(Mark(str(folder), 1, 1))
        self.base = Merged(root, root, Settings())
        for place in [folder] if self.own else [SHIPPED, folder]:
            self.base = self.below(self.base, self._layer(place / "domains" / BASE / FILE))

    def names(self) -> list[str]:
        """The domains there are."""
        found = {path.name for place in (self.folder, SHIPPED) for path in _folders(place / "domains")}
        return sorted(found - {BASE})

    def domain(self, name: str) -> Merged:
        """The settings of a domain: the folder's own file, else the one that ships, else `_base`."""
        if name not in self._domains:
            path = self._first("domains", name, FILE)
            self._domains[name] = self.below(self.base, self._layer(path)) if path else self.base
        return self._domains[name]

    def tenant(self, domain: str, tenant: str, name: Node | None) -> Merged:
        """The settings of a tenant. `name`, from the mapping, is the company's where the tenant's file has none."""
        above = self.domain(domain)
        self._used.add((domain, tenant))
        if isinstance(name, Scalar) and isinstance(name.value, str):
            above = self.below(above, _named(name))
        path = self._first("domains", domain, tenant, FILE)
        layer = self._layer(path) if path else None
        if layer and path and not self._is_meant(path, layer, name):
            layer = None
        return self.below(above, layer)

    def inboxes(self, domain: str, tenant: str) -> dict[int, Path]:
        """The inboxes that have a folder of their own under a tenant."""
        folders = _folders(self.folder / "domains" / domain / tenant)
        return {int(match[1]): path / FILE for path in folders if (match := _INBOX.match(path.name))}

    def inbox(self, above: Merged, path: Path) -> Merged:
        """The settings of an inbox under its tenant's."""
        return self.below(above, self._layer(path))

    def below(self, above: Merged, layer: Table | None) -> Merged:
        """One layer more; `above` itself where the layer says nothing."""
        if layer is None or not layer.items:
            return above
        tree = merge(above.tree, layer)
        settled = settle(tree)
        assert isinstance(settled, Table)  # noqa: S101 - a table merged onto a table is one
        return Merged(tree, settled, self._settings(above, settled))

    def _settings(self, above: Merged, settled: Table) -> Settings:
        """Validate what this layer changed; the rest is shared with the settings above."""
        before = above.settled.items
        changed = {key: node for key, node in settled.items.items() if before.get(key) is not node}
        found, problems = validate(Settings, Table(settled.mark, changed, settled.keys))
        self.problems += problems
        fresh = found or Settings()
        gone = before.keys() - settled.items.keys()
        known = (changed.keys() | gone) & Settings.model_fields.keys()
        return above.settings.model_copy(update={key: getattr(fresh, key) for key in known})

    def _first(self, *parts: str) -> Path | None:
        places = [place.joinpath(*parts) for place in (self.folder, SHIPPED)]
        return next((path for path in places if there(path)), None)

    def _layer(self, path: Path) -> Table | None:
        if path not in self._layers:
            self._layers[path] = self._read(path) if there(path) else None
        return self._layers[path]

    def _read(self, path: Path) -> Table | None:
        node, problems = read(path, str(path))
        self.problems += problems
        if isinstance(node, Table):
            self.problems += self.references.resolve(node)
            self.problems += _braces(node) + plain_secrets(node, (("model", "api_key"),))
            return node
        if node is not None and not (isinstance(node, Scalar) and node.value is None):
            remedy = "Write `key: value` lines."
            self.problems.append(Problem(*node.mark, "type", "the file must hold a map", remedy))
        return None

    def _is_meant(self, path: Path, layer: Table, name: Node | None) -> bool:
        """An example tenant that ships must not speak for a stranger who happens to use its folder's name."""
        if self.own or self.folder in path.parents:
            return True
        example = find(layer, ("company", "name"))[1]
        wanted = name.value if isinstance(name, Scalar) else None
        if isinstance(example, Scalar) and _folded(example.value) == _folded(wanted):
            return True
        if isinstance(name, Scalar):
            message = f"the example tenant {path.parent.name} that ships is not used: it is another company's"
            self.notes.append(Note(name.mark.file, name.mark.line, message))
        return False

    def tenant_folders(self) -> dict[str, list[str]]:
        """The tenants that have a folder in the configuration folder itself, by domain."""
        return {each.name: [path.name for path in _folders(each)] for each in _folders(self.folder / "domains")}

    def check_unused(self) -> None:
        """Read every layer of the folder, also those that no account names: a mistake is found before it is used."""
        for domain in _folders(self.folder / "domains"):
            self._folder(domain)
            if domain.name == BASE:
                continue
            self.domain(domain.name)
            for tenant in _folders(domain):
                self._folder(tenant)
                if (domain.name, tenant.name) in self._used:
                    continue
                merged = self.tenant(domain.name, tenant.name, None)
                for path in self.inboxes(domain.name, tenant.name).values():
                    self.inbox(merged, path)

    def _folder(self, folder: Path) -> None:
        """Names that would be overlooked in silence."""
        if folder.name != BASE and not _NAME.match(folder.name):
            message = f"the folder name `{folder.name}` cannot be used in the mapping"
            self.problems.append(
                Problem(
                    str(folder), 1, 1, "folder-name", message, "Use a-z, 0-9, `_` and `-`, a letter or digit first."
                )
            )
        try:
            paths = list(folder.iterdir())
        except OSError as error:
            message = f"the folder cannot be read: {error.strerror}"
            self.problems.append(Problem(str(folder), 1, 1, "unreadable", message, "Make it readable to this process."))
            return
        for path in paths:
            if path.name != FILE and path.suffix in {".yml", ".yaml"} and nearest(path.name, [FILE]):
                message = f"the file {path.name} is not read"
                self.problems.append(Problem(str(path), 1, 1, "unknown-file", message, f"Rename it to {FILE}."))


def plain_secrets(root: Node, places: tuple[tuple[str, ...], ...]) -> list[Problem]:
    """Secrets that stand in the YAML itself, at any of `places`."""
    problems = []
    for place in places:
        node = root
        for step in place:
            node = node.items[step] if isinstance(node, Table) and step in node.items else Table(root.mark)
        for _, scalar in leaves(node):
            if scalar.value is None or scalar.hidden or scalar.failed:
                continue
            message = f"`{'.'.join(place)}`: a secret stands in the file"
            remedy = "Write ${NAME}, ${file:/path} or ENC:<ciphertext>, and change the secret: it has been seen."
            problems.append(Problem(*scalar.mark, "plain-secret", message, remedy))
    return problems


def _braces(layer: Table) -> list[Problem]:
    """Placeholders that nothing fills."""
    problems = []
    for path, scalar in leaves(layer):
        if path[0] not in {"sentences", "greeting"} or not isinstance(scalar.value, str):
            continue
        for name in strange_placeholders(scalar.value):
            message = f"`{'.'.join(path)}`: nothing fills the placeholder {{{name[:60]}}}"
            remedy = f"Placeholders are {', '.join('{' + each + '}' for each in PLACEHOLDERS)}."
            problems.append(Problem(*scalar.mark, "placeholder", message, remedy))
    return problems


def _named(name: Scalar) -> Table:
    company = Table(name.mark, {"name": name}, {"name": name.mark})
    return Table(name.mark, {"company": company}, {"company": name.mark})


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))
    except OSError:
        return []


def there(path: Path) -> bool:
    """Whether something stands at a path. A link that leads nowhere, or a folder that is closed, is not passed over."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _same(one: Path, other: Path) -> bool:
    try:
        return one.resolve() == other.resolve()
    except OSError:
        return False


def _folded(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())
