"""Settings of time: when a burst is over, when people hear of a delay, what is remembered, when figures are sent."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from chatwootai.model.message.turn import ContextLimits
from chatwootai.stores import lifetimes
from config.schema.base import NUMBER, Flag, Section, invalid

_CLOCK: Final = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)$")


def _clock(value: Any) -> Any:
    """Return `"08:00"` as a time of day."""
    if isinstance(value, time):
        return value
    found = _CLOCK.match(value) if isinstance(value, str) else None
    if found is None:
        raise invalid("type", "a time of day is needed", 'Write it in quotes with two digits each, as "08:00".')
    return time(int(found[1]), int(found[2]))


Clock = Annotated[
    time,
    BeforeValidator(_clock),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string", "pattern": _CLOCK.pattern, "examples": ["08:00"]}),
]
_HOUR_MS: Final = 3600 * lifetimes.SECOND


def _longest(kind: str, unit_ms: int) -> int:
    return lifetimes.RETAINED[kind] // unit_ms


class Burst(Section):
    """The end of a burst: of messages that get one answer."""

    window_ms: Annotated[int, Field(ge=0, le=30_000), NUMBER] = 500
    """Milliseconds of silence that end a burst: messages that follow each other faster get one answer. Longer where
    contacts write in pieces, at the price of answering later."""
    cap_ms: Annotated[int, Field(ge=0, le=60_000), NUMBER] = 2500
    """Milliseconds from a burst's first message after which it is answered even if the contact writes on. At least
    `window_ms`."""

    @model_validator(mode="after")
    def _cap_holds_window(self) -> "Burst":
        if self.cap_ms < self.window_ms:
            remedy = f"Write `cap_ms: {self.window_ms}` or more."
            raise invalid(
                "order", f"cap_ms ({self.cap_ms}) is less than window_ms ({self.window_ms})", remedy, "cap_ms"
            )
        return self


class Context(Section):
    """Memory of a conversation between turns."""

    exchanges: Annotated[int, Field(ge=0, le=200), NUMBER] = 12
    """Number of earlier messages, of contact, crew and teammates together, that the model is shown. 0 shows none."""
    tokens: Annotated[int, Field(ge=0, le=100_000), NUMBER] = 1500
    """Tokens that earlier messages may take up in the prompt, estimated at four characters each; the oldest go
    first."""
    ttl_hours: Annotated[int, Field(ge=1, le=8760), NUMBER] = 72
    """Hours after the last message for which a conversation is remembered. Then Redis forgets it."""

    @property
    def limits(self) -> ContextLimits:
        """Limits of what Redis keeps of a conversation: an exchange is a message and its answer."""
        return ContextLimits(entries=2 * self.exchanges, milliseconds=self.ttl_hours * 3_600_000)


class Retention(Section):
    """Hours or days for which data is kept. Each is at most as it ships; what is kept already follows."""

    messages_hours: Annotated[int, Field(ge=1, le=_longest("messages", _HOUR_MS)), NUMBER] = 24
    """Hours for which messages that were dealt with are kept, with what was read in their attachments and what tools
    did for them, to be answered again on demand (`jobs retry`, `replay`). At most 24."""
    turns_hours: Annotated[int, Field(ge=1, le=_longest("turns", _HOUR_MS)), NUMBER] = 168
    """Hours for which the records of turns are kept, their index, and the steps of conversations. At most 168, a
    week."""
    dead_letters_hours: Annotated[int, Field(ge=1, le=_longest("dead_letters", _HOUR_MS)), NUMBER] = 720
    """Hours for which dead letters are kept, with their messages. At most 720: 30 days."""
    thumbs_days: Annotated[int, Field(ge=1, le=_longest("thumbs", lifetimes.DAY)), NUMBER] = 30
    """Days for which thumbs of people on turns are kept. At most 30."""
    figures_days: Annotated[int, Field(ge=1, le=_longest("figures", lifetimes.DAY)), NUMBER] = 90
    """Days for which the counts of a day are kept: they name nobody. At most 90."""

    @property
    def milliseconds(self) -> Mapping[str, int]:
        """Milliseconds by the kind of data, as `lifetimes.RETAINED` names them."""
        return {
            "messages": self.messages_hours * _HOUR_MS,
            "turns": self.turns_hours * _HOUR_MS,
            "dead_letters": self.dead_letters_hours * _HOUR_MS,
            "thumbs": self.thumbs_days * lifetimes.DAY,
            "figures": self.figures_days * lifetimes.DAY,
        }


class Privacy(Section):
    """Data of contacts beyond a conversation."""

    follow_deletions: Flag = False
    """True: contacts that were deleted or merged in Chatwoot are looked for once a day, by the account's
    `user_token`: who is deleted there is erased here, who is merged is known by the remaining number. `false`:
    `chatwootai erase` alone erases."""
    retention: Retention = Retention()
    """Hours or days for which data is kept, by kind."""


class Interim(Section):
    """A sentence that asks for patience where an answer takes long."""

    after_ms: Annotated[int, Field(ge=500, le=60_000), NUMBER] = 4000
    """Milliseconds from the contact's last message after which the sentence is said, once, if there is no answer
    yet."""
    deadline_ms: Annotated[int, Field(ge=1000, le=300_000), NUMBER] = 30_000
    """Milliseconds from the contact's last message by which the answer must be there once the sentence was said, in
    place of the tenant's own `deadline_ms`. More than `after_ms`."""

    @model_validator(mode="after")
    def _comes_before_the_deadline(self) -> "Interim":
        if self.after_ms >= self.deadline_ms:
            remedy = f"Write less than {self.deadline_ms}, or a later deadline_ms."
            raise invalid("order", "after_ms is not before deadline_ms", remedy, "after_ms")
        return self


class Digest(Section):
    """A message each day with the figures of the day before. The account's own alone counts, not an inbox's."""

    at: Clock
    """Time of day from which it is sent, as `"08:00"`, in the zone of `hours`; UTC where there are none. Where no
    worker ran then it is sent later, by up to six hours."""
    to: Annotated[int, Field(ge=1, le=2_147_483_647), NUMBER]
    """Number of the conversation that it is sent to, as the address of the conversation in Chatwoot has it: the
    owner's own, or one that teammates look into."""
    note: Flag = False
    """True: as a private note, which teammates alone read. `false`: as a message to whoever the conversation is with;
    where the channel takes no free text any more (WhatsApp after 24 hours), as a note."""
