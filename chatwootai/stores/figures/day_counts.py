"""The figures of one day as Redis counts them: what a turn adds, and what was added, read again. Pure."""

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


def counted(turn: EndedTurn, superseded: int) -> Iterator[tuple[str, int]]:
    """Yield the fields that a turn adds to its day, and how much to each. Fields that it adds nothing to are left out.

    `superseded`: drafts that newer messages made pointless.
    """
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
    for name, amount in (("tokens", turn.tokens), ("cost", turn.cost), ("superseded", superseded)):
        if amount:
            yield name, amount


@dataclass(slots=True)
class DayCounts:
    """Counts of one day, or of several added up.

    `outcomes`: by outcome and channel; `inboxes`: by inbox and outcome; `causes`: of handoffs, by cause and its
    reason; `silences`: by reason; `served_by`; `buckets`: seconds of replies, by bucket (histogram.py); `fast`: replies
    under three seconds; `cost`: billionths of a dollar.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    inboxes: Counter[tuple[int, str]] = field(default_factory=Counter)
    causes: Counter[tuple[str, str]] = field(default_factory=Counter)
    silences: Counter[str] = field(default_factory=Counter)
    served_by: Counter[str] = field(default_factory=Counter)
    buckets: Counter[int] = field(default_factory=Counter)
    fast: int = 0
    tokens: int = 0
    cost: int = 0
    superseded: int = 0

    def add(self, other: "DayCounts") -> None:
        """Add another's counts to these."""
        for name in ("outcomes", "inboxes", "causes", "silences", "served_by", "buckets"):
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


def read_counts(fields: Mapping[str, int]) -> DayCounts:
    """Return the counts that fields stand for; a field that no version of ours knows is left out."""
    counts = DayCounts()
    for name, value in fields.items():
        kind, *rest = name.split("|", 2)
        match kind, *rest:
            case "o", outcome, channel:
                counts.outcomes[outcome, channel] = value
            case "i", inbox, outcome if inbox.lstrip("-").isdigit():
                counts.inboxes[int(inbox), outcome] = value
            case "c", cause, why:
                counts.causes[cause, why] = value
            case "q", *words:
                counts.silences["|".join(words)] = value
            case "s", served_by:
                counts.served_by[served_by] = value
            case "h", bucket if bucket.isdigit():
                counts.buckets[int(bucket)] = value
            case ("fast" | "tokens" | "cost" | "superseded",):
                setattr(counts, kind, value)
    return counts


def summed(several: Iterable[DayCounts]) -> DayCounts:
    """Return the sum of several."""
    total = DayCounts()
    for one in several:
        total.add(one)
    return total
