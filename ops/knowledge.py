"""Does `chatwootai knowledge`: each action over one Redis and one account, as data or as lines for people."""

import argparse
import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.document.problems import suggestion
from ops.access import CommandError, NotFound
from ops.parsing import lines_of_stdin
from ops.printing import as_json, complain, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chatwootai.stores.server.connection import Connection
    from config.snapshot import Account
    from crews.knowledge.knowledge import Knowledge
    from crews.knowledge.passage import Audience, Hit
    from crews.knowledge.report import Report

_HEAD = ("SOURCE", "STATE", "DOCUMENTS", "PASSAGES", "ADDED", "CHANGED", "REMOVED", "EMBEDDED")
_FIELDS = ("source", "state", "documents", "passages", "added", "changed", "removed", "embedded")


async def ingest(arguments: argparse.Namespace, account: "Account", connection: "Connection") -> int:
    """Read the sources, and say what became of each; 1 where one failed.

    Raises:
        CommandError: nothing is declared, or it cannot be done; with what to do.
    """
    from chatwootai.stores.models.knowledge import Superseded, TooLarge
    from crews.encoding.encoder import EncoderUnavailable
    from crews.knowledge.encoders import AccountEncoders
    from crews.knowledge.ingest.assemble import TooManyPassages
    from crews.knowledge.ingest.ingest import Ingest, IngestRunning
    from crews.knowledge.search.engine import IndexUnavailable
    from crews.knowledge.sources import IngestContext, declared_sources
    from crews.knowledge.storage import IndexStorage

    names = {each.name for each in declared_sources(account)}
    if not names:
        raise CommandError(f"account {account.key} has no sources: write a knowledge.yaml beside its config.yaml")
    if unknown := set(arguments.source or ()) - names:
        raise NotFound(f"there is no source {', '.join(sorted(unknown))}. {suggestion(min(unknown), names)}")
    around = IngestContext(arguments.config, account)
    encoders, storage = AccountEncoders(connection), IndexStorage(connection)
    try:
        encoder = await encoders.encoder_for(account.key, account.settings)
        work = Ingest(connection, around, encoder, _progress(arguments), storage)
        report = await work.run(
            arguments.source, dry_run=arguments.dry_run, due_at=time.time() if arguments.due else None
        )
    except (IngestRunning, Superseded, TooLarge, TooManyPassages, EncoderUnavailable, IndexUnavailable) as error:
        raise CommandError(str(error)) from None
    finally:
        _progress(arguments)("")
        await encoders.aclose()
        await storage.aclose()
    if not arguments.dry_run:
        await _tell(connection, report)
    if arguments.source:
        report.sources = [each for each in report.sources if each.source in arguments.source]
    _print_report(report, arguments.json)
    return 1 if report.failed else 0


async def _tell(connection: "Connection", report: "Report") -> None:
    """Tell all processes which sources could be read, as a worker's own ingest does; and the audit."""
    from chatwootai.stores.installation.incidents import Incidents, Kind
    from ops.events.audit import write_down

    incidents = Incidents(connection)
    for each in report.sources:
        if each.state == "failed":
            reason = each.problems[0].reason if each.problems else "it cannot be read"
            await incidents.note(Kind.KNOWLEDGE, report.account, each.source, reason[:200], 1)
        else:
            await incidents.end(Kind.KNOWLEDGE, report.account, each.source)
    await write_down(connection, "knowledge ingest", account=report.account, of=str(report.version))


def _progress(arguments: argparse.Namespace) -> Any:
    """Return a function that writes what is being done on one line of a terminal's stderr, if there is one."""

    def tell(said: str) -> None:
        if sys.stderr.isatty() and not arguments.json:
            sys.stderr.write(f"\r\x1b[2K{said}" if said else "\r\x1b[2K")
            sys.stderr.flush()

    return tell


def _print_report(report: "Report", as_data: bool) -> None:
    said = data_of(report)
    if as_data:
        as_json(said)
        return
    table(_HEAD, [tuple(each[name] for name in _FIELDS) for each in said["sources"]])
    for each in said["sources"]:
        for problem in each["problems"]:
            where = f"{each['source']}: {problem['document']}" if problem["document"] else each["source"]
            complain(f"{where}: {problem['reason']}")
    when = f" of {_when(report.ingested_at)}" if report.ingested_at else ""
    kind = (
        "nothing was written" if report.dry_run else f"version {report.version}{when}, {report.model or 'words alone'}"
    )
    print(f"{kind}; {report.seconds:g} s" if report.seconds else kind)


def data_of(report: "Report") -> dict[str, Any]:
    """Return a report as it is printed in JSON."""
    said = asdict(report)
    for source in said["sources"]:
        source["ago_days"] = round((time.time() - source["read_at"]) / 86_400, 2) if source["read_at"] else None
        for name in ("place", "tried_at"):
            del source[name]
    return said


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


@asynccontextmanager
async def _with_knowledge(connection: "Connection") -> "AsyncIterator[Knowledge]":
    from crews.knowledge.encoders import AccountEncoders
    from crews.knowledge.index_cache import IndexCache
    from crews.knowledge.knowledge import Knowledge
    from crews.knowledge.search.engine import IndexUnavailable
    from crews.knowledge.storage import IndexStorage

    encoders, storage = AccountEncoders(connection), IndexStorage(connection)
    try:
        yield Knowledge(connection, encoders.encoder_for, IndexCache(connection, storage))
    except IndexUnavailable as error:
        raise CommandError(str(error)) from None
    finally:
        await encoders.aclose()
        await storage.aclose()


