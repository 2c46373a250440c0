"""Drafts of a configuration: some files as they shall be, each with the digest of what it was when it was changed.

A draft is laid upon whatever is in force: a file that has changed meanwhile is not overwritten, it is told of.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgpack

from config.files.packing import CannotDecrypt, decrypt, encrypt
from config.files.sources import Folder, Sources

_MOST = 16 * 1024 * 1024


class CannotApply(ValueError):
    """Files of the draft have changed since; the message names them."""


@dataclass(frozen=True, slots=True)
class ConfigDraft:
    """Files by their paths below the folder, as they shall be. `bases`: SHA-256 of each before, empty: none."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)

    def change(self, path: str, data: bytes, sources: Sources) -> "ConfigDraft":
        """Return the draft with one more file changed; `sources`: what is in force."""
        base = self.bases.get(path, _digest(sources.folder.files.get(path)))
        return ConfigDraft({**self.files, path: data}, {**self.bases, path: base})


def apply_draft(draft: ConfigDraft, sources: Sources) -> Sources:
    """Return the configuration as it would be with a draft.

    Raises:
        CannotApply: a file has changed since the draft was written.
    """
    files = sources.folder.files
    moved = [path for path, base in draft.bases.items() if _digest(files.get(path)) != base]
    if moved:
        raise CannotApply(
            f"changed since the draft was written: {', '.join(sorted(moved))}; drop it, and write it anew"
        )
    return replace(sources, folder=_with_files(sources.folder, draft.files))


def _with_files(folder: Folder, files: Mapping[str, bytes]) -> Folder:
    folders = {path: set(names) for path, names in folder.folders.items()}
    for path in files:
        below = path
        while below:
            above, _, name = below.rpartition("/")
            folders.setdefault(above, set()).add(name)
            below = above
    return replace(
        folder,
        files={**folder.files, **files},
        folders={path: tuple(sorted(names)) for path, names in folders.items()},
        states={},
    )


def pack_draft(draft: ConfigDraft, environ: Mapping[str, str]) -> bytes:
    """Return a draft as one value, encrypted with the first key of the environment where there is one.

    Raises:
        CannotDecrypt: what the environment has is no key.
    """
    return encrypt(zlib.compress(msgpack.packb([dict(draft.files), dict(draft.bases)]), 3), environ)


def unpack_draft(packed: bytes, environ: Mapping[str, str]) -> ConfigDraft:
    """Reverse `pack_draft`.

    Raises:
        ValueError: it is encrypted and no key of the environment opens it, or it is something else.
    """
    try:
        files, bases = msgpack.unpackb(zlib.decompressobj().decompress(decrypt(packed, environ), _MOST))
        return ConfigDraft(dict(files), dict(bases))
    except CannotDecrypt:
        raise
    except (zlib.error, msgpack.UnpackException, TypeError, ValueError) as error:
        raise ValueError(f"this is no draft: {type(error).__name__}") from None


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
