"""Values that a turn works on: the question that a crew answers, its draft, and the outcome that policy makes of it."""

from dataclasses import dataclass, field
from enum import StrEnum

from chatwootai.model.message.delivery import Role
from chatwootai.model.message.origin import Origin
from chatwootai.model.message.outbox import ActionKind


class ServedBy(StrEnum):
    """Sources of an answer: a way of asking a model, a cache, the operator's own words, or people."""

    CREW = "crew"
    FUSED = "fused"  # the crew's tasks in one call
    QUICK = "quick"  # the fast model
    FALLBACK = "fallback"  # another target, since the first failed
    CACHE = "cache"
    STALE = "stale"  # the cache, past its time, since no model answered
    SEMANTIC = "semantic"  # the answer to another question that says the same
    CURATED = "curated"
    NEAR = "near"  # curated, for a question in other words
    PREPARED = "prepared"
    PEOPLE = "people"

    @property
    def by_operator(self) -> bool:
        """Return whether an operator wrote the words: posted as written, and not searched for promises."""
        return self in {ServedBy.CURATED, ServedBy.NEAR, ServedBy.PREPARED}


class SilenceReason(StrEnum):
    """Reasons for silence."""

    STEPPED_IN = "a person stepped in"
    RESOLVED = "the conversation was resolved"
    TAKEN_BACK = "the contact took it back"
    SPOKEN = "somebody has spoken"
    ANOTHER_VERSION = "another version's"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing said before; `at` unix seconds."""

    role: Role
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class ContextLimits:
    """Bounds of a conversation's memory: the newest `entries`, for `milliseconds` after a turn."""

    entries: int
    milliseconds: int


NO_CONTEXT = ContextLimits(entries=1, milliseconds=1)
"""For a conversation that nobody answers any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One burst with its context, to be answered once: all that a crew needs and nothing that a tenant must not see.

    `folder`: where the account's settings stand under `domain`. `text` is the whole burst, oldest message first;
    `function` the crew that answers, empty where people answer alone; `history` what was said before, oldest first;
    `deadline` unix seconds, by which a draft must be there; `priority` 0 to 10, higher first.
    `language`: the one to answer in; `greeted`: the tenant's own greeting stands above the answer.
    `images`: what the contact sent, as data URLs, for models that see. `own_words`: of `text`, what the contact wrote
    or said themselves, without what stands in files.
    """

    turn: str
    origin: Origin
    folder: str
    domain: str
    function: str
    text: str
    history: tuple[Exchange, ...]
    deadline: float
    language: str | None = None
    greeted: bool = False
    subject: str | None = None
    priority: int = 5
    images: tuple[str, ...] = ()
    own_words: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and calls that a draft cost, and their price: `cost` in billionths of a dollar."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    calls: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """One model call in a turn's record. `finish`: why it ended; `served_by`: crew, fused, cache, fallback...

    `requests`: how many were made for it; `hedged`: a second one was, since the first was slow to speak; `seconds`:
    all of it; `first_seconds`: until the first word, None where none was waited for (a cache's); `ended`: unix seconds.
    """

    model: str
    served_by: str
    finish: str
    requests: int
    hedged: bool
    seconds: float
    first_seconds: float | None
    usage: Usage
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class SideAction:
    """Something to be done in Chatwoot beside the answer: a note's or priority's `text`, labels as `values`."""

    kind: ActionKind
    text: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """Texts that a draft is judged against before anybody reads it.

    `instructions`: what the model was told, for nobody else to read. `known`: what an answer may repeat and speak of:
    the question, what was said before, the company's facts. `results`: what tools found, which it may repeat.
    """

    instructions: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """A passage that a crew was given. `score`: how near it is, None for a neighbour; `cited`: the answer names it."""

    source: str
    document: str
    score: float | None = None
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Sharing:
    """Leave for an answer to serve others who ask the same. `scope`: a digest of all that must be as it was."""

    scope: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Answer of a crew. `text` is Markdown; `handoff` why people should take over, if the crew asks for it.

    `choices`: answers that the contact may pick from, short, as plain text.
    `plan`: what was expected of the way that was taken, in a few words. `confidence`: 0 to 1, where a crew
    says how sure it is. `trouble`: why a model that was asked said nothing. `told`: what the model was told, and what
    of it may be read. `cited`: the numbers of passages that the answer names, as the model wrote them; `passages`: what
    it was offered of the tenant's documents; `links`: titles and addresses of those that it used, as Markdown, where
    the tenant shows them. `lookup`: why those could not be looked up, empty where they were, None where the tenant has
    none. `sharing`: None where it may serve nobody else.
    """

    text: str
    handoff: str | None = None
    confidence: float | None = None
    served_by: ServedBy = ServedBy.CREW
    model: str | None = None
    usage: Usage = Usage()
    model_calls: tuple[ModelUse, ...] = ()
    steps: tuple[tuple[str, float], ...] = ()  # (name, seconds)
    actions: tuple[SideAction, ...] = ()
    plan: str | None = None
    choices: tuple[str, ...] = ()
    trouble: str = ""
    told: Told = field(default=Told(), repr=False)
    cited: tuple[int, ...] = ()
    passages: tuple[Offered, ...] = ()
    links: str = ""
    lookup: str | None = None
    sharing: Sharing | None = None


class Verdict(StrEnum):
    """The three things a turn may end in."""

    REPLY = "reply"
    HANDOFF = "handoff"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A decision on a draft: parts to post, or a handoff with its sentence and note, or nothing and why.

    `silence`: why nothing is said; `status`: what the conversation's becomes in the end, None: it stays; `cause`: of a
    handoff; `why`: the cause's reason, one of a fixed few.
    `reply_to`: the id of the message that the first part points at; `choices`: buttons below the last part.
    """

    verdict: Verdict
    parts: tuple[str, ...] = ()
    note: str | None = None
    reason: str | None = None
    asides: tuple[SideAction, ...] = ()
    status: str | None = None
    cause: str | None = None
    why: str | None = None
    reply_to: int | None = None
    choices: tuple[str, ...] = ()
    silence: SilenceReason | None = None
