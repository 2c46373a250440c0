"""The inherited settings: `_base`, domain, tenant, inbox, each a config.yaml that says only what differs.

A layer that is absent costs nothing, and what a layer leaves alone is shared with the layer above it, both as a tree
(which knows the file and line of each value) and as validated settings: so ten thousand tenants fit.
"""

import re
from collections.abc import Mapping

from chatwootai.model.text.normalize import normalize
from config.crew_files.layered_crews import LayeredCrews
from config.crew_files.layers import CrewLayer, read_crew_layer
from config.document.problems import Note, Problem
from config.document.tree import Mark, Node, Scalar, Table, find
from config.files.sources import CREWS_VARIABLE, DOMAINS, FROM_FILE, Folder, Sources, catalog, shipped
from config.inheritance.layer import Merged, merge_layer, read_layer
from config.inheritance.layer_rules import language_notes
from config.inheritance.load_cache import LoadCache
from config.mapping.grants import NOBODY, Grant
from config.secrets.references import References
from config.settings import answers, knowledge, tools
from config.settings.settings import Settings

FILE = "config.yaml"
BASE = "_base"
CREWS = "crews"
DOCUMENTS = "knowledge"
"""A folder of a domain that is no tenant's: the documents that its `knowledge.yaml` names."""
PARTS = {answers.FILE: "answers", tools.FILE: "tools", knowledge.FILE: "knowledge", knowledge.RECORDS_FILE: "records"}
"""Files beside it that hold one key of the settings each."""

TOOLS = tools.BUILT_IN
"""The names of the tools that any crew may use; those of a tenant's `tools` come with its settings."""

EXAMPLES = frozenset({"Sandra Cosmeticos", "Casa Bela Móveis"})
"""The companies of the example tenants that ship, as their files name them."""
_INBOX = re.compile(r"^inbox_([1-9][0-9]*)$")


