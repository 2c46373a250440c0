"""A tenant's knowledge beyond its facts: sources of documents, as an operator declares them in `knowledge.yaml`.

They stand by name beside a `config.yaml`, or under its `knowledge:`, and are inherited as everything is. Whether a file
or a site is there is not looked at here: `chatwootai check` and the ingest do, so that a document that is gone stops
nobody's answers.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from config.document.problems import Problem
from config.document.tree import Node, Scalar, Table
from config.schema.base import (
    FOR_MACHINES,
    NUMBER,
    Flag,
    Language,
    Line,
    Machine,
    Section,
    Text,
    Url,
    invalid,
    matching,
)
from config.secrets.secret import Secret, Token

FILE = "knowledge.yaml"
RECORDS_FILE = "records.yaml"
"""Records in the configuration itself: those that people have put right since."""
MOST_QUESTIONS = 50
KINDS = ("records", "files", "site", "portal", "settings")
"""The keys of which each source has one: where its documents come from."""
SOURCES = ("knowledge", "sources")
FOLDER = "folder"
"""The key, ours and not an operator's, that tells where a source's paths begin."""

_PATH = "Write a path below the folder of this file, as manual/*.md: no `..`, no `/` first, no `\\`."


def _below(path: str) -> str:
    if ".." in PurePosixPath(path).parts or path.endswith("/"):
        raise invalid("path", "this path leads out of the folder, or to no file", _PATH)
    return path


RelativePath = Annotated[
    str, matching(r"^[^/\\\x00-\x1f][^\\\x00-\x1f]*$", _PATH, max_length=300), AfterValidator(_below), FOR_MACHINES
]
_NAME = "Write small letters, digits, `_` and `-`, a letter or digit first, at most 48."
SourceName = Annotated[str, matching(r"^[a-z0-9][a-z0-9_-]{0,47}$", _NAME)]
_SLUG = "Write the portal as in its address: letters, digits, `-` and `_`."
_LOCALE = "Write it as the portal does, as pt_BR, es or en."
_PART = "Write the beginning of a path of the site, as /help/."
SitePath = Annotated[str, matching(r"^/[^\s]*$", _PART, max_length=300), FOR_MACHINES]


class Source(Section):
    """A source of documents: one of `records`, `files`, `site`, `portal` and `settings`."""

    records: RelativePath | None = None
    """A file beside this one with a JSON object a line: `id`, `content` or `answer`; `question`, `title`, `url`."""
    files: Annotated[tuple[RelativePath, ...], Field(max_length=100)] = ()
    """Paths beside this file, `*` and `**` allowed: md, txt, html, pdf, docx, xlsx and csv."""
    site: Url | None = None
    """A public web site: its pages are found by its sitemap, or else by its links, as robots.txt allows."""
    portal: Annotated[str, matching(r"^[A-Za-z0-9_-]{1,100}$", _SLUG), FOR_MACHINES] | None = None
    """A help centre of this account's Chatwoot, by its name in the address; read by the account's user token."""
    settings: Literal["answers", "facts", "records"] | None = None
    """Reads the settings themselves: the curated `answers`, the company's `facts`, or the `records` of this name."""
    locale: Annotated[str, matching(r"^[a-z]{2,3}([_-][A-Za-z]{2,4})?$", _LOCALE), FOR_MACHINES] | None = None
    """The language of a portal's articles; none for all of them."""
    pages: Annotated[int, Field(ge=1, le=20_000), NUMBER] = 500
    """The greatest number of pages of a site, or articles of a portal, that is read."""
    only: Annotated[tuple[SitePath, ...], Field(max_length=50)] = ()
    """Beginnings of a site's paths: pages elsewhere are not read. None: the whole host."""
    sitemap: Flag = True
    """Whether a site's sitemap.xml tells its pages; false: links alone."""
    every_hours: Annotated[float, Field(ge=0, le=8760), NUMBER] | None = None
    """Hours until workers read it again; 0: only by command. Default: site and portal 24, others 1."""
    audience: Literal["customers", "team"] = "customers"
    """Who may read it: what is the team's is never offered to a crew that writes to customers."""
    url: Url | None = None
    """The address to cite for its documents, where they have none of their own."""
    max_age_days: Annotated[int, Field(ge=1, le=3650), NUMBER] | None = None
    """Days after which a document that was not seen again is no longer offered."""
    folder: Annotated[SkipJsonSchema[str], FOR_MACHINES] = ""
    """Where its paths begin, below the configuration's folder: set as this file is read, and never written."""

    @model_validator(mode="after")
    def _has_one_kind(self) -> "Source":
        said = [kind for kind in KINDS if getattr(self, kind)]
        if len(said) != 1:
            remedy = f"Write one of {', '.join(KINDS)}; two sources are two entries."
            raise invalid("one-of", f"{' and '.join(said) or 'nothing'} says where documents come from", remedy)
        return self

    @property
    def kind(self) -> str:
        """The key that says where its documents come from."""
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def holds_records(self) -> bool:
        """Tell whether the settings' `records` of its name are its own too."""
        return self.kind == "records" or self.settings == "records"

    @property
    def hours(self) -> float:
        """Hours between two readings by workers; 0: it is never read again."""
        if self.every_hours is not None:
            return self.every_hours
        return 24.0 if self.kind in {"site", "portal"} else 1.0


