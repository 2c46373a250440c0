"""A contact's file, read in a process of its own: without our secrets, within bounds, and killed when nobody waits."""

import asyncio
import json
import time
from typing import Final

from crews import confined
from workers.media import attached_file
from workers.media.attached_file import Unreadable
from workers.media.slots import AccountSlots

_AT_ONCE: Final = 2
_SECONDS: Final = attached_file.CHILD_SECONDS + 5.0


class DocumentReader:
    """Reads files. One for a worker: it bounds how many are read at once."""

    def __init__(self) -> None:
        self._places = AccountSlots(_AT_ONCE, each=1)

    async def read(self, data: bytes, name: str, content_type: str, until: float, account: str = "") -> str:
        """Return the words in a file.

        Raises:
            Unreadable: there are none to be had, or not before `until` (unix seconds).
        """
        if attached_file.is_plain(data, name, content_type):
            return attached_file.extract_text(data, name, content_type)
        try:
            async with asyncio.timeout(max(0.0, min(until - time.time(), _SECONDS))), self._places.of(account):
                asked = json.dumps({"name": name, "content_type": content_type}).encode()
                said = await confined.ask(attached_file.__file__, asked + b"\n" + data)
        except TimeoutError:
            raise Unreadable("it could not be read in time") from None
        return _text(said)


def _text(said: bytes) -> str:
    try:
        answer = json.loads(said)
    except ValueError:  # it ended at one of its bounds
        raise Unreadable("it is too large or unusual to be read") from None
    if "text" not in answer:
        raise Unreadable(str(answer.get("problem")))
    return str(answer["text"])
