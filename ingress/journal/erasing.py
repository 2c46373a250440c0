"""Records of a contact in journals: counted, and taken out of the files that no door holds. Every call blocks."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import orjson

from chatwootai.stores.privacy.subject import Subject
from ingress.journal.effect_records import MARK
from ingress.journal.journal_format import frame, scan

_SUFFIXES: Final = (".journal", ".records")


def count(folder: Path, subject: Subject) -> int:
    """Return how many records of a contact the files of a folder hold, and of those in it: one for each shard."""
    return sum(_is_theirs(payload, subject) for path in _files(folder) for payload, _ in scan(_read_file(path)))


def erase(folder: Path, subject: Subject) -> tuple[int, list[str]]:
    """Take a contact's records out of the files that no door holds, in a folder and in those in it.

    Returns:
        How many there were, and the names of files with such records that a living door holds: it brings them into
        Redis within seconds, where they count as erased.
    """
    gone, held = 0, list[str]()
    for path in _files(folder):
        with _owned(path) as descriptor:
            theirs = sum(_is_theirs(payload, subject) for payload, _ in scan(_read_file(path)))
            if theirs and descriptor is None:
                held.append(str(path.relative_to(folder)))
            elif theirs and descriptor is not None:
                _write_others(descriptor, path, subject)
                gone += theirs
    return gone, held


def _files(folder: Path) -> list[Path]:
    with suppress(OSError):
        found = [*folder.iterdir()]
        found += [path for each in found if each.is_dir() for path in each.iterdir()]
        return sorted(path for path in found if path.suffix in _SUFFIXES)
    return []


def _read_file(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""


@contextmanager
def _owned(path: Path) -> Iterator[int | None]:
    """Yield a descriptor of a file that nobody else holds; None where a door does, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield descriptor
            return
        yield None
    finally:
        os.close(descriptor)


def _write_others(descriptor: int, path: Path, subject: Subject) -> None:
    """Write the records of others in place of the whole file; the old bytes are overwritten, then cut off."""
    old = _read_file(path)
    kept = b"".join(frame(payload) for payload, _ in scan(old) if not _is_theirs(payload, subject))
    os.pwrite(descriptor, kept + bytes(max(0, len(old) - len(kept))), 0)
    os.fdatasync(descriptor)
    os.ftruncate(descriptor, len(kept))
    os.fsync(descriptor)


def _is_theirs(payload: bytes, subject: Subject) -> bool:
    """Tell whether a record is a delivery of the contact's, or is about one of their conversations."""
    try:
        said = orjson.loads(payload[1:])
        if payload[:1] == MARK:
            about = said[1]["about"]
            return subject.owns(about["account"], about["conversation"])
        return str(said["account"]) == subject.account and (
            said["contact"]["id"] == subject.contact or subject.owns(said["account"], said["conversation"])
        )
    except (orjson.JSONDecodeError, TypeError, KeyError, IndexError, AttributeError):
        return False
