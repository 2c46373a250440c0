"""Trouble on demand: answers that are refused, late, cut off, for the next calls or a share of them."""

import asyncio
import itertools
import math
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from sandbox.chatwoot.pages import PAGES
from sandbox.chatwoot.world.records import Json

KINDS: Final = ("status", "cut", "hang", "page")
_WORDS: Final = {
    401: "Invalid Access Token",
    404: "Resource could not be found",
    422: "Validation failed: Too many messages",
    429: "Retry later",
    500: "We're sorry, but something went wrong (500).",
}


@dataclass(slots=True)
class Fault:
    """One kind of trouble.

    `on` is an action like "messages#create" or "*". `kind` "status" answers `status` without storing; "cut" stores
    and closes the connection without an answer; "hang" stores and answers `seconds` late; "page" answers in
    Chatwoot's place, without storing, as the one of `pages.PAGES` that `page` names. It strikes the next `times` calls
    (None: until it is cleared), or of those a `share`. `conversation` narrows it to one, `token` to calls with a
    bot's or a user's ("bot", "user"). `says`: a refusal's words, where those usual with its status will not do.
    """

    kind: str
    on: str = "messages#create"
    status: int = 500
    retry_after: int | None = None
    seconds: float = 30.0
    times: int | None = 1
    share: float = 1.0
    account: int | None = None
    conversation: int | None = None
    says: str | None = None
    token: str | None = None
    page: str = ""
    id: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}, not {self.kind!r}")
        if (self.kind == "page") != (self.page in PAGES):
            raise ValueError(f"a fault of kind page names one of {', '.join(PAGES)} as its page")

    def meant_for(self, action: str, account: int | None, conversation: int | None, token: str = "") -> bool:
        """Tell whether a call is of the kind that this fault strikes. `token`: "bot" or "user", whose it carries."""
        return (
            self.on in ("*", action)
            and (self.times is None or self.struck < self.times)
            and self.account in (None, account)
            and self.conversation in (None, conversation)
            and self.token in (None, token)
        )

    @property
    def words(self) -> str:
        """Return what the body of a refusal says."""
        return self.says or _WORDS.get(self.status, f"Error {self.status}")


@dataclass(slots=True)
class Faults:
    """The faults in force, and how long every answer takes (median in seconds; 0: no time)."""

    random: Random
    active: list[Fault] = field(default_factory=list)
    median: float = 0.0
    sigma: float = 0.4
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def add(self, **fields: Any) -> Fault:
        """Put a fault in force. Raises TypeError or ValueError for fields that make none."""
        fault = Fault(**fields)
        fault.id = next(self._ids)
        self.active.append(fault)
        return fault

    def strike(self, action: str, account: int | None, conversation: int | None, token: str = "") -> Fault | None:
        """Pick the fault that this call meets, if any."""
        for fault in self.active:
            if fault.meant_for(action, account, conversation, token) and self.random.random() < fault.share:
                fault.struck += 1
                return fault
        return None

    async def linger(self) -> None:
        """Take as long as a Chatwoot of this latency would (lognormal)."""
        if self.median > 0:
            await asyncio.sleep(self.random.lognormvariate(math.log(self.median), self.sigma))

    def clear(self) -> Json:
        """End all trouble; returns what had struck how often."""
        struck = {str(fault.id): fault.struck for fault in self.active}
        self.active.clear()
        self.median = 0.0
        return struck
