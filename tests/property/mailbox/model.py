"""What tests of the mailbox believe: workers as lists of runs, conversations as plain sets and lists."""

from collections import Counter
from dataclasses import dataclass, field

from chatwootai.stores.conversation.decision import Decision, Pending
from chatwootai.stores.conversation.lease import FencedLease

ACCOUNTS = ("1", "shop:2")
CONVERSATIONS = (("1", 1), ("1", 2), ("shop:2", 1))
WORKERS = ("w1", "w2", "w3")
STOCK = ("s1", "s2")
"""Names of arq's own workers: they take a job by arq's keys alone, and no lease tells that they died with it."""
_COUNTED = ("open", "ready", "tenants", "scheduled", "leases", "owners", "running", "waiting")
WORK = (
    *("arq:queue", "arq:job:", "arq:retry:", "cw:box:", "cw:outbox:", "cw:job:"),
    *(f"cw:{what}" for what in _COUNTED),
)
"""Keys that exist only while there is work. What is remembered (seen, context, state, dead letters) may stay."""


@dataclass(eq=False)
class Run:
    """One run of a job, as the worker that does it sees it: it may have been overtaken long ago."""

    worker: str
    job: str
    lost: bool
    stock: bool = False
    lease: FencedLease | None = None
    sequence: int = 0
    messages: list[int] = field(default_factory=list)
    broken: tuple[bytes, ...] = ()
    view: list[Pending] = field(default_factory=list)
    decision: Decision | None = None

    @property
    def conv(self) -> str:
        return self.job.removeprefix("turn:").rpartition(":")[0]


@dataclass
class Conv:
    """What must be true of one conversation."""

    name: str
    account: str
    box: set[int] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    turn: int = 0
    job: str | None = None
    fence: int = 0
    sequence: int = 0
    tries: int = 0
    outbox: list[bytes] = field(default_factory=list)
    answered: Counter[int] = field(default_factory=Counter)
    owed: list[bytes] = field(default_factory=list)  # entries in the order in which they were decided
    posted: list[bytes] = field(default_factory=list)  # as they came to stand in Chatwoot

    def next_turn(self) -> None:
        self.turn += 1
        self.job = f"turn:{self.name}:{self.turn}"

    @property
    def busy(self) -> bool:
        return bool(self.box or self.outbox)
