"""Settings of ways to a contact: messages that are answered, mails of one's own, templates past a window, media."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from chatwootai.channels.incoming.receipt import ReadingRules
from config.schema.base import FOR_MACHINES, NUMBER, Flag, Machine, Section, Url, Word, Words, invalid, matching
from config.secrets.secret import Token

_FILLED = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
Mailbox = Annotated[
    str,
    matching(r"^[^\s@]+@[^\s@]+$", "Write a whole address, as loja@example.com.", max_length=300),
    FOR_MACHINES,
]
Host = Annotated[
    str,
    matching(
        r"^([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$",
        "Write the machine alone, as files.internal or files.internal:8443.",
    ),
    FOR_MACHINES,
]


class Mail(Section):
    """Facts that only the tenant knows of its e-mail."""

    own: tuple[Mailbox, ...] = ()
    """The company's own addresses. Mail from them is never answered, and they are never put in copy."""

    def is_own(self, address: str | None) -> bool:
        """Tell whether an address is the company's."""
        return address is not None and address.strip().lower() in {each.strip().lower() for each in self.own}


class Messages(Section):
    """Rules for messages: those that are answered, and the author of those that nobody has signed."""

    groups: Flag = False
    """Whether messages in groups are answered, which bridges bring as one contact each. Off: nobody there asked us."""
    most_hours: Annotated[int, Field(ge=0, le=8760), NUMBER] = 24
    """Hours since a message was written after which it is remembered and not answered, as imported history. 0: no
    limit."""
    unsigned: Literal["person", "automation"] = "person"
    """Author of an outgoing message without a sender: `person` (typed on the paired phone, so people have the
    conversation) or `automation`."""

    @property
    def reading_rules(self) -> ReadingRules:
        """The same as the reader of messages wants it."""
        return _reading_rules(self.groups, self.most_hours, self.unsigned)


@cache  # asked for with each message
def _reading_rules(groups: bool, most_hours: int, unsigned: str) -> ReadingRules:
    seconds = most_hours * 3600.0 if most_hours else None
    return ReadingRules(groups=groups, most_seconds=seconds, unsigned_is_person=unsigned == "person")


class Template(Section):
    """Message that WhatsApp has approved, sent where its 24 hours have passed."""

    name: Word
    """Name of the template at WhatsApp."""
    language: Annotated[str, matching(r"^[a-z]{2,3}(_[A-Z]{2})?$", "Write it as WhatsApp does, as pt_BR or en.")] = (
        "pt_BR"
    )
    """Language of the template as WhatsApp writes it, as pt_BR or en."""
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    """Category that WhatsApp has approved it in."""
    text: Words
    """Its text with placeholders, as `{{1}}`: Chatwoot shows it to teammates."""
    parameters: Mapping[str, Word] = {}
    """Value of each placeholder, by its number or name."""

    @model_validator(mode="after")
    def _placeholders_are_filled(self) -> "Template":
        for name in _FILLED.findall(self.text):
            if name not in self.parameters:
                remedy = f'Write what stands for it under `parameters:`, as "{name}": text.'
                raise invalid("placeholder", f"nothing fills {{{{{name}}}}}", remedy, "text")
        return self


class Hearing(Section):
    """The model that transcribes voice notes, and where it is served."""

    name: Machine = "gpt-4o-mini-transcribe"
    """The model's name, as its endpoint knows it."""
    base_url: Url | None = None
    """Address of an OpenAI-compatible endpoint, up to `/v1`. Unset: the one that the openai package reads from the
    environment."""
    api_key: Token | None = None
    """Key of the endpoint. Write a reference, as `${OPENAI_API_KEY}`, or `ENC:`. Unset: `OPENAI_API_KEY`."""


class Media(Section):
    """Kinds of attachments that are read."""

    voice: Flag = True
    """Whether voice notes are transcribed and answered like text."""
    images: Flag = True
    """Whether images are passed to the model, which must be one that sees."""
    files: Flag = True
    """Whether the text of documents and spreadsheets is read."""
    hearing: Hearing = Hearing()
    """The model that transcribes voice notes."""
    most_mb: Annotated[int, Field(ge=1, le=40), NUMBER] = 10
    """Megabytes of the largest file that is opened. Larger ones are named to the crew and not read."""
    hosts: tuple[Host, ...] = ()
    """Hosts at private addresses that files may be fetched from, as `host` or `host:port`. The tenant's own Chatwoot
    needs no entry."""
