"""When people get a conversation, and what happens when a contact falls silent."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from chatwootai.model.labels import MOST_LABEL, as_label, composed, is_label
from chatwootai.model.subjects import readable
from config.problems import suggestion
from config.section import NUMBER, Flag, Language, Line, Section, Word, Words, form, wrong


def _label(value: str) -> str:
    """A label as Chatwoot stores it; empty: none."""
    label = composed(value)
    if label and not is_label(label):
        allowed = "letters and digits of any script, `_` and `-`, two at least, no spaces and no capitals"
        meant = as_label(label)
        remedy = f"Write `{meant}`." if is_label(meant) else f"Chatwoot allows {allowed}."
        raise wrong("format", f"Chatwoot takes no such label: {allowed}", remedy)
    return label


Label = Annotated[str, Field(max_length=MOST_LABEL), AfterValidator(_label)]
SubjectName = Annotated[str, form(r"^[a-z][a-z0-9_]{0,39}$", "Write it in small letters, as double_charge.")]
Priority = Literal["low", "medium", "high", "urgent"]
Cause = Literal[
    "asked", "topic", "anger", "stuck", "unsure", "crew", "unfit", "model", "failed", "off", "idle", "unread"
]
"""As `chatwootai.model.handoff.Cause`; a test holds the two against each other."""


class Destination(Section):
    """Where a conversation goes for one cause; None: as `handoff` says."""

    team: Line | None = None
    label: Label | None = None
    priority: Priority | None = None


def _says_something(phrase: str) -> str:
    if not readable(phrase):
        remedy = (
            "Write words, as `cobrado|cobrada ... duas vezes`: `|` between alternatives, ` ... ` for words between."
        )
        raise wrong("format", "a side of `|` or of ` ... ` has no word", remedy)
    return phrase


Phrase = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_says_something)]


class Subject(Section):
    """What people answer whatever a model would: `phrases` that tell it, and the `priority` that it is given.

    `sentences`: language to what the contact reads in place of the prepared sentence, also out of hours.
    """

    phrases: tuple[Phrase, ...] = ()
    priority: Priority | None = None
    sentences: Mapping[Language, Words] = {}

    def sentence(self, *languages: str | None) -> str:
        """What the contact reads, in the first of these languages that it is written in; empty: in none."""
        codes = [code for each in languages if each for code in (each, each.split("-", maxsplit=1)[0])]
        return next((self.sentences[code] for code in codes if code in self.sentences), "")


class Handoff(Section):
    """When and to whom a conversation is given. `teams` maps our name of a team to Chatwoot's id of it.

    `asked`: hand over whoever asks for a person; `phrases`: what else asks for one; `topics`: words that crews leave to
    people; `subjects`: by name, what else they answer, told by phrases; `unknowing`: hand over where a draft only says
    that it does not know; `anger`: hand an angry contact over; `stuck_after`: turns without progress, 0 never;
    `least_confidence`: a draft below it is not sent. `label` is set on the conversation, `priority` too; `note`: leave
    a private note that says why; `causes`: what differs by cause.
    """

    team: Line | None = None
    teams: Mapping[str, Annotated[int, Field(ge=1, le=2**53), NUMBER]] = {}
    asked: Flag = True
    phrases: tuple[Word, ...] = ()
    topics: tuple[Word, ...] = ()
    subjects: Mapping[SubjectName, Subject] = {}
    unknowing: Flag = True
    anger: Flag = True
    stuck_after: Annotated[int, Field(ge=0, le=20), NUMBER] = 3
    least_confidence: Annotated[float, Field(ge=0, le=1), NUMBER] | None = None
    label: Label = "handoff"
    priority: Priority | None = None
    note: Flag = True
    causes: Mapping[Cause, Destination] = {}

    @model_validator(mode="after")
    def _team_is_known(self) -> "Handoff":
        causes = [(one.team, ("causes", cause, "team")) for cause, one in self.causes.items()]
        for team, path in [(self.team, ("team",)), *causes]:
            if team is not None and team not in self.teams:
                remedy = f"{suggestion(team, self.teams)} Teams are written as `teams: {{{team[:40]}: 3}}`."
                raise wrong("unknown-team", "this team is not among handoff.teams", remedy, *path)
        return self

    def destination(self, cause: str, subject: str = "") -> tuple[int | None, str, Priority | None]:
        """Chatwoot's id of the team, the label (empty: none) and the priority for a cause and its subject."""
        own = self.causes.get(cause, Destination())  # type: ignore[call-overload]
        known = self.subjects.get(subject, Subject())
        team = own.team or self.team
        label = self.label if own.label is None else own.label
        return (self.teams[team] if team else None), label, known.priority or own.priority or self.priority


class Idle(Section):
    """What happens when a contact does not answer us: Chatwoot itself never ends a pending conversation.

    `remind_after_minutes`: ask once whether something is left (None: never). `end_after_minutes` after that (or after
    our last reply, where nobody is reminded) the conversation is closed or given to people, as `end` says (None:
    never).
    """

    remind_after_minutes: Annotated[int, Field(ge=1, le=20_160), NUMBER] | None = None
    end_after_minutes: Annotated[int, Field(ge=1, le=20_160), NUMBER] | None = None
    end: Literal["close", "people"] = "people"
