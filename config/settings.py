"""What a tenant may set, in types. Every key has a default, so that a mapping alone is enough to answer."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from config.answers import Answer
from config.channels import Channel
from config.crewing import Crewing
from config.hours import Hours
from config.people import Handoff, Idle
from config.reach import Mail, Media, Messages, Template
from config.secret import Token
from config.section import (
    FOR_MACHINES,
    NUMBER,
    Date,
    Flag,
    Language,
    Line,
    Machine,
    Section,
    Text,
    Url,
    Word,
    Words,
    form,
    wrong,
)
from config.tongues import SaidLine, SaidText, bare, in_language, of
from config.tools import Tools

SentenceName = Literal[
    "greeting",
    "handoff",
    "failed",
    "out_of_hours",
    "model_down",
    "busy",
    "interim",
    "unsupported",
    "human_requested",
    "reminder",
    "closing",
]
SENTENCES: tuple[str, ...] = SentenceName.__args__  # type: ignore[attr-defined]
PLACEHOLDERS = ("company", "hours", "next_open")
_PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")


OutputGuard = Literal["strict", "technical", "none"]
"""As `chatwootai.model.guard.Level`; a test holds the two against each other."""


class Company(Section):
    """Who answers. `facts` is what a crew may say: topic to text, in the tenant's own words."""

    name: Line = ""
    description: Text = ""
    facts: Mapping[str, Text] = {}


class Price(Section):
    """What a model costs for a million tokens, in US dollars; `cached`: prompt tokens that the provider had cached."""

    input: Annotated[float, Field(ge=0, le=10_000), NUMBER]
    output: Annotated[float, Field(ge=0, le=10_000), NUMBER]
    cached: Annotated[float, Field(ge=0, le=10_000), NUMBER] | None = None


class Served(Section):
    """A model and where it is served. `base_url` and `api_key` default to what the openai package reads itself.

    `requests_per_minute`, `tokens_per_minute`: what its key may, all workers together; None: no limit of ours.
    """

    name: Machine
    base_url: Url | None = None
    api_key: Token | None = None
    requests_per_minute: Annotated[int, Field(ge=1, le=10_000_000), NUMBER] | None = None
    tokens_per_minute: Annotated[int, Field(ge=100, le=10_000_000_000), NUMBER] | None = None
    price: Price | None = None


class Quick(Served):
    """A smaller model, asked when less than `below_ms` of the turn's time is left."""

    below_ms: Annotated[int, Field(ge=100, le=60_000), NUMBER] = 3000


class Hedging(Section):
    """A second request where no first token came in time; at most this `share` of calls, to `to` or the same model.

    `local`: to the same model at a private address too, which most often works on one request at a time.
    """

    share: Annotated[float, Field(ge=0, le=0.5), NUMBER] = 0.06
    to: Served | None = None
    local: bool = False


class Model(Served):
    """The model that answers, its limits, and what is asked when it does not: `fallbacks`, in order.

    `embeddings`: the model at the same endpoint that crews with `memory: true` recall by.
    """

    name: Machine = "gpt-4.1-mini"
    temperature: Annotated[float, Field(ge=0, le=2), NUMBER] = 0.3
    max_tokens: Annotated[int, Field(ge=16, le=16_384), NUMBER] = 400
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    fallbacks: Annotated[tuple[Served, ...], Field(max_length=8)] = ()
    quick: Quick | None = None
    hedging: Hedging = Hedging()
    embeddings: Machine = "text-embedding-3-small"


class Burst(Section):
    """Messages that deserve one answer: quiet time that ends a burst, and the longest wait, in milliseconds."""

    window_ms: Annotated[int, Field(ge=0, le=30_000), NUMBER] = 500
    cap_ms: Annotated[int, Field(ge=0, le=60_000), NUMBER] = 2500

    @model_validator(mode="after")
    def _cap_holds_window(self) -> "Burst":
        if self.cap_ms < self.window_ms:
            remedy = f"Write `cap_ms: {self.window_ms}` or more."
            raise wrong("order", f"cap_ms ({self.cap_ms}) is less than window_ms ({self.window_ms})", remedy, "cap_ms")
        return self


