"""How a contact can be reached: messages that are answered, mails of one's own, templates past a window, media."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from chatwootai.channels.incoming import Manner
from config.secret import Token
from config.section import FOR_MACHINES, NUMBER, Flag, Machine, Section, Url, Word, Words, form, wrong

_FILLED = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
Mailbox = Annotated[
    str, form(r"^[^\s@]+@[^\s@]+$", "Write a whole address, as loja@example.com.", max_length=300), FOR_MACHINES
]
Host = Annotated[
    str,
    form(
        r"^([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$",
        "Write the machine alone, as files.internal or files.internal:8443.",
    ),
    FOR_MACHINES,
]


class Mail(Section):
    """What only a tenant knows of its mail. `own`: addresses of the company, never answered and never in copy."""

    own: tuple[Mailbox, ...] = ()

    def is_own(self, address: str | None) -> bool:
        """Whether an address is the company's."""
        return address is not None and address.strip().lower() in {each.strip().lower() for each in self.own}


class Messages(Section):
    """Which messages are answered, and whose what nobody has signed is.

    `groups`: also in groups, which bridges bring as one contact each. `most_hours`: what was written longer ago, as
    history that is imported, is remembered and not answered (0: no limit). `unsigned`: who wrote an outgoing message
    without a sender, a rule, a campaign or a template: `person` (typed on the paired phone), or `automation`.
    """

    groups: Flag = False
    most_hours: Annotated[int, Field(ge=0, le=8760), NUMBER] = 24
    unsigned: Literal["person", "automation"] = "person"

    @property
    def manner(self) -> Manner:
        """The same as the reader of messages wants it."""
        seconds = self.most_hours * 3600.0 if self.most_hours else None
        return Manner(groups=self.groups, most_seconds=seconds, unsigned_is_person=self.unsigned == "person")


class Template(Section):
    """A message that WhatsApp has approved, sent where its 24 hours have passed. `text`: what Chatwoot shows of it.

    `parameters`: what fills its placeholders, by their number or name.
    """

    name: Word
    language: Annotated[str, form(r"^[a-z]{2,3}(_[A-Z]{2})?$", "Write it as WhatsApp does, as pt_BR or en.")] = "pt_BR"
    category: Literal["UTILITY", "MARKETING", "AUTHENTICATION"] = "UTILITY"
    text: Words
    parameters: Mapping[str, Word] = {}

    @model_validator(mode="after")
    def _placeholders_are_filled(self) -> "Template":
        for name in _FILLED.findall(self.text):
            if name not in self.parameters:
                remedy = f'Write what stands for it under `parameters:`, as "{name}": text.'
                raise wrong("placeholder", f"nothing fills {{{{{name}}}}}", remedy, "text")
        return self


class Hearing(Section):
    """The model that transcribes voice notes, and where it is served; as the openai package reads it by default."""

    name: Machine = "gpt-4o-mini-transcribe"
    base_url: Url | None = None
    api_key: Token | None = None


class Media(Section):
    """What of a contact's attachments is read. `images`: passed to the model, which must be one that sees.

    `most_mb`: larger files are not opened. `hosts`: where files may lie though the address is private, as `host` or
    `host:port`; the tenant's own Chatwoot needs no entry.
    """

    voice: Flag = True
    images: Flag = True
    files: Flag = True
    hearing: Hearing = Hearing()
    most_mb: Annotated[int, Field(ge=1, le=40), NUMBER] = 10
    hosts: tuple[Host, ...] = ()
