"""Versions written to PostgreSQL, read back to take over what has not changed, and forgotten."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from typing import Any, Final

from crews.knowledge.index import lexicon, vectors
from crews.knowledge.index.index import Index
from crews.knowledge.index.serialization import InvalidIndex
from crews.knowledge.postgres import tables
from crews.knowledge.postgres.outline import Outline, outline_of, pack_entry, read_entry, read_outline
from crews.knowledge.postgres.rows import numbered_rows, read_vectors, term_rows, vector_rows
from crews.knowledge.postgres.server import Server

_WRITE_SECONDS: Final = 3_600.0
_PIECE: Final = 256 * 1024


async def write(server: Server, account: str, audience: str, index: Index) -> str:
    """Write an index beside all others, and return its name; nobody asks it before that name is published.

    Raises:
        IndexUnavailable: the server does not answer, or refuses; nothing is left of it.
    """
    name = tables.new_name(account)
    dimensions = max(1, index.windows.values.shape[1], index.asked.values.shape[1])
    places = index.places[1]
    async with server.connection() as connection, connection.transaction():
        await tables.make_registry(connection)
        await tables.create(connection, name, dimensions)
        await _fill(connection, name, "entries", numbered_rows(pack_entry(each) for each in index.entries))
        await _fill(connection, name, "blocks", numbered_rows(index.blocks))
        await _fill(connection, name, "terms", term_rows((index.questions, index.words)))
        sizes = {}
        for kind, kept in (("asked", index.asked), ("windows", index.windows)):
            await _fill(connection, name, kind, vector_rows(kept, dimensions, places))
            sizes[kind] = len(kept.values)
        await tables.index(connection, name, dimensions, sizes)
        await connection.execute(
            f"INSERT INTO {tables.SCHEMA}.versions (name, account, audience, outline) VALUES ($1, $2, $3, $4)",
            *(name, account, audience, outline_of(index, dimensions)),
        )
    return name


async def _fill(connection: Any, name: str, kind: str, rows: Iterable[bytes]) -> None:
    await connection.copy_to_table(
        f"{kind}_{name}", schema_name=tables.SCHEMA, source=_pieces(rows), format="binary", timeout=_WRITE_SECONDS
    )


async def _pieces(rows: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Rows in pieces that are worth sending; other tasks have their turn between two of them."""
    kept = bytearray()
    for row in rows:
        kept += row
        if len(kept) >= _PIECE:
            yield bytes(kept)
            kept.clear()
            await asyncio.sleep(0)
    yield bytes(kept)


async def published_outline(server: Server, account: str, audience: str, name: str) -> Outline:
    """Return the outline of a version that was published.

    Raises:
        IndexUnavailable: the server does not answer, or refuses.
        InvalidIndex: there is no such version of this account's, or it is of another format.
    """
    async with server.connection() as connection:
        if await connection.fetchval("SELECT to_regclass($1)", f"{tables.SCHEMA}.versions") is None:
            raise InvalidIndex("PostgreSQL holds no versions")
        found = await connection.fetchval(
            f"SELECT outline FROM {tables.SCHEMA}.versions WHERE name = $1 AND account = $2 AND audience = $3",
            *(name, account, audience),
        )
    if found is None:
        raise InvalidIndex("PostgreSQL does not hold this version")
    return read_outline(found)


async def read_documents(server: Server, account: str, audience: str, name: str) -> Index:
    """Return a version's documents, passages and embeddings, to take over from; its words are not read.

    Raises:
        IndexUnavailable, InvalidIndex: as `published_outline`.
    """
    outline = await published_outline(server, account, audience, name)
    async with server.connection() as connection:
        said = {kind: await _numbered(connection, name, kind) for kind in ("entries", "blocks")}
        kept = {kind: await _vectors(connection, name, kind, outline) for kind in ("asked", "windows")}
    nothing = lexicon.build([], outline.languages)
    return Index(
        entries=tuple(map(read_entry, said["entries"])),
        owners=outline.owners,
        blocks=tuple(said["blocks"]),
        questions=nothing,
        words=nothing,
        asked=kept["asked"],
        windows=kept["windows"],
        encoder=outline.encoder,
        tuning=outline.tuning,
        tokens=outline.tokens,
    )


async def _numbered(connection: Any, name: str, kind: str) -> list[bytes]:
    rows = await connection.fetch(
        f"SELECT data FROM {tables.table(name, kind)} ORDER BY number", timeout=_WRITE_SECONDS
    )
    return [row["data"] for row in rows]


async def _vectors(connection: Any, name: str, kind: str, outline: Outline) -> vectors.Vectors:
    data = bytearray()

    async def keep(piece: bytes) -> None:
        data.extend(piece)

    query = f"SELECT number, passage, place, embedding FROM {tables.table(name, kind)} ORDER BY number"
    await connection.copy_from_query(query, output=keep, format="binary", timeout=_WRITE_SECONDS)
    owners, embeddings = read_vectors(bytes(data), outline.dimensions)
    return vectors.build(embeddings, owners, outline.size)


async def forget(server: Server, account: str, kept: Collection[str]) -> int:
    """Drop the versions of an account but those kept, also what an ingest that was ended has left; return how many.

    Raises:
        IndexUnavailable: the server does not answer, or refuses.
    """
    async with server.connection() as connection:
        old = sorted(set(await tables.known(connection, account)) - set(kept))
        await tables.drop(connection, old)
    return len(old)