class Context(Section):
    """What is remembered of a conversation between turns."""

    exchanges: Annotated[int, Field(ge=0, le=200), NUMBER] = 12
    tokens: Annotated[int, Field(ge=0, le=100_000), NUMBER] = 1500
    ttl_hours: Annotated[int, Field(ge=1, le=8760), NUMBER] = 72


class Promotion(Section):
    """Something a crew may offer from `start` to `end`, both days included, in the tenant's time zone."""

    name: Word
    text: Words
    start: Date
    end: Date

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Promotion":
        if self.end < self.start:
            raise wrong("order", "end is before start", "Write a later end, or an earlier start.", "end")
        return self


class ChannelSettings(Section):
    """What differs on one channel; None: as the tenant says. Not `enabled`: people answer there alone."""

    enabled: Flag = True
    tone: Text | None = None
    emoji: Flag | None = None
    signature: SaidLine | None = None
    burst: Burst | None = None


class Money(Section):
    """What may be spent in a day and in a month, in the budget's currency. None: no limit of ours."""

    per_day: Annotated[float, Field(ge=0, le=100_000_000), NUMBER] | None = None
    per_month: Annotated[float, Field(ge=0, le=100_000_000), NUMBER] | None = None


class Budget(Money):
    """What a tenant may spend, and of it each inbox and each contact. None: no limit of ours.

    `warn_at`: shares of a limit at which operators are told. `currency`: one that the price list knows.
    """

    currency: Annotated[str, form(r"^[A-Z]{3}$", "Write three capital letters, as USD or BRL."), FOR_MACHINES] = "USD"
    inbox: Money = Money()
    contact: Money = Money()
    warn_at: tuple[Annotated[float, Field(gt=0, lt=1), NUMBER], ...] = (0.8, 0.95)
    tokens_per_day: Annotated[int, Field(ge=0, le=10**15), NUMBER] | None = None
    turns_per_day: Annotated[int, Field(ge=0, le=10**9), NUMBER] | None = None
    turns_per_conversation: Annotated[int, Field(ge=1, le=10**9), NUMBER] | None = None


class Interim(Section):
    """A sentence that asks for patience, `after_ms` from the contact's last message where no answer is there yet.

    The answer may then follow until `deadline_ms` from that message, in place of the tenant's own `deadline_ms`.
    """

    after_ms: Annotated[int, Field(ge=500, le=60_000), NUMBER] = 4000
    deadline_ms: Annotated[int, Field(ge=1000, le=300_000), NUMBER] = 30_000

    @model_validator(mode="after")
    def _comes_before_the_deadline(self) -> "Interim":
        if self.after_ms >= self.deadline_ms:
            remedy = f"Write less than {self.deadline_ms}, or a later deadline_ms."
            raise wrong("order", "after_ms is not before deadline_ms", remedy, "after_ms")
        return self


