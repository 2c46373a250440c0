"""Says what Redis stands on, and which processes live on it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

from chatwootai.stores.installation.incidents import Incidents
from chatwootai.stores.installation.processes import Process, Processes
from chatwootai.stores.operators.dead_letters import DeadLetters
from chatwootai.stores.operators.inspection import Inspection
from chatwootai.stores.server.connection import BadRedisUrl, StoreUnavailable, connect
from chatwootai.stores.server.examination import CannotUse, examine
from chatwootai.stores.server.server_check import UNKNOWN, check_server, server_version
from chatwootai.stores.server.shards import BadShards, Shard, Shards, UnknownShard
from config.snapshot import Account
from ops.access import away_message, on_shard
from ops.doctor.verdict import Verdict, ok, problem, warning
from ops.jobs.incidents import describe_incident


async def look_at_each_redis(accounts: Iterable[Account], environ: Mapping[str, str]) -> list[Verdict]:
    """Return what an operator should know of each Redis of the installation, and of accounts with turns elsewhere."""
    try:
        shards = Shards.from_environment(environ)
        homes = {one.key: shards.of(one.key, one.shard) for one in accounts}
    except (BadShards, UnknownShard) as error:
        return [problem("Redis", str(error))]
    lines: list[Verdict] = []
    for shard in shards:
        with on_shard(shard, alone=True):
            found = await look_at_redis(shard.url)
            if shard.name:
                found += await _misplaced(shard, homes)
        of = f" of shard {shard.name}" if shard.name else ""
        lines += [replace(line, topic=f"{line.topic}{of}") for line in found]
    return lines


async def _misplaced(shard: Shard, homes: Mapping[str, Shard]) -> list[Verdict]:
    """Return a warning for each account with turns on a shard that it does not live on; none where it is away."""
    connection = connect(shard.url, timeout=5.0)
    try:
        stats = await Inspection(connection).stats()
        here = {one.account for one in stats.tenants}
        here |= {one.conv.rpartition(":")[0] async for one in DeadLetters(connection).all()}
    except StoreUnavailable:
        return []
    finally:
        await connection.aclose()
    return [
        warning(
            "Redis",
            f"it holds turns here, and lives on shard {homes[key].name}",
            f"`chatwootai accounts where {key}` shows what lies where",
            key,
        )
        for key in sorted(here & homes.keys())
        if homes[key] != shard
    ]


async def look_at_redis(url: str) -> list[Verdict]:
    """Return what an operator should know of the Redis at a URL, and of the processes and incidents that it knows."""
    try:
        connection = connect(url, timeout=5.0)
    except BadRedisUrl as error:
        return [problem("Redis", str(error))]
    try:
        await examine(connection)
        footing = await check_server(connection)
        troubles = footing.troubles if footing else (UNKNOWN,)
        lines = [warning("Redis", each) for each in troubles]
        named = await server_version(connection) or "of unknown version"
        lines = lines or [ok("Redis", f"{named}, append-only, noeviction")]
        troubled = [_incident(asdict(one)) for one in await Incidents(connection).all()]
        return [*lines, *_processes(await Processes(connection).all()), *troubled]
    except CannotUse as error:
        return [problem("Redis", str(error), "docs/reference/redis.md")]
    except StoreUnavailable as error:
        return [problem("Redis", away_message(error))]
    finally:
        await connection.aclose()


def _incident(one: dict[str, Any]) -> Verdict:
    said, remedy = describe_incident(one)
    return warning("now", said, remedy[0].upper() + remedy[1:], one["account"])


def _processes(found: Iterable[Process]) -> Iterable[Verdict]:
    living = [one for one in found if not one.gone]
    for kind, name, command in (("ingress", "doors", "python -m ingress"), ("worker", "workers", "python -m workers")):
        here = [one for one in living if one.kind == kind]
        if not here:
            yield problem(name, "none lives on this Redis", f"Start one: `{command}`")
            continue
        releases = sorted({one.release for one in here})
        yield ok(name, f"{len(here)} live, release {', '.join(releases)}")
        if releases != [own := version("chatwootai")]:
            yield warning(name, f"this command line is {own}", "Install the same release everywhere")
    for one in living:
        if one.refused:
            said = f"{one.name} refuses its folder: {one.problems[0] if one.problems else one.refused}"
            yield problem("configuration", said, "`chatwootai config status` shows all of it")
