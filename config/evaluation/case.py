"""One rehearsed conversation, and what is expected of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from config.evaluation.expectations import Expect
from config.schema.base import NUMBER, Flag, Line, Section, Text, Word, Words, invalid, matching
from config.schema.channels import Channel

_MOMENT = "Write it as 2026-11-24T10:00."
_PHONE = 'Write + and digits alone, in quotes, as "+5531999990000".'


def _moment(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise invalid("format", "there is no such moment", _MOMENT) from None
    return value


class PastMessage(Section):
    """Something that was said before."""

    role: Literal["contact", "crew", "teammate"]
    """Author: the contact, the crew that answered, or a teammate."""
    text: Words
    """Words of the message, as they were read."""


class ToolRequest(Section):
    """A tool that the recorded model asked for."""

    tool: Word
    """The tool's name."""
    arguments: Mapping[str, Any] = {}
    """Its arguments, by name."""


class ModelAnswer(Section):
    """One answer of the model."""

    text: Text = ""
    """Its words; may be empty where it asks for tools."""
    calls: tuple[ToolRequest, ...] = ()
    """Tools that it asks for, all at once. Empty: it answers."""


class Recorded(Section):
    """Answers of everything outside, in the order in which they were given."""

    model: tuple[Words | ModelAnswer, ...] = ()
    """The model's answers: a text, or `{text: ..., calls: [{tool: ..., arguments: {...}}]}`. One that is asked for and
    is not here makes the case a miss."""
    tools: Mapping[str, tuple[Any, ...]] = {}
    """Results by the tool's name; one with the key `error` is a failure. A call that is not here makes a miss."""


class Case(Section):
    """One rehearsed conversation, and what is expected of it."""

    name: Line
    """Name of the case, once in its set: reports and the gate name it."""
    group: Line = ""
    """Group that the case is counted in, as `delivery`. Empty: that of the file's name."""
    channel: Channel = "webchat"
    """Channel that the contact writes in."""
    inbox: Annotated[int, Field(ge=0), NUMBER] = 0
    """Chatwoot's number (id) of the inbox. 0: one that the mapping does not name."""
    phone: Annotated[str, matching(r"^\+[1-9][0-9]{6,14}$", _PHONE)] | None = None
    """The contact's phone. Unset: none is known."""
    at: Annotated[str, AfterValidator(_moment)] = "2026-01-06T10:00"
    """Moment of the conversation, as 2026-11-24T10:00, in the tenant's time zone: opening hours and offers are told by
    it."""
    history: tuple[PastMessage, ...] = ()
    """Messages from before, oldest first."""
    say: Annotated[tuple[Words | tuple[Words, ...], ...], Field(min_length=1)]
    """Messages of the contact, oldest first; a list among them is one burst, to be answered once. See `turns`."""
    turns: Literal["each", "one"] | None = None
    """`each`: every entry of `say` is answered by itself, with what was recorded before it as its past; `one`: all of
    them once. Unset: each, where as many answers of the model are recorded as there are entries, else one."""
    recorded: Recorded = Recorded()
    """Answers of the model and of tools, in order."""
    expect: Expect = Expect()
    """Expectations of the last answer, and of the tools that were called."""
    must: Flag = False
    """True: the gate is closed while this case alone does not pass."""
    reviewed: Flag = True
    """True: a person has read the case. A captured draft says `false`, and is not run."""
    purpose: Text = ""
    """Reason why it was taken from a conversation, where it was."""
    conversation: Line = ""
    """Conversation that it was taken from, as `1:25`. Empty: a person wrote it."""
    message: Annotated[int, Field(ge=0), NUMBER] = 0
    """Chatwoot's number (id) of the last message that it was taken from: the same one is not captured twice."""
    contact: Line = ""
    """Contact that it was taken from, as `1:93`, by whom `erase` finds it."""

    @property
    def captured(self) -> bool:
        """Tell whether it was taken from a conversation."""
        return bool(self.conversation or self.contact)

    @model_validator(mode="after")
    def _says_something(self) -> "Case":
        for at, entry in enumerate(self.say):
            if not entry:
                raise invalid("too-short", "a burst without messages", "Write a message, or remove it.", "say", at)
        return self

    @property
    def bursts(self) -> tuple[tuple[str, ...], ...]:
        """Return the contact's messages by turn: each of these is answered once."""
        entries = tuple((each,) if isinstance(each, str) else each for each in self.say)
        single = self.turns == "one" or (self.turns is None and not self._answers_each)
        return (tuple(text for entry in entries for text in entry),) if single else entries

    @property
    def _answers_each(self) -> bool:
        """Tell whether each entry is answered by itself where nothing says so: bursts are marked, or answers do."""
        return not all(isinstance(each, str) for each in self.say) or len(self.recorded.model) >= len(self.say)
