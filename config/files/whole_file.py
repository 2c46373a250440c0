"""Replaces a file in one step: readers see the old bytes or the new ones."""

import os
from pathlib import Path


def write_whole(path: Path, data: bytes, mode: int) -> None:
    """Replace a file in one step; it keeps its mode, a new one gets `mode`.

    Raises:
        OSError: it cannot be written; then it is as it was, and nothing lies beside it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    kept = path.stat().st_mode & 0o777 if path.exists() else mode
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, kept), "wb") as file:
            file.write(data)
        beside.chmod(kept)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
