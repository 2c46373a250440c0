"""What the code makes of settings of knowledge: documents read, sources allowed, encoders chosen."""

import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

from chatwootai.stores.server.connection import StoreUnavailable, connect
from config.secrets.secret import Secret
from config.settings.settings import Settings
from config.snapshot import Account, Installation
from crews.knowledge import citations
from crews.knowledge.encoders import AccountEncoders
from crews.knowledge.index.index import Entry
from crews.knowledge.ingest import ingest
from crews.knowledge.ingest.assemble import Piece, assemble_index, cut_document
from crews.knowledge.passage import CUSTOMERS, Document, Passage
from crews.knowledge.reading.reader import FoundDocument, SourceReader
from crews.knowledge.reading.readers import reader_of
from crews.knowledge.reading.site import SiteReader
from crews.knowledge.report import SourceReport
from crews.knowledge.search.engine import IndexUnavailable
from crews.knowledge.sources import DeclaredSource, IngestContext, allowed_sources
from crews.knowledge.storage import IndexStorage
from tests.builders import account

SITE = "http://site.example"
ENTRY = Entry(source="a", place="p", id="d", digest="")
RECORD = '{{"id": "{0}", "content": "{0}"}}'


def _declared(settings: Settings) -> DeclaredSource:
    ((name, source),) = settings.knowledge.sources.items()
    return DeclaredSource(name, source, settings)


def _account(settings: Settings, url: str = "http://127.0.0.1:1") -> Account:
    there = Installation("default", url)
    return account(settings=settings, installation=there, folder="one", user_token=Secret("u"))


async def _read(reader: SourceReader) -> list[Any]:
    found = [each async for each in reader.documents({})]
    return [
        (each.id, each.document.text, each.document.url, each.document.title, each.document.questions)
        for each in found
        if isinstance(each, FoundDocument) and each.document
    ]


async def beside(settings: Settings) -> object:
    """The documents of a source of records, files or settings, from two folders that hold the same names."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("one", "two"):
            place = Path(folder) / name
            place.mkdir()
            for file in ("a", "b"):
                (place / f"{file}.jsonl").write_text(RECORD.format(f"{name}-{file}"))
                (place / f"{file}.md").write_text(f"{name} {file}")
        return await _read(reader_of(_declared(settings), IngestContext(Path(folder), _account(settings))))


@asynccontextmanager
async def _served(answer: Any) -> AsyncIterator[str]:
    made = web.Application()
    made.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(made)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def site(settings: Settings) -> object:
    """The pages of a site: `/one` and `/two`, whose sitemap lists the first alone."""

    async def answer(request: web.Request) -> web.Response:
        here = f"http://{request.host}"
        if request.path == "/robots.txt":
            return web.Response(text="")
        if request.path == "/sitemap.xml":
            return web.Response(text=f"<urlset><url><loc>{here}/one</loc></url></urlset>", content_type="text/xml")
        links = '<a href="/one">1</a><a href="/two">2</a>'
        return web.Response(text=f"<main>{request.path}{links}</main>", content_type="text/html")

    async with _served(answer) as address:
        source = _declared(settings).source
        own = source.model_copy(update={"site": str(source.site).replace(SITE, address)})
        return [
            (name.removeprefix(address), text)
            for name, text, *_ in await _read(SiteReader(own, ["127.0.0.1"], pause=0))
        ]


async def portal(settings: Settings) -> object:
    """The articles of a help centre that tells what it was asked."""

    async def answer(request: web.Request) -> web.Response:
        asked = f"{request.path} {request.query.get('locale')}"
        return web.json_response({"payload": [{"id": 1, "title": "t", "content": asked, "status": "published"}]})

    async with _served(answer) as address:
        return await _read(reader_of(_declared(settings), IngestContext(Path(), _account(settings, address))))


def offered(settings: Settings) -> object:
    """How many sources customers are offered."""
    return len(allowed_sources(settings, CUSTOMERS))


def due(settings: Settings) -> object:
    """Whether a source that was read five hours ago is due."""
    last = SourceReport(source="a", place="p", audience="customers", tried_at=time.time() - 5 * 3600)
    return ingest._should_read(_declared(settings), last, None, time.time())


def lasting(settings: Settings) -> object:
    """Until when a document is offered that could not be read again."""
    report = SourceReport(source="a", place="p", audience="customers", read_at=0.0)
    piece = Piece(Entry(source="a", place="p", id="d", digest=""), ())
    return ingest._kept_piece(piece, _declared(settings), report).entry.expires


def shown(settings: Settings) -> object:
    """What stands below a reply."""
    return citations.source_links(settings, [Passage(source="a", document="d", text="t", url="https://a.example/")])


async def encoder(settings: Settings) -> object:
    """The encoder's name, and whom it asks with which key."""
    connection = connect("redis://127.0.0.1:1")
    encoders = AccountEncoders(connection)
    try:
        made = await encoders.encoder_for("1", settings)
        terms = getattr(made, "_terms", None)
        return made.name, terms and (terms.target.endpoint.base_url, terms.target.endpoint.api_key, terms.dimensions)
    finally:
        await encoders.aclose()
        await connection.aclose()


async def database(settings: Settings) -> object:
    """Which PostgreSQL is asked for an index that lies there."""
    connection = connect("redis://127.0.0.1:1")
    try:
        return IndexStorage(connection)._server(settings.knowledge)._url.reveal()
    finally:
        await connection.aclose()


async def kept_where(settings: Settings) -> object:
    """What a passage is written to, where neither Redis nor PostgreSQL is there."""
    index = (await assemble_index([cut_document(ENTRY, Document(id="d", text="t"))], None, ()))[0]
    connection = connect("redis://127.0.0.1:1")
    storage = IndexStorage(connection)
    try:
        await storage.write("1", {CUSTOMERS: index}, settings.knowledge)
    except (IndexUnavailable, StoreUnavailable) as error:
        return type(error).__name__
    finally:
        await storage.aclose()
        await connection.aclose()


async def stems(settings: Settings) -> object:
    """The languages whose stems an index of no telling text knows."""
    languages = ingest.settings_languages(settings)
    return (await assemble_index([], None, languages))[0].words.languages
