"""How a contact can be reached: mails of one's own, templates where free text may not be sent, media that is read."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from config.secret import Secret
from config.section import NUMBER, Flag, Line, Section, Text


class Mail(Section):
    """What only a tenant knows of its mail. `own`: addresses of the company, never answered and never in copy."""

    own: tuple[Line, ...] = ()

    def is_own(self, address: str | None) -> bool:
        """Whether an address is the company's."""
        return address is not None and address.strip().lower() in {each.strip().lower() for each in self.own}


class Template(Section):
    """A message that WhatsApp has approved, sent where its 24 hours have passed. `text`: what Chatwoot shows of it.

    `parameters`: what fills its placeholders, by their number or name.
    """

    name: Line
    language: Line = "pt_BR"
    category: Line = "UTILITY"
    text: Text
    parameters: Mapping[str, Line] = {}


class Hearing(Section):
    """The model that transcribes voice notes, and where it is served; as the openai package reads it by default."""

    name: Line = "gpt-4o-mini-transcribe"
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s@]+$")] | None = None
    api_key: Secret | None = None


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
    hosts: tuple[Line, ...] = ()
