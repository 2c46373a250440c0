"""The tables of one version for one audience: their names, how they are made and dropped, and which of them are known.

Each version has tables of its own, named by chance, so that none can be read for another account, a version is dropped
whole, and each has a graph of its own for its vectors.
"""

import hashlib
import secrets
from collections.abc import Collection
from typing import Any, Final

SCHEMA: Final = "cw_knowledge"
_LOCK: Final = 0x6B6E6F77
"""Of those who make the schema at the same moment."""
_REGISTRY: Final = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE IF NOT EXISTS {SCHEMA}.versions (
    name text PRIMARY KEY,
    account text NOT NULL,
    audience text NOT NULL,
    outline bytea NOT NULL,
    made timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS versions_of_an_account ON {SCHEMA}.versions (account);
"""
_KINDS: Final = ("entries", "blocks", "terms", "asked", "windows")
_MOST_DIMENSIONS: Final = 4_000
"""Of halfvec, in a graph; more are compared one by one."""
_FEW: Final = 4_000
"""Embeddings up to which each is compared, as in memory."""


def new_name(account: str) -> str:
    """Return a name for the tables of a new version."""
    return f"{hashlib.sha256(account.encode()).hexdigest()[:12]}_{secrets.token_hex(8)}"


def table(name: str, kind: str) -> str:
    """Return the name of one of a version's tables, as SQL has it."""
    return f'{SCHEMA}."{kind}_{name}"'


async def make_registry(connection: Any) -> None:
    """Make the schema and the list of versions where they are missing; inside a transaction."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
    await connection.execute(_REGISTRY)


async def create(connection: Any, name: str, dimensions: int) -> None:
    """Create a version's tables, without indexes."""
    numbered = "number int NOT NULL, data bytea NOT NULL"
    vectors = f"number int NOT NULL, passage int NOT NULL, place int NOT NULL, embedding halfvec({dimensions}) NOT NULL"
    postings = "rarity real NOT NULL, owners bytea NOT NULL, weights bytea NOT NULL"
    terms = f"field smallint NOT NULL, digest bigint NOT NULL, {postings}"
    for kind, columns in zip(_KINDS, (numbered, numbered, terms, vectors, vectors), strict=True):
        await connection.execute(f"CREATE TABLE {table(name, kind)} ({columns})")


async def index(connection: Any, name: str, dimensions: int, sizes: dict[str, int]) -> None:
    """Index a version's tables once they are filled. `sizes`: how many embeddings are in `asked` and in `windows`."""
    for kind in ("entries", "blocks"):
        await connection.execute(f"ALTER TABLE {table(name, kind)} ADD PRIMARY KEY (number)")
    await connection.execute(f"ALTER TABLE {table(name, 'terms')} ADD PRIMARY KEY (digest, field)")
    await connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for kind, size in sizes.items():
        await connection.execute(f"CREATE INDEX ON {table(name, kind)} (passage)")
        if size > _FEW and dimensions <= _MOST_DIMENSIONS:
            await connection.execute(f"CREATE INDEX ON {table(name, kind)} USING hnsw (embedding halfvec_cosine_ops)")
    for kind in _KINDS:
        await connection.execute(f"ANALYZE {table(name, kind)}")


async def known(connection: Any, account: str) -> list[str]:
    """Return the names of an account's versions; none where there is no list yet."""
    if await connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.versions") is None:
        return []
    rows = await connection.fetch(f"SELECT name FROM {SCHEMA}.versions WHERE account = $1", account)
    return [row["name"] for row in rows]


async def drop(connection: Any, names: Collection[str]) -> None:
    """Drop versions, and all that they held."""
    for name in names:
        async with connection.transaction():
            await connection.execute(f"DELETE FROM {SCHEMA}.versions WHERE name = $1", name)
            for kind in _KINDS:
                await connection.execute(f"DROP TABLE IF EXISTS {table(name, kind)}")
