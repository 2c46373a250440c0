"""Turns as drafts of evaluation cases, through the same functions as `eval capture`; kept beside the tenant alone."""

import asyncio
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from chatwootai.stores.server.connection import Connection
from config.evaluation.case_files import own_set_folder, read_sets, set_names
from config.snapshot import Account
from ops.access import CommandError, acting
from ops.evaluation.capture import NothingToCapture, capture, draft_file, draft_text, write_draft
from ops.evaluation.origins import Origin, of_turn
from ops.events.audit import write_down

USUAL_SET: Final = "real"
_SET: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,47}")
_LONGEST: Final = 100
_SECONDS: Final = 20.0
_writing: Final = Lock()
"""Held from the look at the cases there are until one more is written: two people may ask for the same at once."""


@dataclass(frozen=True, slots=True)
class MadeCase:
    """A draft as it was made. `text`: its YAML; `why`: why no file of it was written, empty where one was.

    `file`: where it stands, or belongs, below the configuration's folder.
    """

    name: str
    set: str
    conversation: str
    message: int
    purpose: str
    file: str
    text: str
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as `POST /api/cases/{account}/{turn}` has it."""
        return {
            "name": self.name, "set": self.set, "conversation": self.conversation, "message": self.message,
            "purpose": self.purpose, "reviewed": False, "file": self.file, "written": not self.why,
            "why": self.why or None, "yaml": self.text,
        }  # fmt: skip


def why_off(account: Account | None) -> str:
    """Return why turns of an account become no cases, as a text's key: no_account, no_purpose, no_user_token; or ''."""
    if account is None:
        return "no_account"
    if account.settings.evals.capture is None:
        return "no_purpose"
    return "" if account.user_token else "no_user_token"


def command_line(account: str, origin: Origin, name: str) -> str:
    """Return the line that makes a draft of a turn on the command line."""
    words = (f"{account}:{origin.conversation}", "--turn", origin.turn, "--set", name)
    return f"chatwootai eval capture {' '.join(map(shlex.quote, words))}"


def sets_of(config: Path, account: Account | None) -> list[str]:
    """Return the names of the sets that an account has, sorted."""
    return set_names(config, account.domain, account.folder) if account else []


class CaseDesk:
    """The cases that one person makes of turns of an account. `by`: who, for the audit."""

    def __init__(self, connection: Connection, config: Path, account: str, by: str) -> None:
        self._connection = connection
        self._config = config
        self._account = account
        self._by = by

    async def origin(self, turn: str) -> Origin | None:
        """Return the place of a turn; None where it is none of the account's, or no record of it is kept.

        Raises:
            StoreUnavailable: Redis is away.
        """
        return await of_turn(self._connection, self._account, turn) if len(turn) <= _LONGEST else None

    async def make(self, account: Account, origin: Origin, name: str) -> MadeCase:
        """Make a draft of a turn, and write it into a set where the configuration's folder can be written to.

        Raises:
            CommandError: the tenant does not allow it, the turn gives none, it is a case already, a second look still
                finds something, Chatwoot refuses, or the set's name is none.
        """
        if not _SET.fullmatch(name):
            raise CommandError("set: small letters, digits, _ and -, at most 48, a letter or digit first")
        try:
            async with asyncio.timeout(_SECONDS):
                case = await capture(account, origin)
        except TimeoutError:
            raise CommandError(f"Chatwoot did not show the conversation within {_SECONDS:.0f} seconds") from None
        made = await asyncio.to_thread(self._write, account, case, name)
        details = {"set": name, "purpose": made.purpose, "not_written": made.why, "turn": origin.turn}
        with acting(self._by):
            await write_down(
                self._connection, "eval capture", account=self._account, of=made.conversation, details=details
            )
        return made

    def _write(self, account: Account, case: dict[str, Any], name: str) -> MadeCase:
        """Write a draft, unless it is a case already; one that cannot be written is returned with the reason."""
        place = (account.domain, account.folder)
        folder = own_set_folder(self._config, *place, name)
        with _writing:
            for one in read_sets(self._config, *place):
                if (one.case.conversation, one.case.message) == (case["conversation"], case["message"]):
                    raise NothingToCapture(f"it is a case already: {self._below(Path(one.file))}")
            why = self._why_unwritten(case, folder)
        file = self._below(folder / draft_file(case))
        known = (case["name"], name, case["conversation"], case["message"], case["purpose"])
        return MadeCase(*known, file, draft_text(case), why)

    def _why_unwritten(self, case: dict[str, Any], folder: Path) -> str:
        """Write a draft into a set's folder; why that cannot be, empty where it was done."""
        own = folder.parent.parent
        if not own.is_dir():  # made for a case alone, it would stand in front of the folder of that name that ships
            return f"there is no folder {self._below(own)}"
        try:
            write_draft(case, folder)
        except OSError as error:
            return f"{self._below(folder)}: {error.strerror}"
        return ""

    def _below(self, path: Path) -> str:
        return str(path.relative_to(self._config)) if path.is_relative_to(self._config) else str(path)
