"""One file of the journal: appended, read in order, emptied when all of it is in Redis. Every call blocks on the disk.

Whoever holds the file's flock owns it; the kernel lets go when the process dies, however it dies, so a file without
an owner is a dead process' and may be adopted.
"""

import contextlib
import fcntl
import os
import secrets
import socket
import time
from pathlib import Path
from typing import Final, NamedTuple, Self

from ingress.journal.journal_format import HEAD_BYTES, MOST_PAYLOAD, scan

SUFFIX: Final = ".journal"
_USUAL_CHUNK: Final = 1024 * 1024  # many records of the usual size
_CHUNK: Final = 2 * (MOST_PAYLOAD + HEAD_BYTES)  # whatever record begins in the first half is whole in it


class Batch(NamedTuple):
    """Payloads in order, the offset behind them, and how many damaged stretches were skipped."""

    payloads: list[bytes]
    end: int
    torn: int


class JournalFile:
    """An open and locked file. `size` is what is whole and on the disk, `read` how far it was brought into Redis.

    `since`: unix seconds of the oldest record, of an adopted file those of the newest, which is all that is known.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self.read = 0
        self.since = os.fstat(descriptor).st_mtime if self.size else 0.0

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Return a new file of this process, named by host and process, in a folder that is made where missing.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = folder / f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                break
            os.close(descriptor)  # another process found it empty and without an owner, and removed it
        _sync_folder(folder)  # else the name may be lost with the power, and the records with it
        return cls(path, descriptor)

    @classmethod
    def claim(cls, path: Path) -> Self | None:
        """Return a dead process' file; None if its owner lives or it is gone."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink == 0:  # another one replayed and removed it between our two steps
            os.close(descriptor)
            return None
        return cls(path, descriptor)

    def append(self, data: bytes) -> None:
        """Write at the end and wait until the disk has it.

        Raises:
            OSError: full, too large or broken. Then nothing of `data` is in the file.
        """
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._descriptor, data[written:], self.size + written)
            os.fdatasync(self._descriptor)
        except OSError:
            with contextlib.suppress(OSError):  # a torn tail that stays is skipped when read
                os.ftruncate(self._descriptor, self.size)
            raise
        if not self.size:
            self.since = time.time()
        self.size += len(data)

    def probe(self) -> None:
        """Try whether the disk takes a page.

        Raises:
            OSError: it does not.
        """
        size = self.size
        self.append(bytes(4096))
        os.ftruncate(self._descriptor, size)
        self.size = size

    def batch(self, most: int, start: int | None = None) -> Batch:
        """Return the next records, at most `most`; `start`: those from an offset on, in place of the next."""
        offset = self.read if start is None else start
        usual = self._batch(most, offset, _USUAL_CHUNK)
        more = self.size - offset > _USUAL_CHUNK
        return self._batch(most, offset, _CHUNK) if more and not usual.payloads else usual

    def _batch(self, most: int, offset: int, chunk: int) -> Batch:
        data = os.pread(self._descriptor, min(chunk, self.size - offset), offset)
        payloads: list[bytes] = []
        torn = end = 0
        for payload, behind in scan(data):
            torn += behind - HEAD_BYTES - len(payload) > end
            payloads.append(payload)
            end = behind
            if len(payloads) == most:
                return Batch(payloads, offset + end, torn)
        return self._tail(Batch(payloads, offset + end, torn), offset, len(data))

    def _tail(self, batch: Batch, offset: int, length: int) -> Batch:
        """Go past what cannot be read: at the end of the file, or where a chunk held no record at all."""
        if offset + length >= self.size:
            return batch._replace(end=self.size, torn=batch.torn + (batch.end < self.size))
        if batch.payloads:
            return batch
        return batch._replace(end=offset + length // 2)

    def clear_if_read(self) -> None:
        """Empty the file if all of it was read."""
        if 0 < self.size <= self.read:
            os.ftruncate(self._descriptor, 0)
            self.size = self.read = 0

    def remove(self) -> None:
        """Delete the file, then let go of it."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the file; whoever comes next may adopt it."""
        os.close(self._descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