class Library:
    """The layers of one configuration folder, backed by those that ship. Every file is parsed once; problems pile up.

    With a `cache`, what has not changed since the last load is not even parsed. `grants`, what accounts' folders may
    name, is set once the mapping has been read.
    """

    def __init__(
        self, sources: Sources, references: References, cache: LoadCache | None = None, *, whole: bool = False
    ) -> None:
        """`whole`: keep the tree of every tenant, which tells where each value stands."""
        self.sources = sources
        self.whole = whole
        self.own = sources.folder
        self.references = references
        self.cache = cache or LoadCache()
        self.problems: list[Problem] = []
        self.notes: list[Note] = []
        self.used: set[tuple[str, str]] = set()
        self.grants = NOBODY
        self._places = [self.own] if sources.own else [self.own, shipped()]
        self._read: set[object] = set()
        self._domains: dict[str, Merged] = {}
        self.base = self._base()

    def _base(self) -> Merged:
        crews = self.cache.keep("catalog", (self._catalog(),), lambda: LayeredCrews.of(self._catalog(), TOOLS))
        self.record("catalog", (crews.problems(), crews.layers[0].notes))
        if not crews.functions:
            message, remedy = "there is no crew in this folder", f"Set {CREWS_VARIABLE} to a folder of crews."
            self.problems.append(Problem(self._catalog().name(""), 1, 1, "missing-crews", message, remedy))
        root = self.cache.keep("root", (), lambda: Table(Mark(self.own.name(""), 1, 1)))
        first = Settings().with_crew_set(crews)
        base = self.cache.keep("nothing", (crews, root), lambda: Merged(root, root, first, crews))
        for place in reversed(self._places):
            base = self._merge_folder(base, place, f"{DOMAINS}/{BASE}")
        return base

    def _catalog(self) -> Folder:
        return self.sources.crews if self.sources.crews is not None else catalog()

    def names(self) -> list[str]:
        """The domains there are."""
        return sorted({name for place in self._places for name in place.subfolders(DOMAINS)} - {BASE})

    def domain(self, name: str) -> Merged:
        """The settings of a domain: the folder's own file, else the one that ships, else `_base`."""
        if name not in self._domains:
            self._domains[name] = self._merge_folder(
                self.base, self._folder_of(f"{DOMAINS}/{name}"), f"{DOMAINS}/{name}"
            )
        return self._domains[name]

    def tenant(self, domain: str, tenant: str, name: Node | None, implied: Mark | None = None) -> Merged:
        """The settings of a tenant. `name`, from the mapping, is the company's where the tenant's file has none.

        `implied`: where the account stands that has not named the folder; it gets no example's by its number alone.
        """
        self.used.add((domain, tenant))
        path = f"{DOMAINS}/{domain}/{tenant}"
        place = self._folder_of(path)
        names = place.folders.get(path, ()) if place else ()
        data = [place.files[file] for each in names if place and (file := f"{path}/{each}") in place.files]
        if self.whole or CREWS in names or self.inboxes(domain, tenant) or any(FROM_FILE in each for each in data):
            return self._tenant(domain, tenant, name, implied)
        key = ("tenant", path, name.mark if name else None, implied)
        troubles = [place.troubles[file] for each in names if place and (file := f"{path}/{each}") in place.troubles]
        grant = repr(self._grant(place, f"{path}/{FILE}") if place else None).encode()
        parts = (self.domain(domain), name, grant, *data, *troubles)
        made, problems, notes = self.cache.keep(
            key, parts, lambda: self._tenant_without_tree(domain, tenant, name, implied)
        )
        self.record(key, (problems, notes))
        return made

    def _tenant_without_tree(
        self, domain: str, tenant: str, name: Node | None, implied: Mark | None
    ) -> tuple[Merged, list[Problem], tuple[Note, ...]]:
        """A tenant that nothing stands below: its settings without the tree, which ten thousand could not keep."""
        kept = self.problems, self.notes, self.cache
        self.problems, self.notes, self.cache = [], [], LoadCache()
        try:
            made = self._tenant(domain, tenant, name, implied)
            root = Table(Mark(self.own.name(""), 1, 1))
            return Merged(root, root, made.settings, made.crew_set), self.problems, tuple(self.notes)
        finally:
            self.problems, self.notes, self.cache = kept

    def _tenant(self, domain: str, tenant: str, name: Node | None, implied: Mark | None = None) -> Merged:
        above = self.domain(domain)
        path = f"{DOMAINS}/{domain}/{tenant}"
        if isinstance(name, Scalar) and isinstance(name.value, str):
            named = self.cache.keep(("name", path, name.mark), (name,), lambda: _company_table(name))
            above = self.merge_below(above, named, ("name", path, name.mark))
        place = self._folder_of(path)
        layer = self._read_layer(place, f"{path}/{FILE}") if place else None
        taken = place is not self.own or (implied is not None and _is_example(layer))
        if taken and layer and place and not self._is_example_wanted(tenant, layer, name, implied):
            place = None
        return self._merge_folder(above, place, path)

    def inboxes(self, domain: str, tenant: str) -> dict[int, str]:
        """The inboxes that have a folder of their own under a tenant, and its path."""
        path = f"{DOMAINS}/{domain}/{tenant}"
        return {int(match[1]): f"{path}/{name}" for name in self.own.subfolders(path) if (match := _INBOX.match(name))}

    def inbox(self, above: Merged, path: str) -> Merged:
        """The settings of an inbox under its tenant's."""
        return self._merge_folder(above, self.own, path)

    def _merge_folder(self, above: Merged, place: Folder | None, path: str) -> Merged:
        """Merge one folder, settings and crews, on top of what is above."""
        if place is None:
            return above
        grant = self._grant(place, f"{path}/{FILE}")
        merged = self.merge_below(above, self._read_layer(place, f"{path}/{FILE}"), (place.path, path), grant)
        for part, key in PARTS.items():
            layer = self._read_layer(place, f"{path}/{part}", key)
            merged = self.merge_below(merged, layer, (place.path, path, part), grant)
        crews = self._read_crews(place, f"{path}/{CREWS}")
        return self._with_crews(merged, crews, (place.path, path)) if crews else merged

    def merge_below(self, above: Merged, layer: Table | None, key: object, grant: Grant | None = None) -> Merged:
        """One layer more; `above` itself where the layer says nothing. `grant`: what it may name, None: everything."""
        if layer is None or not layer.items:
            return above
        merged, problems = self.cache.keep(("merged", key), (above, layer), lambda: merge_layer(above, layer, grant))
        told = () if problems else tuple(language_notes(merged.settings, above.settings, merged.tree))
        self.record(("merged", key, id(above)), (problems, told))
        return merged

    def _with_crews(self, above: Merged, layer: CrewLayer, key: object) -> Merged:
        def laid() -> tuple[Merged, list[Problem]]:
            crew_set = above.crew_set.with_layer(layer, _tool_names(above))
            settings = above.settings.with_crew_set(crew_set)
            return Merged(above.tree, above.settled, settings, crew_set), crew_set.problems(fresh=True)

        merged, problems = self.cache.keep(("crewed", key), (above, layer), laid)
        self.record(("crewed", key, id(above)), (problems, layer.notes))
        return merged

    def _read_crews(self, place: Folder, path: str) -> CrewLayer | None:
        """The crews of a folder, parsed anew where any of its files has changed."""
        if path not in place.folders:
            return None
        folder = place.subfolder(path)
        files = (item for name in sorted(folder.files) for item in (name.encode(), folder.files[name]))
        parts: tuple[object, ...] = (*files, *folder.troubles.values())
        return self.cache.keep(("crews", place.path, path), parts, lambda: read_crew_layer(folder))

    def record(self, key: object, found: tuple[list[Problem], tuple[Note, ...]]) -> None:
        """Take note of what was found, once for each place."""
        if key not in self._read:
            self._read.add(key)
            self.problems += found[0]
            self.notes += found[1]

    def _folder_of(self, path: str) -> Folder | None:
        """Return the place that holds a folder's settings: the configuration itself, else what ships; None: neither."""
        for place in self._places:
            files = any(place.has_file(f"{path}/{file}") for file in (FILE, *PARTS))
            if files or f"{path}/{CREWS}" in place.folders:
                return place
        return None

    def _read_layer(self, place: Folder, path: str, key: str | None = None) -> Table | None:
        """One file, parsed and with its references resolved; `key`: the one of the settings that it holds."""
        trouble = place.troubles.get(path)
        if trouble:
            self.record(("layer", place.path, path), ([trouble], ()))
        data = place.files.get(path)
        if data is None:
            return None
        grant = self._grant(place, path)
        part = object() if FROM_FILE in data else data  # a file that a reference names may have changed
        made = self.cache.keep(
            ("layer", place.path, path),
            (part, repr(grant).encode()),
            lambda: read_layer(data, place.name(path), key, self.references, grant, path.rpartition("/")[0]),
        )
        self.record(("layer", place.path, path), (made[1], ()))
        return made[0]

    def _grant(self, place: Folder, path: str) -> Grant | None:
        """Return what a file may name: a grant in an account's folder, everything (None) where the operator writes."""
        _, domain, folder, *below = (*path.split("/"), "", "")
        if place is not self.own or domain == BASE or folder == CREWS or not any(below):
            return None
        return self.grants.of(domain, folder, f"{place.name('/'.join((DOMAINS, domain, folder)))}/")

    def _is_example_wanted(self, tenant: str, layer: Table, name: Node | None, implied: Mark | None) -> bool:
        """An example tenant that ships must not speak for a stranger who happens to use its folder's name."""
        example = find(layer, ("company", "name"))[1]
        wanted = name.value if isinstance(name, Scalar) else None
        if isinstance(example, Scalar) and _fold_name(example.value) == _fold_name(wanted):
            return True
        mark = name.mark if isinstance(name, Scalar) else implied if _is_example(layer) else None
        if mark is not None:
            message = f"the example tenant {tenant} that ships is not used: it is another company's"
            self.notes.append(Note(mark.file, mark.line, message))
        return False

    def tenants(self, domain: str) -> list[str]:
        """The folders of a domain that are tenants'."""
        return [name for name in self.own.subfolders(f"{DOMAINS}/{domain}") if name not in {CREWS, DOCUMENTS}]

    def tenant_folders(self) -> Mapping[str, list[str]]:
        """The tenants that have a folder in the configuration folder itself, by domain."""
        return {domain: self.tenants(domain) for domain in self.own.subfolders(DOMAINS) if domain != BASE}

    def has_folder(self, domain: str, tenant: str) -> bool:
        """Tell whether a tenant has a folder, of its own or shipped."""
        return any(f"{DOMAINS}/{domain}/{tenant}" in place.folders for place in self._places)

    def read_unused(self) -> None:
        """Read every layer of the folder, also those that no account names: a mistake is found before it is used."""
        for domain, tenants in self.tenant_folders().items():
            self.domain(domain)
            for tenant in tenants:
                if (domain, tenant) not in self.used:
                    merged = self._tenant(domain, tenant, None)
                    for path in self.inboxes(domain, tenant).values():
                        self.inbox(merged, path)


def _tool_names(above: Merged) -> frozenset[str]:
    """The tools that agents may name, those included whose own declaration is a problem: that is said there, once."""
    said = _child_table(above.tree, "tools")
    declared = (name for kind in ("http", "mcp") for name in _child_table(said, kind).items)
    return above.settings.tools.names() | frozenset(declared)


def _child_table(node: Node, key: str) -> Table:
    found = node.items.get(key) if isinstance(node, Table) else None
    return found if isinstance(found, Table) else Table(node.mark)


def _company_table(name: Scalar) -> Table:
    company = Table(name.mark, {"name": name}, {"name": name.mark})
    return Table(name.mark, {"company": company}, {"company": name.mark})


def _is_example(layer: Table | None) -> bool:
    """Tell whether a tenant's file is one of the examples that ship, as a clone has it among its own."""
    name = find(layer, ("company", "name"))[1] if layer else None
    return isinstance(name, Scalar) and name.value in EXAMPLES


def _fold_name(text: object) -> str | None:
    if not isinstance(text, str):
        return None
    return normalize(text).replace(" ", "")
