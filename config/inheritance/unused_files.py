"""Files and folders that nobody would read: where a name is misspelt, silence is the worst answer."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from config.document.problems import Note, Problem, nearest
from config.files.sources import DOMAINS, MAPPING, Folder
from config.inheritance.library import BASE, CREWS, FILE, PARTS, Library

_NAME = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
_NUMBERED = re.compile(r"^(?:inbox(?:es)?)?[^0-9]*0*([1-9][0-9]*)$", re.IGNORECASE)
_FILES = (FILE, *PARTS)
_DEEP = 3  # domains, a domain, a tenant
_STEMS = [each.removesuffix(".yaml") for each in _FILES]
_ALMOST = re.compile(rf"^({'|'.join(_STEMS)})(\.json|\.toml|\.ya?ml\.txt|\.txt)?$")


def unused_files(library: Library) -> tuple[list[Problem], list[Note]]:
    """Return problems for files of the folder that are not read, and notes for those that serve nobody."""
    folder, places = library.own, _settings_folders(library)
    problems = [each for path, each in folder.troubles.items() if _parent(path) not in places or _is_unreported(path)]
    misnamed = dict(_misnamed_folders(folder))
    problems += [*_unusable_names(folder), *_stray_files(folder, places, tuple(misnamed)), *misnamed.values()]
    return problems, list(_unassigned_tenants(library))


def _settings_folders(library: Library) -> set[str]:
    """The folders whose files are settings."""
    found = {f"{DOMAINS}/{BASE}"}
    for domain, tenants in library.tenant_folders().items():
        found |= {f"{DOMAINS}/{domain}", *(f"{DOMAINS}/{domain}/{tenant}" for tenant in tenants)}
        for tenant in tenants:
            found.update(library.inboxes(domain, tenant).values())
    return found


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _is_unreported(path: str) -> bool:
    """Tell whether a file is none that a layer reports itself."""
    return path.rpartition("/")[2] not in _FILES


def _unusable_names(folder: Folder) -> Iterator[Problem]:
    """Folder names that no mapping can say."""
    remedy = "Write small letters, digits, `_` and `-`, a letter or digit first."
    for domain in folder.subfolders(DOMAINS):
        tenants = [] if domain == BASE else folder.subfolders(f"{DOMAINS}/{domain}")
        if domain.strip("_") == BASE.strip("_") and domain != BASE:
            message = f"`{domain}` is a domain of that name, and not what everybody starts from"
            yield Problem(folder.name(f"{DOMAINS}/{domain}"), 1, 1, "folder-name", message, f"Rename it to {BASE}.")
            tenants = []
        named = [] if domain.strip("_") == BASE.strip("_") else [domain]
        for path in (*named, *(f"{domain}/{tenant}" for tenant in tenants)):
            name = path.rpartition("/")[2]
            if not _NAME.match(name):
                message = f"the folder name `{name}` cannot be used in the mapping"
                yield Problem(folder.name(f"{DOMAINS}/{path}"), 1, 1, "folder-name", message, remedy)


def _stray_files(folder: Folder, places: set[str], said: tuple[str, ...]) -> Iterator[Problem]:
    """YAML that stands where none is read, and files that are nearly called like those that are."""
    for path in folder.files:
        parent, _, name = path.rpartition("/")
        known = path == MAPPING or (parent in places and name in _FILES) or _of_crews(path, places)
        if not known and not any(path.startswith(f"{each}/") for each in said):
            yield _stray_file(folder, path, parent in places)
    for place in places:
        for name in folder.folders.get(place, ()):
            if _ALMOST.match(name) and f"{place}/{name}" not in folder.folders:
                yield _stray_file(folder, f"{place}/{name}", True)


def _of_crews(path: str, places: set[str]) -> bool:
    """Tell whether a file lies in a folder of crews, which looks through it itself."""
    return any(str(above) in places and f"{above}/{CREWS}/" in f"{path}" for above in PurePosixPath(path).parents)


def _stray_file(folder: Folder, path: str, settings: bool) -> Problem:
    parent, _, name = path.rpartition("/")
    there = folder.folders.get(parent, ())
    free = [each for each in _FILES if each not in there]
    stem = nearest(name.partition(".")[0], _STEMS) or FILE.partition(".")[0]
    near = f"{stem}.yaml" if settings and (stem in _STEMS[1:] or FILE in free or name.startswith(stem)) else None
    if near is None:
        remedy = "Put it in the folder of `_base`, a domain, a tenant or an inbox (`inbox_17`), or remove it."
    else:
        remedy = f"Rename it to {near}." if near in free else f"Remove it: {near} is what is read here."
    return Problem(folder.name(path), 1, 1, "unknown-file", f"the file {name[:60]} is not read", remedy)


def _misnamed_folders(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """Folders that are nearly called as they should be."""
    names = folder.folders.get("", ())
    near = nearest(DOMAINS, names)
    if DOMAINS not in names and near:
        yield near, _misnamed_file(folder, near, DOMAINS)
    elif DOMAINS in names and DOMAINS not in folder.folders:
        remedy = "Make a folder of that name, or remove the file."
        yield DOMAINS, Problem(folder.name(DOMAINS), 1, 1, "unknown-folder", "this is no folder", remedy)
    for path in folder.folders:
        meant = _intended_name(path)
        if meant and any(each.startswith(f"{path}/") for each in folder.files):
            yield path, _misnamed_file(folder, path, meant)


def _intended_name(path: str) -> str | None:
    """Return the name that a folder below a domain should have."""
    parts = path.split("/")
    if CREWS in parts[:-1] or not _DEEP <= len(parts) <= _DEEP + 2:
        return None
    if parts[-1].lower() in {"crew", CREWS} and parts[-1] != CREWS:
        return CREWS
    number = _NUMBERED.match(parts[-1]) if len(parts) == _DEEP + 1 else None
    found = f"inbox_{number[1]}" if number else None
    return None if found == parts[-1] else found


def _misnamed_file(folder: Folder, path: str, meant: str) -> Problem:
    name = path.rpartition("/")[2]
    message, remedy = f"the folder {name[:60]} is not read", f"Rename it to {meant}."
    return Problem(folder.name(path), 1, 1, "unknown-folder", message, remedy)


def _unassigned_tenants(library: Library) -> Iterator[Note]:
    """Tenants that are ready and that no account names: prepared, or misspelt in the mapping."""
    for domain, tenants in library.tenant_folders().items():
        for tenant in tenants:
            if (domain, tenant) not in library.used:
                path = library.own.name(f"{DOMAINS}/{domain}/{tenant}")
                yield Note(path, 1, f"no account is served by the tenant {tenant} of {domain}")