class Embeddings(Section):
    """A model of an OpenAI-compatible endpoint that makes embeddings."""

    model: Machine
    """Its name at the endpoint."""
    base_url: Url | None = None
    """Where it is served; the model's own endpoint where none is said."""
    api_key: Token | None = None
    """The key of that endpoint."""
    dimensions: Annotated[int, Field(ge=16, le=4096), NUMBER] | None = None
    """The number of values in one embedding, where the model can shorten it."""


_ID = "Write letters, digits and `_ . : / -`, a letter or digit first, at most 100."
RecordId = Annotated[str, matching(r"^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}$", _ID)]


class Record(Section):
    """A record of a source of records, a document of its own; it takes the place of the one of its id in the file."""

    content: Annotated[Text, Field(min_length=1)]
    """Text that a crew is offered with a question that it may answer; at most 20,000 characters."""
    questions: Annotated[tuple[Annotated[Line, Field(min_length=1)], ...], Field(max_length=MOST_QUESTIONS)] = ()
    """Questions that it answers, as customers write them: questions are compared with them first. None: its content
    alone is searched."""
    title: Line = ""
    """Name that is shown where it is cited. Unset: none."""
    url: Url | None = None
    """The address to cite for it. Unset: that of its source."""


Records = Mapping[SourceName, Mapping[RecordId, Record]]
"""Records by the name of their source and their id."""


_DSN = "Write postgresql://user:password@host:5432/database, in a variable or a file: ${KNOWLEDGE_POSTGRES}."


def _database(secret: Secret) -> Secret:
    if secret and not secret.reveal().startswith(("postgresql://", "postgres://")):
        raise invalid("database", "this is no address of a PostgreSQL", _DSN)
    return secret


class Postgres(Section):
    """A PostgreSQL with pgvector that holds indexes too large for a worker's memory."""

    url: Annotated[Token, AfterValidator(_database)]
    """Its address with user and password, as `postgresql://user:password@host/database`. Write a reference, as
    `${KNOWLEDGE_POSTGRES}`, or `ENC:`. The user needs the right to create a schema. An account's folder may name one
    on a host that the mapping allows it (`private_hosts`)."""
    above_passages: Annotated[int, Field(ge=0, le=50_000), NUMBER] = 50_000
    """Number of passages above which an account's index lies there; smaller ones lie in Redis and in workers' memory,
    where a search needs no network. The default is the most that those hold."""


class Knowledge(Section):
    """A tenant's knowledge. The file of a layer holds what differs from the layers above it."""

    sources: Mapping[SourceName, Source] = {}
    """Sources by name; a later layer replaces keys of a source of the same name, null removes it."""
    show_sources: Literal["never", "links"] = "never"
    """`links`: titles and addresses stand below a reply that used them."""
    embeddings: Literal["local"] | Embeddings = "local"
    """What makes embeddings: `local`, the encoder that comes with the project, or a model elsewhere."""
    postgres: Postgres | None = None
    """The PostgreSQL for indexes of more than 50,000 passages. Unset: that is the limit."""
    language: Language | None = None
    """The language most documents are written in, where it is not the tenant's own."""


def place_in_folder(layer: Table, folder: str) -> Table:
    """Return a layer of settings whose sources know the folder, below the configuration's, that their paths begin in.

    A layer that only changes a source of a layer above it leaves that source's folder alone.
    """
    knowledge = layer.items.get("knowledge")
    sources = knowledge.items.get("sources") if isinstance(knowledge, Table) else None
    if not isinstance(knowledge, Table) or not isinstance(sources, Table):
        return layer
    items = {name: _place(node, folder) for name, node in sources.items.items()}
    found = Table(sources.mark, items, sources.keys, sources.fresh)
    inside = Table(knowledge.mark, {**knowledge.items, "sources": found}, knowledge.keys, knowledge.fresh)
    return Table(layer.mark, {**layer.items, "knowledge": inside}, layer.keys, layer.fresh)


def _place(node: Node, folder: str) -> Node:
    if not isinstance(node, Table) or FOLDER in node.items or not {"records", "files"} & node.items.keys():
        return node
    written = Scalar(node.mark, folder, folder)
    return Table(node.mark, {**node.items, FOLDER: written}, {**node.keys, FOLDER: node.mark}, node.fresh)


def written_folders(layer: Table) -> Iterator[Problem]:
    """Yield a problem for each source of a layer, as it was written, that names the folder its paths begin in."""
    knowledge = layer.items.get("knowledge")
    sources = knowledge.items.get("sources") if isinstance(knowledge, Table) else None
    for name, node in sources.items.items() if isinstance(sources, Table) else ():
        if isinstance(node, Table) and FOLDER in node.items:
            message = f"`knowledge.sources.{name}.{FOLDER}`: there is no such key"
            remedy = "Remove it: paths begin in the folder of the file they are written in."
            yield Problem(*node.keys[FOLDER], "unknown-key", message, remedy)
