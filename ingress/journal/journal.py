"""Accepted deliveries on disk while Redis is away: on the disk before the 200, in Redis in the same order afterwards.

One file a process, so that several may share JOURNAL_DIR. All that touches the disk runs in one thread: the event loop
never waits for a disk, and whatever arrives while one fsync runs shares the next.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from chatwootai.stores.privacy.subject import Subject
from chatwootai.telemetry import log, metrics
from chatwootai.telemetry.tasks import owned
from ingress.journal import erasing
from ingress.journal.journal_file import SUFFIX, Batch, JournalFile
from ingress.journal.journal_format import TooLong, frame

MOST_BYTES: Final = 256 * 1024 * 1024
_USUAL_RECORD: Final = 1024
_PROBE_SECONDS: Final = 5.0
"""Between two looks at a disk that took the last record: it may have filled since."""
T = TypeVar("T")
_log = log.get("ingress.journal.journal")
_events = {name: metrics.JOURNAL_EVENTS.labels(name) for name in ("appended", "torn", "adopted", "refused", "rejected")}


class JournalRefused(Exception):
    """The journal took nothing: it or the disk is full, or the folder cannot be written."""


class _Waiting(NamedTuple):
    record: bytes
    conversation: str
    stored: asyncio.Future[None]


class Journal:
    """The journal of this process for one shard, and those it adopted."""

    def __init__(
        self,
        folder: Path,
        most_bytes: int = MOST_BYTES,
        *,
        shard: str = "",
        around: Path | None = None,
        others: Collection[str] = (),
    ) -> None:
        """Make a journal in `folder`.

        `around`: a folder from which it also adopts what dead processes left, down to two folders below; `others`:
        folders in it that have a journal of their own.
        """
        self._folder = folder
        self._most_bytes = most_bytes
        self._shard = shard
        self._around = around
        self._others = frozenset(others)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._own: JournalFile | None = None
        self._adopted: list[JournalFile] = []
        self._queue: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._held: Counter[str] = Counter()
        self.trouble: str | None = None  # why the last write failed
        self.filled = asyncio.Event()
        self._probed = -math.inf

    @property
    def folder(self) -> Path:
        """Return the folder that it writes to."""
        return self._folder

    async def open(self) -> None:
        """Make this process' file. A folder that cannot be written is no reason not to start: Redis may be there."""
        metrics.JOURNAL_LIMIT.labels(self._shard).set(self._most_bytes)
        metrics.JOURNAL_OLDEST.labels(self._shard).set_function(lambda: self.oldest_seconds)
        try:
            await self._in_thread(self._file)
        except OSError as error:
            self._report_refusal(error)

    @property
    def size(self) -> int:
        """Bytes on disk that are not yet in Redis."""
        return sum(file.size - file.read for file in (*self._adopted, self._own) if file)

    @property
    def oldest_seconds(self) -> float:
        """For how long the oldest record has waited for Redis; 0: none waits."""
        begun = [file.since for file in (*self._adopted, self._own) if file and file.size > file.read]
        return max(0.0, time.time() - min(begun)) if begun else 0.0

    @property
    def crowded(self) -> bool:
        """True if half of its room is used: the rest is for messages alone."""
        return self.size * 2 > self._most_bytes

    @property
    def records(self) -> int:
        """Records of this process that are not yet in Redis."""
        return self._held.total()

    async def usable(self) -> bool:
        """True if a delivery would be taken now."""
        if self.size + _USUAL_RECORD > self._most_bytes:
            return False
        try:
            await self._in_thread(self._probe_disk)
        except OSError as error:
            self.trouble = _error_text(error)
            return False
        return True

    def _probe_disk(self) -> None:
        file = self._file()
        now = time.monotonic()
        if self.trouble or now - self._probed >= _PROBE_SECONDS:  # a disk fills, or has room again, while nobody writes
            self._probed = now
            file.probe()
            self.trouble = None

    def holds(self, conversation: str) -> bool:
        """Tell whether messages of this conversation wait here, so that its next must wait behind them."""
        return conversation in self._held

    async def append(self, payload: bytes, conversation: str) -> None:
        """Store a payload; it is on the disk when this returns.

        Raises:
            JournalRefused: it could not be stored.
        """
        try:
            record = frame(payload)
        except TooLong as error:
            _events["refused"].inc()
            _log.error("journal_refused", trouble="the record is too long", bytes=len(payload))
            raise JournalRefused("the record is too long") from error
        if self.size + sum(len(one.record) for one in self._queue) + len(payload) > self._most_bytes:
            self._report_refusal(None)
            raise JournalRefused(self.trouble)
        stored = asyncio.get_running_loop().create_future()
        self._held[conversation] += 1  # from now on, so that the conversation's next message comes behind this one
        self._queue.append(_Waiting(record, conversation, stored))
        if self._writer is None:
            self._writer = owned(asyncio.create_task(self._write()), "journal")
        await stored

    async def _write(self) -> None:
        while self._queue:
            batch, self._queue = self._queue, []
            try:
                await self._in_thread(self._append, b"".join(one.record for one in batch))
            except Exception as error:  # noqa: BLE001 - whatever it is: who waits is told, and the next batch is tried
                self._refuse(batch, error)
            else:
                self._confirm(batch)
        self._writer = None

    def _append(self, data: bytes) -> None:
        self._file().append(data)

    def _file(self) -> JournalFile:
        if self._own is None:
            self._own = JournalFile.create(self._folder)
        return self._own

    def _confirm(self, batch: list[_Waiting]) -> None:
        self.trouble = None
        _events["appended"].inc(len(batch))
        for one in batch:
            if not one.stored.done():
                one.stored.set_result(None)
        self.filled.set()
        self._export_metrics()

    def _refuse(self, batch: list[_Waiting], error: Exception) -> None:
        self._report_refusal(error)
        for one in batch:
            self._release(one.conversation)
            if not one.stored.done():
                one.stored.set_exception(JournalRefused(self.trouble))

    def _report_refusal(self, error: Exception | None) -> None:
        self.trouble = _error_text(error) if error else f"over {self._most_bytes} bytes"
        _events["refused"].inc()
        _log.error("journal_refused", trouble=self.trouble, folder=str(self._folder))

    def _release(self, conversation: str) -> None:
        self._held[conversation] -= 1
        if self._held[conversation] <= 0:
            del self._held[conversation]

    async def adopt(self) -> int:
        """Take over the files of processes that died, those in folders below ours included; how many there were.

        So journals of another machine, or of replicas that had a folder each, are copied into a live door's folder.
        """
        found = await self._in_thread(self._claim_orphans)
        self._adopted += found
        for file in found:
            _events["adopted"].inc()
            _log.info("journal_adopted", file=file.path.name, bytes=file.size)
        self._export_metrics()
        return len(found)

    def _claim_orphans(self) -> list[JournalFile]:
        ours = {file.path for file in (*self._adopted, self._own) if file}
        try:
            found = {*self._folder.glob(f"*{SUFFIX}"), *self._folder.glob(f"*/*{SUFFIX}"), *self._files_around()}
            paths = sorted(found - ours)
        except OSError:
            return []
        claimed = [file for path in paths if (file := JournalFile.claim(path))]
        for file in claimed:
            if not file.size:
                file.remove()
        return [file for file in claimed if file.size]

    def _files_around(self) -> Iterator[Path]:
        if self._around is None:
            return
        for below in ("", "*/", "*/*/"):  # of a replica with several shards, each has a folder in its folder
            for path in self._around.glob(f"{below}*{SUFFIX}"):
                if path.relative_to(self._around).parts[0] not in self._others:
                    yield path

    async def next_batch(self, most: int) -> Batch:
        """Return the oldest payloads that are not yet in Redis; those of the dead first."""
        return self._note_torn(await self._in_thread(self._read_batch, most))

    def _note_torn(self, batch: Batch) -> Batch:
        if batch.torn:
            _events["torn"].inc(batch.torn)
            _log.warning("journal_torn", stretches=batch.torn)
        return batch

    def _read_batch(self, most: int) -> Batch:
        file = self._adopted[0] if self._adopted else self._own
        return file.batch(most) if file else Batch([], 0, 0)

    async def mark_replayed(self, batch: Batch, conversations: list[str]) -> None:
        """Release a batch that is in Redis; `conversations`: those of its records that this process had written."""
        if not self._adopted:
            for conversation in conversations:
                self._release(conversation)
        await self._in_thread(self._advance, batch.end)
        self._export_metrics()

    def _advance(self, end: int) -> None:
        file = self._adopted[0] if self._adopted else self._own
        if file is None:
            return
        file.read = end
        if file is self._own:
            file.clear_if_read()
        elif file.read >= file.size:
            self._adopted.pop(0).remove()

    async def reject(self, payload: bytes) -> None:
        """Put aside, for a person, what Redis will never take; `rejected.records` is read by no process."""
        await self._in_thread(self._write_rejected, payload)
        _events["rejected"].inc()

    def _write_rejected(self, payload: bytes) -> None:
        with (self._folder / "rejected.records").open("ab") as file:
            file.write(frame(payload))

    async def erase(self, subject: Subject) -> int:
        """Take a contact's records out of the files of this folder that no process holds; return how many."""
        gone, _ = await self._in_thread(erasing.erase, self._folder, subject)
        return gone

    async def close(self) -> None:
        """Finish writing and let go; an empty file is removed, a full one is left to whoever comes next."""
        if self._writer:
            await self._writer
        await self._in_thread(self._close_files)
        self._thread.shutdown()

    def _close_files(self) -> None:
        for file in self._adopted:
            file.close()
        if self._own:
            self._own.close() if self._own.size else self._own.remove()
        self._own, self._adopted = None, []

    def _export_metrics(self) -> None:
        metrics.JOURNAL_RECORDS.labels(self._shard).set(self.records)
        metrics.JOURNAL_BYTES.labels(self._shard).set(self.size)

    async def _in_thread(self, function: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *arguments)


def _error_text(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
