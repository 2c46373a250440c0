"""Results of a rehearsal: of one turn, of one case over its runs, and of a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatwootai.model.message.turn import Draft, Outcome, Question
from config.evaluation.case_files import WrittenCase
from config.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One run of a case: its last turn, and what all of its turns asked for.

    `misses`: calls that are not recorded; `withheld`: tools that the recorded model asks for and the crew does not
    offer; `calls`: tools that were asked for, with their arguments; `prompt`: digest of all that the model was asked;
    `cost`: in billionths of a dollar; `seconds`: of the slowest turn.
    """

    outcome: Outcome
    question: Question
    settings: Settings
    draft: Draft | None
    misses: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    calls: Sequence[tuple[str, Mapping[str, Any]]] = ()
    prompt: str = ""
    cost: int = 0
    seconds: float = 0.0

    @property
    def answer(self) -> str:
        """Return the words that the contact reads."""
        return "\n".join(self.outcome.parts)


@dataclass(slots=True)
class CaseResult:
    """Result of a case. `runs`: how often it was run, `passes`: how often it passed.

    `failures`: expectations that were not met; `misses`: what cannot be told without a model; `stale`: the prompt is
    another than the one that was accepted; `unjudged`: expectations that only a model judges, and none was asked;
    `graded`: each expectation that was looked at, with its failures.
    """

    written: WrittenCase
    runs: int = 0
    passes: int = 0
    failures: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    stale: bool = False
    unjudged: list[str] = field(default_factory=list)
    graded: dict[str, list[str]] = field(default_factory=dict)
    answer: str = ""
    before: str | None = None
    outcome: str = ""
    prompt: str = ""
    cost: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Return the case's name."""
        return self.written.case.name

    @property
    def state(self) -> str:
        """Return `passed`, `failed` or `missed`. What fails is no miss, unless a call has no recorded answer."""
        if self.misses and not (self.stale and self.failures):
            return "missed"
        return "passed" if self.passes == self.runs and not self.failures else "failed"


@dataclass(slots=True)
class SetResult:
    """Result of a set. `notes`: what was left out, as sentences; `drafts`: cases that nobody has reviewed."""

    account: str
    name: str
    cases: list[CaseResult]
    live: bool = False
    repeat: int = 1
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)

    def count(self, state: str) -> int:
        """Return how many cases are in a state."""
        return sum(each.state == state for each in self.cases)
