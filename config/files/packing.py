"""A configuration as one value, for Redis and for a copy on disk: encrypted where there is a key to do it with."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack

from config.document.yaml_source import MEGABYTE
from config.files.sources import Folder, Sources
from config.secrets.references import KEY_VARIABLE, References, Unresolved

_MOST = 512 * MEGABYTE
_SEALED = b"ENC:"


class CannotDecrypt(ValueError):
    """It is encrypted, and no key here opens it."""


def pack(sources: Sources, environ: Mapping[str, str]) -> bytes:
    """All files as one compressed value, encrypted with the first key of the environment where there is one.

    Raises:
        Sealed: what the environment has is no key.
    """
    places = {kind: [str(place.path), place.files, place.folders] for kind, place in sources.places()}
    return encrypt(zlib.compress(msgpack.packb(places | {"own": sources.own}), 3), environ)


def encrypt(packed: bytes, environ: Mapping[str, str]) -> bytes:
    """Encrypt with the first key of the environment; as it is where there is none.

    Raises:
        CannotDecrypt: what the environment has is no key.
    """
    if not environ.get(KEY_VARIABLE, "").strip(", "):
        return packed
    try:
        return _SEALED + References(environ).cipher().encrypt(packed)
    except Unresolved as why:
        raise CannotDecrypt(f"{why.args[1]}. {why.args[2]}") from None


def unpack(packed: bytes, environ: Mapping[str, str]) -> Sources:
    """Reverse `pack`.

    Raises:
        Sealed: it is encrypted, and no key of the environment opens it.
        ValueError: it is something else.
    """
    try:
        raw = zlib.decompressobj().decompress(decrypt(packed, environ), _MOST)
        data = msgpack.unpackb(raw)
        crews = _folder(data["crews"]) if "crews" in data else None
        return Sources(_folder(data["config"]), crews, bool(data["own"]))
    except (zlib.error, msgpack.UnpackException, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"this is no packed configuration: {type(error).__name__}") from None


def decrypt(packed: bytes, environ: Mapping[str, str]) -> bytes:
    """Reverse `encrypt`.

    Raises:
        CannotDecrypt: it is encrypted, and no key of the environment opens it.
    """
    if not packed.startswith(_SEALED):
        return packed
    from cryptography.fernet import InvalidToken

    try:
        return References(environ).cipher().decrypt(packed.removeprefix(_SEALED))
    except (InvalidToken, Unresolved):
        raise CannotDecrypt(f"it is encrypted, and {KEY_VARIABLE} of this process does not open it") from None


def _folder(data: Any) -> Folder:
    path, files, folders = data
    return Folder(Path(path), dict(files), {name: tuple(names) for name, names in folders.items()})
