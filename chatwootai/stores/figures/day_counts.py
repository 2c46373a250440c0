"""The figures of one day as Redis counts them: what a turn adds, and what was added, read again. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from chatwootai.model.message.turn import Verdict
from chatwootai.stores.figures.ended_turn import EndedTurn
from chatwootai.stores.figures.histogram import bucket_of, quantile

PROMISED_SECONDS: Final = 3.0
_MOST_WORDS: Final = 40
"""Characters of a tenant's own topic that a field's name takes."""


@dataclass(frozen=True, slots=True)
class Spent:
    """Sums of a turn's model calls. `crew`: whose turn it was; `models`: cost, as in EndedTurn, and tokens."""

    crew: str = ""
    models: Mapping[str, tuple[int, int]] = field(default_factory=dict)


NOTHING_SPENT: Final = Spent()


def turn_increments(turn: EndedTurn, superseded: int, spent: Spent = NOTHING_SPENT) -> Iterator[tuple[str, int]]:
    """Yield the fields that a turn adds to its day, and how much to each. Fields that it adds nothing to are left out.

    `superseded`: drafts that newer messages made pointless.
    """
    amounts = Counter({"tokens": turn.tokens, "cost": turn.cost, "superseded": superseded})
    amounts[f"f|{spent.crew}"] = turn.cost
    for model, (cost, tokens) in spent.models.items():  # two may share a name as far as it is kept
        amounts.update({f"m|{model[:_MOST_WORDS]}": cost, f"t|{model[:_MOST_WORDS]}": tokens})
    yield from ((name, amount) for name, amount in amounts.items() if amount)
    yield f"o|{turn.outcome}|{turn.channel}", 1
    yield f"i|{turn.inbox}|{turn.outcome}", 1
    if turn.outcome == Verdict.REPLY:
        yield f"h|{bucket_of(turn.seconds)}", 1
        if turn.seconds < PROMISED_SECONDS:
            yield "fast", 1
    elif turn.outcome == Verdict.HANDOFF:
        yield f"c|{turn.cause}|{turn.why[:_MOST_WORDS]}", 1
    else:
        yield f"q|{turn.why[:_MOST_WORDS]}", 1
    if turn.served_by:
        yield f"s|{turn.served_by}", 1


_COUNTERS: Final = (
    "outcomes", "inboxes", "causes", "silences", "served_by", "buckets", "crew_cost", "model_cost", "model_tokens",
)  # fmt: skip


@dataclass(slots=True)
class DayCounts:
    """Counts of one day, or of several added up.

    `outcomes`: by outcome and channel; `inboxes`: by inbox and outcome; `causes`: of handoffs, by cause and its
    reason; `silences`: by reason; `served_by`; `buckets`: seconds of replies, by bucket (histogram.py); `fast`: replies
    under three seconds; `cost`: billionths of a dollar, and so are `crew_cost` and `model_cost`; `model_tokens`.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    inboxes: Counter[tuple[int, str]] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    silences: Counter[str] = field(default_factory=Counter)
    served_by: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)
    crew_cost: Counter[str] = field(default_factory=Counter)
    model_cost: Counter[str] = field(default_factory=Counter)
    model_tokens: Counter[str] = field(default_factory=Counter)
    fast: int = 0
    tokens: int = 0
    cost: int = 0
    superseded: int = 0

    def add(self, other: "DayCounts") -> None:
        """Add another's counts to these."""
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))
        for name in ("fast", "tokens", "cost", "superseded"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def turns(self, outcome: str | None = None) -> int:
        """Return how many turns ended so, or at all."""
        return sum(count for (ended, _), count in self.outcomes.items() if outcome in {None, ended})

    def by_cause(self) -> Counter[str]:
        """Return the handoffs by cause, whatever its reason."""
        found: Counter[str] = Counter()
        for (cause, _), count in self.causes.items():
            found[cause] += count
        return found

    def by_channel(self, outcome: str) -> Counter[str]:
        """Return the turns that ended so, by channel."""
        return Counter({channel: count for (ended, channel), count in self.outcomes.items() if ended == outcome})

    def quantile(self, share: float) -> float | None:
        """Return the seconds below which a share of the replies came; None: there was none."""
        return quantile(self.buckets, share)


_INBOX: Final = re.compile(r"-?[0-9]{1,19}")
_BUCKET: Final = re.compile(r"[0-9]{1,3}")
_BY_WORD: Final = {"q": "silences", "s": "served_by", "f": "crew_cost", "m": "model_cost", "t": "model_tokens"}


def read_counts(fields: Mapping[str, int]) -> DayCounts:
    """Return the counts that fields stand for; a field that no version of ours knows is left out."""
    counts = DayCounts()
    for name, value in fields.items():
        kind, *rest = name.split("|", 2)
        match kind, *rest:
            case "o", outcome, channel:
                counts.outcomes[outcome, channel] = value
            case "i", inbox, outcome if _INBOX.fullmatch(inbox):
                counts.inboxes[int(inbox), outcome] = value
            case "c", cause, why:
                counts.causes[cause, why] = value
            case (("q" | "s" | "f" | "m" | "t"), _, *_):
                getattr(counts, _BY_WORD[kind])["|".join(rest)] = value
            case "h", bucket if _BUCKET.fullmatch(bucket):
                counts.buckets[int(bucket)] = value
            case ("fast" | "tokens" | "cost" | "superseded",):
                setattr(counts, kind, value)
    return counts


def sum_counts(several: Iterable[DayCounts]) -> DayCounts:
    """Return the sum of several."""
    total = DayCounts()
    for one in several:
        total.add(one)
    return total
