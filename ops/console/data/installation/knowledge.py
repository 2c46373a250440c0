"""The knowledge of an account: its sources and versions, what answers cite most, and a search as workers search.

The search runs in a process of its own, `chatwootai knowledge search`: the console loads neither an encoder nor an
index, and what it shows has the very scores that a turn would have.
"""

import asyncio
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections import Counter
from pathlib import Path
from typing import Any, Final

import orjson

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import Connection
from chatwootai.stores.server.embedded import dies_with_us

_TURNS: Final = 500
_MOST: Final = 20
_SEARCH_SECONDS: Final = 20.0
_one_search = asyncio.Semaphore(1)
_SOURCE: Final = ("source", "audience", "state", "documents", "passages", "added", "changed", "removed", "read_at")

Json = dict[str, Any]


class SearchFailed(Exception):
    """A search could not be done; the message says why."""


async def read_knowledge(connection: Connection, account: str) -> Json:
    """Return the version in force with its sources, the one that was read longest ago first, and the versions kept.

    Raises:
        StoreUnavailable: Redis is away.
    """
    store = KnowledgeStore(connection)
    current = await store.version(account)
    versions = {number: _unpacked(about) for number, about in (await store.versions(account)).items()}
    about = versions.get(current, {})
    sources = [_source(one) for one in about.get("sources") or ()]
    return {
        "version": current or None,
        "model": about.get("model") or None,
        "ingested_at": about.get("ingested_at") or None,
        "sources": sorted(sources, key=lambda one: one["read_at"] or 0.0),
        "versions": [_version(number, one, current) for number, one in versions.items()],
    }


def _unpacked(about: bytes) -> Json:
    try:
        said = orjson.loads(about)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _source(said: Json) -> Json:
    read_at = said.get("read_at") or None
    problems = [
        {"document": str(one.get("document") or ""), "reason": str(one.get("reason") or "")}
        for one in said.get("problems") or ()
    ]
    age = round((time.time() - read_at) / 86_400, 2) if read_at else None
    return {
        **{name: said.get(name) for name in _SOURCE},
        "read_at": read_at,
        "ago_days": age,
        "problems": problems[:_MOST],
    }


def _version(number: int, about: Json, current: int) -> Json:
    sources = about.get("sources") or ()
    return {
        "version": number,
        "in_force": number == current,
        "ingested_at": about.get("ingested_at") or None,
        "documents": sum(one.get("documents") or 0 for one in sources),
        "passages": sum(one.get("passages") or 0 for one in sources),
    }


async def read_cited(connection: Connection, account: str) -> Json:
    """Return which documents the newest 500 turns were offered, and how often their answers cited them, most first.

    Raises:
        StoreUnavailable: Redis is away.
    """
    page = await Figures(connection).page(TurnFilter(account=account), most=_TURNS, most_read=_TURNS)
    records = await Turns(connection).several([one.turn.turn for one in page.turns])
    offered, cited = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for record in records:
        for passage in (record or {}).get("passages") or ():
            source, document, _, named = passage
            offered[source, document] += 1
            cited[source, document] += bool(named)
    ranked = sorted(offered, key=lambda one: (-cited[one], -offered[one], one))
    rows = [
        {"source": source, "document": document, "cited": cited[source, document], "offered": offered[source, document]}
        for source, document in ranked[:_MOST]
    ]
    return {"turns": len(page.turns), "documents": rows}


async def search(config: Path, redis_url: str, account: str, question: str) -> list[Json]:
    """Return what a turn would be offered for a question, best first. One search runs at a time.

    Raises:
        SearchFailed: nothing was ingested, or it takes too long.
    """
    arguments = ("knowledge", "search", "--account", account, "--config", str(config), "--json", "--", question)
    try:
        async with asyncio.timeout(_SEARCH_SECONDS), _one_search:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "ops.cli", *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE,
                env={**os.environ, "REDIS_URL": redis_url}, preexec_fn=_beside,
            )  # fmt: skip
            try:
                said, complaints = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
    except TimeoutError:
        raise SearchFailed(f"the search was not done within {_SEARCH_SECONDS:g} s") from None
    if process.returncode:
        raise SearchFailed(complaints.decode("utf-8", "replace").strip()[-300:] or "the search failed")
    found: list[Json] = orjson.loads(said)
    return found


def _beside() -> None:
    """Let whatever else runs here go first, and end with the console."""
    os.nice(10)
    if dies := dies_with_us():
        dies()
