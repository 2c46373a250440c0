"""Terms of a canary: whose conversations it answers, until when, and what sends it back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from chatwootai.model.canary.rules import Rule, read_rule

ALL: Final = 10_000
"""All conversations, in hundredths of a percent."""


class Side(StrEnum):
    """Sides whose outcomes are compared."""

    CANARY = "canary"
    BASE = "base"  # the version in force


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryTerms:
    """Terms of one canary. `version`: its configuration; `share`: of conversations, in hundredths of a percent.

    `account`, `inbox`: only there (empty, None: everywhere); `until`: unix seconds.
    """

    version: int
    share: int
    account: str = ""
    inbox: int | None = None
    until: float
    rules: tuple[Rule, ...] = ()

    def side(self, account: str, conversation: int, inbox: int | None, now: float) -> Side | None:
        """Return the side that a conversation is on at a moment (unix seconds), the same throughout; None: on neither.

        Where a canary answers all of its place, what lies beside it is compared: the account's other inboxes, or the
        other accounts.
        """
        if now >= self.until:
            return None
        if self._covers(account, inbox):
            return Side.CANARY if self._draw(account, conversation) < self.share else Side.BASE
        beside = self.inbox is None or account == self.account
        return Side.BASE if self.share == ALL and beside else None

    def _covers(self, account: str, inbox: int | None) -> bool:
        return self.account in {"", account} and self.inbox in {None, inbox}

    def _draw(self, account: str, conversation: int) -> int:
        """Return a number below `ALL` that differs from canary to canary: not always the same are asked to try."""
        said = f"{self.version}:{account}:{conversation}".encode()
        return int.from_bytes(blake2b(said, digest_size=8).digest()) % ALL

    def as_json(self) -> dict[str, Any]:
        """Return all but the version, as JSON has it."""
        rules = [str(rule) for rule in self.rules]
        return {
            "share": self.share, "account": self.account, "inbox": self.inbox, "until": self.until, "rules": rules,
        }  # fmt: skip


def read_terms(version: int, said: Mapping[str, Any]) -> CanaryTerms:
    """Return the terms that JSON says.

    Raises:
        KeyError, ValueError: it is none of ours.
    """
    return CanaryTerms(
        version=version,
        share=int(said["share"]),
        account=str(said["account"]),
        inbox=None if said["inbox"] is None else int(said["inbox"]),
        until=float(said["until"]),
        rules=tuple(read_rule(one) for one in said["rules"]),
    )