def _audience(arguments: argparse.Namespace) -> "Audience":
    return "team" if arguments.team else "customers"


async def search(arguments: argparse.Namespace, account: "Account", connection: "Connection") -> int:
    """Print what would be offered for a question, or for each line of stdin.

    Raises:
        CommandError: nothing was ingested.
    """
    from chatwootai.stores.models.knowledge import KnowledgeStore

    if not await KnowledgeStore(connection).version(account.key):
        raise CommandError(_print_nothing_found(account))

    async def found(question: str) -> list[dict[str, Any]]:
        hits = await knowledge.search(account.key, account.settings, question, arguments.top, _audience(arguments))
        return [_hit_as_json(rank, hit) for rank, hit in enumerate(hits, start=1)]

    async with _with_knowledge(connection) as knowledge:
        if arguments.question == "-":
            async for line in lines_of_stdin():
                print(json.dumps(await found(line), ensure_ascii=False), flush=True)
            return 0
        began = time.perf_counter()
        rows = await found(arguments.question)
    seconds = time.perf_counter() - began
    if arguments.json:
        as_json(rows)
    else:
        _print_hits(rows, arguments.top, seconds)
    return 0


def _hit_as_json(rank: int, hit: "Hit") -> dict[str, Any]:
    return {
        "rank": rank,
        "score": hit.score,
        "source": hit.passage.source,
        "document": hit.passage.document,
        "title": hit.passage.heading or next(iter(hit.passage.questions), ""),
        "text": hit.passage.text,
        "url": hit.passage.url,
    }


def _print_hits(rows: list[dict[str, Any]], top: int, seconds: float) -> None:
    for row in rows:
        print(f"{row['rank']}. {row['score']:.2f}  {row['source']}/{row['document']}  {row['title']}")
        print("   " + "\n   ".join(str(row["text"]).splitlines()[:6]) + (f"\n   {row['url']}" if row["url"] else ""))
    print(f"{len(rows)} of {top}, {1000 * seconds:.0f} ms" if rows else "nothing is near enough to be offered")


def _print_nothing_found(account: "Account") -> str:
    return f"nothing is known yet: run `chatwootai knowledge ingest --account {account.key}` first"


async def status(arguments: argparse.Namespace, account: "Account", connection: "Connection") -> int:
    """Print what is in force; 1 where a source failed.

    Raises:
        CommandError: nothing was ingested.
    """
    from chatwootai.stores.models.knowledge import KnowledgeStore
    from crews.knowledge.report import Report

    store = KnowledgeStore(connection)
    if arguments.versions:
        return await _versions(store, account, arguments.json)
    in_force = await store.in_force(account.key)
    if not in_force.version:
        raise CommandError(_print_nothing_found(account))
    report = Report.unpacked(in_force.about)
    _print_report(report, arguments.json)
    if not arguments.json:
        for audience, weights in report.weights.items():
            print(f"{audience}: {', '.join(f'{name} {value}' for name, value in weights.items())}")
    return 1 if report.failed else 0


async def _versions(store: Any, account: "Account", as_data: bool) -> int:
    from crews.knowledge.report import Report

    current = await store.version(account.key)
    rows = [
        {
            "version": number,
            "in_force": number == current,
            "ingested_at": report.ingested_at,
            "documents": sum(each.documents for each in report.sources),
            "passages": sum(each.passages for each in report.sources),
            "model": report.model,
        }
        for number, about in (await store.versions(account.key)).items()
        for report in (Report.unpacked(about),)
    ]
    if as_data:
        as_json(rows)
    else:
        head = ("VERSION", "IN FORCE", "INGESTED", "DOCUMENTS", "PASSAGES", "MODEL")
        table(head, [(*_result_as_json(row),) for row in rows])
    return 0


def _result_as_json(row: dict[str, Any]) -> tuple[object, ...]:
    mark = "yes" if row["in_force"] else ""
    return row["version"], mark, _when(row["ingested_at"]), row["documents"], row["passages"], row["model"]


async def roll_back(arguments: argparse.Namespace, account: "Account", connection: "Connection") -> int:
    """Put an earlier version in force.

    Raises:
        CommandError: there is none, or it is not kept any more.
    """
    from ops.versions.knowledge import roll_back

    wanted, current = await roll_back(connection, account.key, arguments.to)
    if arguments.json:
        as_json({"account": account.key, "version": wanted, "before": current})
    else:
        print(f"version {wanted} is in force, in place of {current}; the next ingest makes a newer one")
    return 0


async def test(arguments: argparse.Namespace, account: "Account", connection: "Connection") -> int:
    """Ask the questions of a file, and print how many were answered by what was expected.

    Raises:
        CommandError: the file cannot be read, or nothing was ingested.
    """
    from crews.knowledge.trial import run_trial

    questions = await asyncio.to_thread(_questions, arguments.file)
    async with _with_knowledge(connection) as knowledge:
        found = await run_trial(knowledge, account.key, account.settings, questions, _audience(arguments))
    if found is None:
        raise CommandError(_print_nothing_found(account))
    if arguments.json:
        as_json(found)
    else:
        table(("WHAT", "VALUE"), [(name, "" if value is None else value) for name, value in found.items()])
    return 0


def _questions(path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Each question of a file, with the ids of the documents that answer it."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            said = json.loads(line)
            question, expect = said["question"], said["expect"]
            if not (isinstance(question, str) and isinstance(expect, list)):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            shape = '{"question": "...", "expect": ["id"]}'
            raise CommandError(f"{path}:{number}: this line is not {shape}") from None
        found.append((question, tuple(map(str, expect))))
    if not found:
        raise CommandError(f"{path} holds no question")
    return found
