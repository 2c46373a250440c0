"""Settings of the company: who answers, what it offers, and how it speaks on a channel."""

from collections.abc import Mapping

from pydantic import model_validator

from config.schema.base import Date, Flag, Line, Section, Text, Word, Words, invalid
from config.settings.localized import SaidLine
from config.settings.pacing import Burst


class Company(Section):
    """The company that answers."""

    name: Line = ""
    """The company's name, as contacts read it. Empty: the name that stands in the mapping."""
    description: Text = ""
    """The company's business and range, in one paragraph. Crews read it, contacts do not."""
    facts: Mapping[str, Text] = {}
    """All that a crew knows of the company: topic to text, in the tenant's own words. What is not written here, a crew
    must not claim."""


class Promotion(Section):
    """Something that a crew may offer for some days."""

    name: Word
    """The promotion's name, as contacts may read it."""
    text: Words
    """The offer and its conditions."""
    start: Date
    """First day, as 2026-11-20, in the tenant's time zone."""
    end: Date
    """Last day, this one included, as 2026-12-24. Not before `start`."""

    @model_validator(mode="after")
    def _ends_after_start(self) -> "Promotion":
        if self.end < self.start:
            raise invalid("order", "end is before start", "Write a later end, or an earlier start.", "end")
        return self


class ChannelSettings(Section):
    """Settings of one channel, where they differ from the tenant's."""

    enabled: Flag = True
    """Whether a crew answers here. `false` gives every conversation of this channel to people at once."""
    tone: Text | None = None
    """How crews speak on this channel. Unset: as the tenant's `tone` says."""
    emoji: Flag | None = None
    """Whether crews may use emoji on this channel. Unset: as the tenant's `emoji` says."""
    signature: SaidLine | None = None
    """Line below each answer on this channel: a text, or language to text. Unset: the tenant's on e-mail, else none."""
    burst: Burst | None = None
    """When a burst ends on this channel. Unset: as the tenant's `burst` says."""