class Settings(Section):
    """Everything that domain, tenant and inbox may say, merged. Lookups only; nothing here reads a file or a clock."""

    language: Language = "pt"
    languages: tuple[Language, ...] = ()
    company: Company = Company()
    tone: Text = ""
    greeting: SaidText = ""
    signature: SaidLine = ""
    emoji: Flag = True
    hours: Hours | None = None
    promotions: tuple[Promotion, ...] = ()
    channels: Mapping[Channel, ChannelSettings] = {}
    model: Model = Model()
    budget: Budget = Budget()
    burst: Burst = Burst()
    deadline_ms: Annotated[int, Field(ge=500, le=300_000), NUMBER] = 10_000
    interim: Interim | None = None
    context: Context = Context()
    mail: Mail = Mail()
    messages: Messages = Messages()
    media: Media = Media()
    template: Template | None = None
    handoff: Handoff = Handoff()
    output_guard: OutputGuard = "strict"
    idle: Idle = Idle()
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000), NUMBER] = 600
    sentences: Mapping[Language, Mapping[SentenceName, Words]] = {}
    answers: Mapping[str, Answer] = {}
    near_answers: Flag = True
    tools: Tools = Tools()
    _crewing: Crewing | None = PrivateAttr(None)

    @property
    def crewing(self) -> Crewing | None:
        """The crews of this place, overlays included; None for settings that no configuration was loaded for."""
        return self._crewing

    def with_crewing(self, crewing: Crewing) -> Self:
        """The same settings with these crews."""
        found = self.model_copy()
        found._crewing = crewing
        return found

    def burst_on(self, channel: str) -> Burst:
        """The burst window of a channel: its own where it has one, else the tenant's."""
        own = self.channels.get(channel)  # type: ignore[call-overload]
        return own.burst if own is not None and own.burst is not None else self.burst

    @property
    def last_deadline_ms(self) -> int:
        """When a turn must have an answer or a person: the second deadline where an interim sentence buys one."""
        return max(self.deadline_ms, self.interim.deadline_ms) if self.interim else self.deadline_ms

    @property
    def spoken(self) -> frozenset[str]:
        """The languages that contacts are answered in, without countries.

        `languages` where they are set; else each that has sentences, a greeting or a signature. The tenant's own in
        any case.
        """
        said = [*self.sentences, *_languages(self.greeting), *_languages(self.signature)]
        return frozenset(map(bare, (self.language, *(self.languages or said))))

    def speaks(self, language: str) -> bool:
        """Whether contacts are answered in a language."""
        return bare(language) in self.spoken

    def sentence(self, name: str, language: str | None = None, *, now: datetime | None = None) -> str:
        """A prepared sentence, in the asked language where there is one, else the tenant's, else English.

        `{company}` and `{hours}` are filled in, and with `now` (which must know its time zone) `{next_open}`. A
        tenant's own `greeting` goes before the prepared one of its language.

        Raises:
            KeyError: no such sentence in any of these languages (a loaded snapshot has all of `SENTENCES`).
        """
        if name == "greeting" and (own := in_language(self.greeting, language or self.language, self.language)):
            return self.fill(own, language, now=now)
        for wanted in filter(None, (language, self.language, "en")):
            code = of((each for each, block in self.sentences.items() if block.get(name)), wanted)  # type: ignore[call-overload]
            if code is not None:
                return self.fill(self.sentences[code][name], code, now=now)  # type: ignore[index]
        raise KeyError(f"no sentence `{name}` in {language or self.language}, {self.language} or en")

    def greeting_in(self, language: str | None = None) -> str:
        """What stands above the first answer, in a contact's language; empty where nothing is said in it.

        Where a tenant greets, but not in this language, the prepared greeting of the language does.
        """
        code = language or self.language
        block = of(self.sentences, code)
        prepared = self.sentences[block].get("greeting", "") if block else ""
        said = in_language(self.greeting, code, self.language) or prepared
        return self.fill(said, code) if self.greeting else ""

    def fill(self, text: str, language: str | None = None, *, now: datetime | None = None) -> str:
        """Replace `{company}`, `{hours}` and `{next_open}`; any other brace stays as it is."""
        values = {"company": self.company.name, "hours": self.hours_text(language), "next_open": ""}
        if self.hours and now:
            values["next_open"] = self.hours.describe_next(now, language or self.language)
        return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)

    def hours_text(self, language: str | None = None) -> str:
        """The opening hours as a person would write them, or an empty text where none are set."""
        return self.hours.describe(language or self.language) if self.hours else ""

    def closed_at(self, now: datetime) -> bool:
        """Whether hours are set and people are not there, but will be. `now` must know its time zone."""
        return self.hours is not None and not self.hours.open_at(now) and self.hours.next_open(now) is not None

    def signature_on(self, channel: str, language: str | None = None) -> str:
        """What stands below an answer: the channel's own where it has one; else the tenant's, on e-mail alone.

        In a language that it is not written in, the company's name signs.
        """
        own = self.channels.get(channel)  # type: ignore[call-overload]
        said = own.signature if own is not None else None
        if said is None:
            said = self.signature if channel == "email" else ""
        code = language or self.language
        return self.fill(in_language(said, code, self.language), code) or (self.company.name if said else "")

    def current_promotions(self, day: date) -> tuple[Promotion, ...]:
        """The promotions that run on `day` (a date in the tenant's time zone)."""
        return tuple(offer for offer in self.promotions if offer.start <= day <= offer.end)


def _languages(said: str | Mapping[str, str]) -> Iterable[str]:
    return () if isinstance(said, str) else said
