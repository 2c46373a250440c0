"""A journal that is read account by account: one whose records are refused holds up no other's."""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from chatwootai.stores.conversation.entries import BrokenEntry
from ingress.journal.journal import Journal
from ingress.journal.journal_file import JournalFile
from ingress.journal.replay import read_record


class Place(NamedTuple):
    """Place of a record that waits: its file and the offset to read from. `conversation`: empty if it is unreadable."""

    file: JournalFile
    start: int
    conversation: str


@dataclass(slots=True)
class _Progress:
    """Progress in one file. `end`: how far its records are known; `starts`: of those that may wait, in their order."""

    end: int
    starts: deque[int] = field(default_factory=deque)
    taken: set[int] = field(default_factory=set)


class JournalByAccount(Journal):
    """A journal whose records are taken in the order of their account's, and off the disk when all before are taken.

    A process that ends before that leaves some that are stored already to the next one: they are duplicates there.
    """

    _waiting: dict[str, deque[Place]]
    _progress: dict[JournalFile, _Progress]

    async def open(self) -> None:
        """Make this process' file. Nothing is known yet of any."""
        self._waiting, self._progress = {}, {}
        await super().open()

    async def accounts(self) -> list[str]:
        """Read what has come since the last time, and return the accounts of which something waits.

        Records that cannot be read are those of an account without a name.
        """
        for file in [*self._adopted, *([self._own] if self._own else [])]:
            await self._look_through(file)
        return [account for account, places in self._waiting.items() if places]

    async def _look_through(self, file: JournalFile) -> None:
        progress = self._progress.setdefault(file, _Progress(file.read))
        while progress.end < file.size:
            start = progress.end
            batch = await self._in_thread(file.batch, 1, start)
            progress.end = batch.end
            self._note_torn(batch)
            for payload in batch.payloads:
                account, conversation = _whose(payload)
                progress.starts.append(start)
                self._waiting.setdefault(account, deque()).append(Place(file, start, conversation))

    async def next_of(self, account: str) -> bytes | None:
        """Return the oldest payload of an account that was not taken yet; None: nothing waits."""
        places = self._waiting.get(account)
        if not places:
            return None
        payload: bytes = (await self._in_thread(places[0].file.batch, 1, places[0].start)).payloads[0]
        return payload

    async def take(self, account: str) -> None:
        """Take what `next_of` returned: it is stored elsewhere."""
        place = self._waiting[account].popleft()
        progress = self._progress[place.file]
        progress.taken.add(place.start)
        while progress.starts and progress.starts[0] in progress.taken:
            progress.taken.remove(progress.starts.popleft())
        read = progress.starts[0] if progress.starts else progress.end
        if place.file is self._own:
            self._release(place.conversation)
        if await self._in_thread(self._advance_file, place.file, read):
            self._progress.pop(place.file)
        self._export_metrics()

    def _advance_file(self, file: JournalFile, read: int) -> bool:
        """Let a file begin at an offset; return whether it is empty now, or gone."""
        file.read = read
        if file.read < file.size:
            return False
        if file is self._own:
            file.clear_if_read()
        else:
            self._adopted.remove(file)
            file.remove()
        return True


def _whose(payload: bytes) -> tuple[str, str]:
    try:
        record = read_record(payload)
    except BrokenEntry:
        return "", ""
    return record.account, record.conversation
