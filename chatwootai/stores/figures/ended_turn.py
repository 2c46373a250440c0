"""A turn that ended, as the index keeps it: one row of text."""

from dataclasses import dataclass
from typing import Final

NANO: Final = 1_000_000_000
"""Billionths of a dollar in one."""
_VERSION: Final = "1"
_FIELDS: Final = 14
_NO_ROW = str.maketrans("\t\n\r", "   ")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedTurn:
    """One turn that ended.

    `outcome`: reply, handoff or silence; `cause`, `why`: of a handoff, or the reason of a silence, from fixed lists
    or a tenant's own topics; `served_by`: empty where nothing was said; `cost`: billionths of a dollar; `config`:
    version of the configuration that it began with, 0 where it was not published; `late`: the step that took longest.
    """

    account: str
    turn: str
    conversation: int
    inbox: int
    channel: str
    outcome: str
    cause: str = ""
    why: str = ""
    served_by: str = ""
    seconds: float = 0.0
    cost: int = 0
    tokens: int = 0
    config: int = 0
    late: str = ""

    def row(self) -> str:
        """Return it as one line, its fields between tabs, seconds in milliseconds."""
        fields = (
            _VERSION, self.account, self.turn, self.conversation, self.inbox, self.channel, self.outcome, self.cause,
            self.why.translate(_NO_ROW), self.served_by, round(self.seconds * 1000), self.cost, self.tokens,
            self.config, self.late,
        )  # fmt: skip
        return "\t".join(map(str, fields))


def read_row(row: bytes) -> EndedTurn | None:
    """Return the turn of a row; None where no version of ours wrote it. Fields that a later version adds are left."""
    version, *fields = row.decode("utf-8", "replace").split("\t")
    if not version.isdigit() or len(fields) < _FIELDS:
        return None
    account, turn, conversation, inbox, channel, outcome, cause, why, served_by, ms, cost, tokens, config, late = (
        fields[:_FIELDS]
    )
    try:
        return EndedTurn(
            account=account, turn=turn, conversation=int(conversation), inbox=int(inbox), channel=channel,
            outcome=outcome, cause=cause, why=why, served_by=served_by, seconds=int(ms) / 1000, cost=int(cost),
            tokens=int(tokens), config=int(config), late=late,
        )  # fmt: skip
    except ValueError:
        return None
