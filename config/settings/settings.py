"""All settings of a tenant. Every key has a default, so that a mapping alone is enough to answer."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr

from chatwootai.model.policy.handoff_cause import NOTE_LANGUAGES, Sentence
from chatwootai.model.policy.vocabulary import Grounding, Level, Links
from config.evaluation.capturing import Evals
from config.evaluation.gating import Gate
from config.schema.base import (
    NUMBER,
    Flag,
    Language,
    Section,
    Text,
    Words,
)
from config.schema.channels import Channel
from config.schema.crew_set import CrewSet
from config.schema.named_hosts import named_hosts
from config.settings.answers import Answer
from config.settings.company import ChannelSettings, Company, Promotion
from config.settings.handoff import Handoff, Idle
from config.settings.hours import Hours
from config.settings.knowledge import Knowledge, Record, RecordId, SourceName
from config.settings.localized import SaidLine, SaidText, in_language, matching_language, without_country
from config.settings.mail_media_template import Mail, Media, Messages, Template
from config.settings.model import Model, Traces
from config.settings.pacing import Burst, Context, Digest, Interim, Privacy
from config.settings.semantic import SemanticMode, SemanticServing
from config.settings.spending import Budget
from config.settings.tools import Host, Tools

PLACEHOLDERS = ("company", "hours", "next_open")
_PLACEHOLDER = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}")


class Settings(Section):
    """Everything that domain, tenant and inbox may say, merged. Lookups only; nothing here reads a file or a clock."""

    language: Language = "pt"
    """The tenant's own language, as `pt` or `pt-BR`: spoken where a contact's cannot be told."""
    languages: tuple[Language, ...] = ()
    """Languages that contacts are answered in beside the tenant's own, and no others. Empty: each that has sentences, a
    greeting or a signature; Portuguese, Spanish, English, French, German and
    Italian ship."""
    company: Company = Company()
    """The company that answers: name, description, and the facts that a crew may state."""
    tone: Text = ""
    """Manner of crews, in a sentence or two, as `warm, brief, first names`. Empty: as each crew is written."""
    greeting: SaidText = ""
    """Text above the first answer of a conversation: in `language`, or language to text. Empty: nobody is greeted.
    Write no question into it, because an answer follows."""
    signature: SaidLine = ""
    """Line below each e-mail, and on channels that say so: in `language`, or language to text. Empty: none."""
    emoji: Flag = True
    """Whether crews may use emoji."""
    hours: Hours | None = None
    """Opening hours of the people who take over. Unset: people count as always there."""
    promotions: tuple[Promotion, ...] = ()
    """Offers that crews may make, each on its days alone."""
    channels: Mapping[Channel, ChannelSettings] = {}
    """Settings of single channels: channel to what differs there. A channel left out is as the tenant."""
    model: Model = Model()
    """The language model, its limits and price, and what is asked when it does not answer."""
    budget: Budget = Budget()
    """Limits of spending. At a limit, conversations are given to people. No limit by default."""
    burst: Burst = Burst()
    """The end of a burst: of messages that follow each other and get one answer."""
    deadline_ms: Annotated[int, Field(ge=500, le=300_000), NUMBER] = 10_000
    """Milliseconds from the contact's last message by which a turn must have a reply, or people the conversation."""
    interim: Interim | None = None
    """A sentence that asks for patience and buys a later deadline. Unset: none is said."""
    context: Context = Context()
    """Memory of a conversation between turns: size and lifetime."""
    mail: Mail = Mail()
    """Facts that only the tenant knows of its e-mail."""
    messages: Messages = Messages()
    """Rules for messages: those that are answered at all, and the author of one that nobody has signed."""
    media: Media = Media()
    """Kinds of attachments that are read: voice notes, images, files."""
    template: Template | None = None
    """Message that WhatsApp has approved, sent where its 24 hours have passed. Unset: people get the reply in a
    note."""
    handoff: Handoff = Handoff()
    """Rules that give a conversation to people, and its destination."""
    output_guard: Level = Level.STRICT
    """Check of a model's draft before it is shown: `strict`; `technical` for companies that sell software and speak of
    code; `none` posts whatever is not empty. What fails the check goes to people."""
    grounding: Grounding | None = None
    """Check of a draft's figures, links and addresses: `strict` takes out sentences with one that no passage, fact,
    message or tool's result holds, and gives the contact to people where nothing is left; `off` checks nothing. Unset:
    strict where there is knowledge."""
    privacy: Privacy = Privacy()
    """Data of contacts: how long it is kept, and following what is deleted in Chatwoot."""
    links: Links = Links.KNOWN
    """Links in a crew's answers: `known` takes out those to hosts that the tenant does not name itself (in `company`,
    `promotions`, `answers`, `sentences`, signatures, addresses of `knowledge`, hosts of `tools`, `link_hosts`); `any`
    lets all stand. The words of a link stay."""
    link_hosts: tuple[Host, ...] = ()
    """Further hosts that answers may lead to, as tracking.example.com: a carrier's, a payment page's."""
    idle: Idle = Idle()
    """Steps for a contact who does not answer. None by default."""
    rate_per_minute: Annotated[int, Field(ge=1, le=1_000_000), NUMBER] = 600
    """Deliveries of one account that are admitted per minute. From 60 on, half as many more are admitted at once, with
    the lowest priority; the rest is refused with 429. It keeps one account's flood from everybody else's workers."""
    sentences: Mapping[Language, Mapping[Sentence, Words]] = {}
    """Sentences that are said when no crew writes: language to name to text. `{company}`, `{hours}` and `{next_open}`
    are filled in. Those in Portuguese, Spanish, English, French, German and Italian ship."""
    answers: Mapping[str, Answer] = {}
    """Curated answers by name, given word for word without a model. `answers.yaml` beside `config.yaml` holds them
    too."""
    knowledge: Knowledge = Knowledge()
    """What is known beyond the facts: sources of documents. `knowledge.yaml` beside `config.yaml` holds them too."""
    records: Mapping[SourceName, Mapping[RecordId, Record]] = {}
    """Records of knowledge by the name of their source and their id, beside those that the source's own file has; one
    of the same id takes that one's place. `records.yaml` beside `config.yaml` holds them too."""
    near_answers: Flag = True
    """Whether curated answers also serve questions that say the same in other words: the first one of a conversation
    by its meaning, any while no model answers."""
    semantic: SemanticMode | SemanticServing = SemanticMode.SHADOW
    """What the semantic cache does: `off` nothing; `shadow` serves nobody, and counts what it would have served and
    whether that was right (`chatwootai cache stats`); `{serve_below: 1%}` serves once it is shown to be that right. It
    is of answers that the crew's `cache` keeps, to the first question of a conversation."""
    tools: Tools = Tools()
    """HTTP and MCP tools that crews may name. `tools.yaml` beside `config.yaml` holds them too."""
    gate: Gate = Gate()
    """Sets of cases that must be green before this configuration is put in force."""
    evals: Evals = Evals()
    """Leave to take cases from conversations. None by default."""
    digest: Digest | None = None
    """Message each day with the figures of the day before. Unset: none is sent."""
    traces: Traces = Traces()
    """Words in traces of turns, where the installation sends traces. None by default."""
    _crew_set: CrewSet | None = PrivateAttr(None)
    _public_only: frozenset[str] = PrivateAttr(frozenset())

    @cached_property
    def known_hosts(self) -> frozenset[str]:
        """Return the hosts that the tenant's own texts and addresses name, as links are compared with them."""
        sections = (
            self.company, self.promotions, self.answers, self.sentences, self.signature, self.greeting, self.channels,
            self.knowledge, self.records,
        )  # fmt: skip
        hosts = (*self.tools.hosts, *self.link_hosts)
        return named_hosts((*sections, [f"https://{host}/" for host in hosts]))

    @property
    def grounds(self) -> bool:
        """Tell whether figures of a draft must be borne out by what its crew was given."""
        return bool(self.knowledge.sources) if self.grounding is None else self.grounding is Grounding.STRICT

    @property
    def crew_set(self) -> CrewSet | None:
        """The crews of this place, overlays included; None for settings that no configuration was loaded for."""
        return self._crew_set

    def with_crew_set(self, crew_set: CrewSet) -> Self:
        """The same settings with these crews."""
        found = self.model_copy()
        found._crew_set = crew_set
        return found

    @property
    def public_only(self) -> frozenset[str]:
        """Hosts of models that the account's author has named: to be reached at public addresses alone."""
        return self._public_only

    def is_public_only(self, base_url: str | None) -> bool:
        """Tell whether a model's address may be reached at public addresses alone."""
        return base_url is not None and (urlsplit(base_url).hostname or "") in self._public_only

    def with_public_only(self, hosts: frozenset[str]) -> Self:
        """The same settings with these hosts of models that must be at public addresses."""
        found = self.model_copy()
        found._public_only = hosts
        return found

    def burst_on(self, channel: str) -> Burst:
        """The burst window of a channel: its own where it has one, else the tenant's."""
        own = self.channels.get(channel)
        return own.burst if own is not None and own.burst is not None else self.burst

    @property
    def last_deadline_ms(self) -> int:
        """Milliseconds until a turn must have an answer or a person: the later one if an interim sentence buys it."""
        return max(self.deadline_ms, self.interim.deadline_ms) if self.interim else self.deadline_ms

    @property
    def spoken(self) -> frozenset[str]:
        """The languages that contacts are answered in, without countries.

        `languages` where they are set; else each that has sentences, a greeting or a signature. The tenant's own in
        any case.
        """
        said = [*self.sentences, *_languages(self.greeting), *_languages(self.signature)]
        return frozenset(map(without_country, (self.language, *(self.languages or said))))

    @property
    def note_language(self) -> str:
        """Return the language of notes for people: the tenant's, else one of `languages` with notes, else `en`."""
        codes = (without_country(each) for each in (self.language, *self.languages))
        return next((code for code in codes if code in NOTE_LANGUAGES), "en")

    def answered_in(self, language: str) -> str:
        """Return the language to answer in: the contact's, or the tenant's own where `languages` leaves it out."""
        return language if not self.languages or self.speaks(language) else self.language

    def speaks(self, language: str) -> bool:
        """Tell whether contacts are answered in a language."""
        return without_country(language) in self.spoken

    def sentence(self, name: Sentence, language: str | None = None, *, now: datetime | None = None) -> str:
        """A prepared sentence, in the asked language where there is one, else the tenant's, else English.

        `{company}` and `{hours}` are filled in, and with `now` (which must know its time zone) `{next_open}`. A
        tenant's own `greeting` goes before the prepared one of its language.

        Raises:
            KeyError: no such sentence in any of these languages (a loaded snapshot has all of them).
        """
        if name is Sentence.GREETING and (own := in_language(self.greeting, language or self.language, self.language)):
            return self.fill(own, language, now=now)
        for wanted in filter(None, (language, self.language, "en")):
            code = matching_language((each for each, block in self.sentences.items() if block.get(name)), wanted)
            if code is not None:
                return self.fill(self.sentences[code][name], code, now=now)
        raise KeyError(f"no sentence `{name}` in {language or self.language}, {self.language} or en")

    def greeting_in(self, language: str | None = None) -> str:
        """Return the text above the first answer, in a contact's language; empty where nothing is said in it.

        Where a tenant greets, but not in this language, the prepared greeting of the language does.
        """
        code = language or self.language
        block = matching_language(self.sentences, code)
        prepared = self.sentences[block].get(Sentence.GREETING, "") if block else ""
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

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which the account's days begin: that of its opening hours, or UTC where it has none."""
        return ZoneInfo(self.hours.time_zone if self.hours else "UTC")

    def closed_at(self, now: datetime) -> bool:
        """Tell whether hours are set and people are not there, but will be. `now` must know its time zone."""
        return self.hours is not None and not self.hours.open_at(now) and self.hours.next_open(now) is not None

    def signature_on(self, channel: str, language: str | None = None) -> str:
        """Return the line below an answer: the channel's own where it has one; else the tenant's, on e-mail alone.

        In a language that it is not written in, the company's name signs.
        """
        own = self.channels.get(channel)
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
