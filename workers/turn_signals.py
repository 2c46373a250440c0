"""Signals to a running turn: a newer message, a person stepping in, the contact still typing."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatwootai.model.message.effects import SignalKind

MESSAGE = "message"


class TurnSignals:
    """Signals received by one running turn. `changed` is set by each that may end the wait for a draft."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self.messages = 0
        self.takeover_at = 0.0
        self.resolved_at = 0.0
        self.typing_at: float | None = None

    def receive(self, word: str, at: float = 0.0) -> None:
        """Take note of one signal, which happened at `at` (unix seconds of Chatwoot's).

        An unknown word is another version's and changes nothing.
        """
        if word == MESSAGE:
            self.messages += 1
        elif word == SignalKind.TAKEOVER:
            self.takeover_at = max(self.takeover_at, at or time.time())
        elif word == SignalKind.RESOLVED:
            self.resolved_at = max(self.resolved_at, at or time.time())
        elif word == SignalKind.TYPING:
            self.typing_at = time.time()
        else:
            return
        self.changed.set()

    def settle(self) -> None:
        """Forget the newer messages: the mailbox has been read again, so they are known."""
        self.messages = 0
        self.changed.clear()


class SignalRouter:
    """Passes signals to the turns of this worker, by conversation."""

    def __init__(self) -> None:
        self._turns: dict[str, TurnSignals] = {}

    def receive(self, conv: str, word: str, at: float = 0.0) -> None:
        """Pass a signal on to the turn that runs for this conversation, if one does here."""
        signals = self._turns.get(conv)
        if signals is not None:
            signals.receive(word, at)

    @contextmanager
    def subscribe(self, conv: str) -> Iterator[TurnSignals]:
        """Listen for a conversation while the block runs."""
        signals = TurnSignals()
        self._turns[conv] = signals
        try:
            yield signals
        finally:
            if self._turns.get(conv) is signals:
                del self._turns[conv]


async def wait_for_either(task: asyncio.Task[Any], changed: asyncio.Event) -> None:
    """Wait until the task has ended, or something was heard."""
    heard = asyncio.create_task(changed.wait())
    try:
        await asyncio.wait({task, heard}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        heard.cancel()
