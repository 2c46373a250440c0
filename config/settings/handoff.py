"""Settings of handoffs and of silence: when people get a conversation, and what ends one that nobody continues."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from chatwootai.model.policy.handoff_cause import Cause
from chatwootai.model.policy.vocabulary import Priority
from chatwootai.model.text.labels import MOST_LABEL, composed, is_label, to_label
from chatwootai.model.text.subjects import is_readable
from config.document.problems import suggestion
from config.schema.base import NUMBER, Flag, Language, Line, Section, Word, Words, invalid, matching


def _label(value: str) -> str:
    """A label as Chatwoot stores it; empty: none."""
    label = composed(value)
    if label and not is_label(label):
        allowed = "letters and digits of any script, `_` and `-`, two at least, no spaces and no capitals"
        meant = to_label(label)
        remedy = f"Write `{meant}`." if is_label(meant) else f"Chatwoot allows {allowed}."
        raise invalid("format", f"Chatwoot takes no such label: {allowed}", remedy)
    return label


Label = Annotated[str, Field(max_length=MOST_LABEL), AfterValidator(_label)]
SubjectName = Annotated[str, matching(r"^[a-z][a-z0-9_]{0,39}$", "Write it in small letters, as double_charge.")]


class Destination(Section):
    """Destination of a conversation for one cause."""

    team: Line | None = None
    """Name of a team, one of `handoff.teams`. Unset: as `handoff.team` says."""
    label: Label | None = None
    """Label that is set on the conversation. Empty: none. Unset: as `handoff.label` says."""
    priority: Priority | None = None
    """Priority that Chatwoot shows. Unset: as `handoff.priority` says."""


def _says_something(phrase: str) -> str:
    if not is_readable(phrase):
        remedy = (
            "Write words, as `cobrado|cobrada ... duas vezes`: `|` between alternatives, ` ... ` for words between."
        )
        raise invalid("format", "a side of `|` or of ` ... ` has no word", remedy)
    return phrase


Phrase = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_says_something)]


class Subject(Section):
    """Subject that people answer whatever a model would."""

    phrases: tuple[Phrase, ...] = ()
    """Phrases that tell the subject. `|` parts alternatives, ` ... ` stands for up to twelve words, `*` ends a word
    that may go on."""
    examples: tuple[Word, ...] = ()
    """Sentences about it, as a contact would write them. Others that mean nearly the same tell the subject too."""
    priority: Priority | None = None
    """Priority that Chatwoot shows for it, before that of the cause. Unset: as the cause or `handoff` says."""
    sentences: Mapping[Language, Words] = {}
    """Text that the contact reads in place of the prepared sentence, also out of hours: language to text."""

    def sentence(self, *languages: str | None) -> str:
        """Return what the contact reads, in the first of these languages that it is written in; empty: in none."""
        codes = [code for each in languages if each for code in (each, each.split("-", maxsplit=1)[0])]
        return next((self.sentences[code] for code in codes if code in self.sentences), "")


class Handoff(Section):
    """Rules that give a conversation to people, and its destination."""

    team: Line | None = None
    """Name of the team that gets conversations, one of `teams`. Unset: no team is assigned."""
    teams: Mapping[str, Annotated[int, Field(ge=1, le=2**53), NUMBER]] = {}
    """Our names of teams to Chatwoot's number (id) of each."""
    asked: Flag = True
    """Whether a contact who asks for a person gets one. Told by words in Portuguese, Spanish and English, by
    meaning in any language."""
    phrases: tuple[Word, ...] = ()
    """Words that ask for a person, too, as `quero meu dinheiro de volta`."""
    topics: tuple[Word, ...] = ()
    """Words that crews must not speak about: who writes one is given to people."""
    subjects: Mapping[SubjectName, Subject] = {}
    """Subjects that people answer whatever a model would: name to phrases, priority and sentences. Five ship."""
    unknowing: Flag = True
    """Whether a draft that says only that it does not know is withheld and people get the conversation."""
    anger: Flag = True
    """Whether an angry contact is given to people: threats, insults, or several hard signs at once."""
    stuck_after: Annotated[int, Field(ge=0, le=20), NUMBER] = 3
    """Number of times in a row that the same question or answer may come before people get the conversation. 0:
    never."""
    least_confidence: Annotated[float, Field(ge=0, le=1), NUMBER] | None = None
    """Confidence from 0 to 1 below which a draft is not sent and people get the conversation. Unset: the crew is not
    asked how sure it is."""
    label: Label = "handoff"
    """Label that is set on every conversation handed over, in small letters. Empty: none."""
    priority: Priority | None = None
    """Priority that Chatwoot shows on every conversation handed over. Unset: none is set."""
    note: Flag = True
    """Whether a private note tells teammates why, with a summary and the last words."""
    causes: Mapping[Cause, Destination] = {}
    """Differences by cause: cause to team, label and priority."""

    @model_validator(mode="after")
    def _team_is_known(self) -> "Handoff":
        causes = [(one.team, ("causes", cause, "team")) for cause, one in self.causes.items()]
        for team, path in [(self.team, ("team",)), *causes]:
            if team is not None and team not in self.teams:
                remedy = f"{suggestion(team, self.teams)} Teams are written as `teams: {{{team[:40]}: 3}}`."
                raise invalid("unknown-team", "this team is not among handoff.teams", remedy, *path)
        return self

    def destination(self, cause: str, subject: str = "") -> tuple[int | None, str, Priority | None]:
        """Return the id of the team in Chatwoot, the label (empty: none) and the priority for a cause and a subject."""
        own = (self.causes.get(Cause(cause)) if cause else None) or Destination()
        known = self.subjects.get(subject, Subject())
        team = own.team or self.team
        label = self.label if own.label is None else own.label
        return (self.teams[team] if team else None), label, known.priority or own.priority or self.priority


class Idle(Section):
    """Steps for a contact who does not answer. Chatwoot itself never ends a pending conversation."""

    remind_after_minutes: Annotated[int, Field(ge=1, le=20_160), NUMBER] | None = None
    """Minutes after our last reply until the contact is reminded, once. Unset: never."""
    end_after_minutes: Annotated[int, Field(ge=1, le=20_160), NUMBER] | None = None
    """Minutes after the reminder, or after our last reply where there is none, until the conversation ends as `end`
    says. Unset: never."""
    end: Literal["close", "people"] = "people"
    """Kind of end: `close` resolves the conversation, `people` opens it for teammates."""
