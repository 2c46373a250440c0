"""A canary as operators see it: what both sides came to, and putting it in force or stopping it."""

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from chatwootai.model.canary.bounds import bounds
from chatwootai.model.canary.rules import CHANCE, Measure, Share
from chatwootai.model.canary.terms import Side
from chatwootai.stores.figures.day_counts import read_counts
from chatwootai.stores.figures.figures import Figures, TurnFilter
from chatwootai.stores.figures.measures import measures
from chatwootai.stores.figures.summary import summary
from chatwootai.stores.installation.canaries import Canaries, Canary, CannotStart, Result
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.operators.thumbs import Thumbs
from chatwootai.stores.server.connection import Connection
from ops.access import CommandError, NotFound, operator_name
from ops.events.audit import write_down
from ops.other_shards import on_other_shards
from ops.printing import tell
from ops.versions.misplaced import refuse_misplaced
from ops.versions.publishing import current_version, publish_version, read_accounts, read_version

if TYPE_CHECKING:
    from config.files.sources import Sources

Json = dict[str, Any]


async def start_canary(versions: ConfigVersions, sources: "Sources", terms: Mapping[str, Any]) -> None:
    """Begin a canary beside the version in force, on this shard; processes follow within a second.

    Raises:
        CommandError: one runs already, the folder says just what is in force, or it places an account on a shard that
            the account has left, so that it could never be promoted.
        NotFound: nothing is in force yet.
        StoreUnavailable: Redis is away.
    """
    from config.files.packing import pack

    connection, digest, base = versions.connection, sources.digest(), await current_version(versions)
    if base.digest == digest:
        raise CommandError(f"the folder says what version {base.number} says, which is in force")
    accounts = read_accounts(sources)
    await refuse_misplaced(accounts)
    packed, why = pack(sources, os.environ), f"canary {terms['share'] / 100:g} %"
    try:
        version = await Canaries(connection).start(
            digest, packed, terms, base, by=operator_name(), why=why, accounts=len(accounts)
        )
    except CannotStart as refused:
        raise CommandError(str(refused)) from None
    details = {**terms, "rules": ", ".join(terms["rules"])}
    await write_down(connection, "canary", account=terms["account"], of=str(version), details=details)
    tell(f"canary {version} has begun")


async def promote_canary(connection: Connection) -> bool:
    """Put the canary that runs in force everywhere; the version before is set aside until the folder changes.

    Returns:
        False where another shard went away meanwhile, which is told.

    Raises:
        CommandError: it went back or was refused on another shard, or one is away.
        NotFound: none runs.
        StoreUnavailable: Redis is away.
    """
    versions, running = ConfigVersions(connection), await running_canary(connection)
    await _require_good_elsewhere(running.digest)
    current = await current_version(versions)
    sources = await read_version(versions, running.terms.version)
    aside = tuple(each for each in {*current.overrules, current.digest} if each != running.digest)
    done = await publish_version(versions, sources, "publish", f"canary {running.terms.version} promoted", aside)
    tell("The folders stay as they are: take the change over there, for their next change is put in force.")
    return done


async def _require_good_elsewhere(digest: str) -> None:
    """Find out how this canary stands on the other shards, which its promotion would reach as well.

    Raises:
        CommandError: it went back or was refused there, or a shard is away, which is told.
    """
    bad: list[str] = []

    async def look(connection: Connection, shard: str) -> None:
        found = await Canaries(connection).newest()
        if found is None or found.over is None or found.digest != digest:
            return
        if found.over.result in {Result.BACK, Result.REFUSED}:
            bad.append(f"canary {found.terms.version} of shard {shard} ended as {found.over.result}: {found.over.why}")

    if not await on_other_shards(look):
        bad.append("how it stands there is not known")
    if bad:
        means = "not put in force: `config publish` puts its folder in force everywhere, if you mean that"
        raise CommandError("\n".join([*bad, means]))


async def stop_canary(connection: Connection) -> None:
    """Let the version in force answer everybody again, on this shard.

    Raises:
        NotFound: none runs.
        StoreUnavailable: Redis is away.
    """
    version = (await running_canary(connection)).terms.version
    if await Canaries(connection).end(version, Result.STOPPED, by=operator_name()):
        await write_down(connection, "canary stop", of=str(version))
        tell(f"canary {version} is stopped")


async def running_canary(connection: Connection) -> Canary:
    """Return the canary that runs.

    Raises:
        NotFound: none runs.
        StoreUnavailable: Redis is away.
    """
    if (found := await Canaries(connection).running()) is None:
        raise NotFound("no canary runs; `chatwootai config publish --canary 10%` begins one")
    return found


async def read_canary(connection: Connection) -> Json | None:
    """Return the canary that runs, or the last one, with both sides; None: there was none yet.

    `sides`: what `summary` tells, `thumbs` up and down, and of each measure `share`, `low` and `high` (what that many
    turns speak for, at every look), all from 0 to 1. `workers`: how many serve it, of how many.

    Raises:
        StoreUnavailable: Redis is away.
    """
    found = await Canaries(connection).newest()
    if found is None:
        return None
    version = found.terms.version
    counts = {side: read_counts(raw) for side, raw in (await Canaries(connection).counts(version)).items()}
    thumbs = await _thumbs(connection, found)
    workers = [one for one in await Processes(connection).all() if one.kind == "worker" and not one.gone]
    return {
        "version": version,
        "base": found.base,
        "state": found.over.result if found.over else "running",
        "why": found.over.why if found.over else "",
        "ended_by": found.over.by if found.over else "",
        "ended": found.over.at if found.over else None,
        "at": found.at,
        "by": found.by,
        **found.terms.as_json(),
        "share": found.terms.share / 10_000,
        "sides": {
            side: {**summary(one), "thumbs": thumbs[side], "measures": _as_json(measures(one))}
            for side, one in counts.items()
        },
        "workers": {"all": len(workers), "serving": sum(one.canary == version for one in workers)},
    }


def _as_json(found: Mapping[Measure, Share]) -> Json:
    told: Json = {}
    for measure, share in found.items():
        low, high = bounds(share.hits, share.total, CHANCE / 2)
        told[measure] = {"hits": share.hits, "of": share.total, "share": share.value, "low": low, "high": high}
    return told


async def _thumbs(connection: Connection, canary: Canary) -> dict[Side, dict[str, int]]:
    """Return the thumbs on turns of each side, of those that the index still has."""
    sides = {canary.terms.version: Side.CANARY, canary.base: Side.BASE}
    told = {side: {"up": 0, "down": 0} for side in Side}
    figures, thumbs = Figures(connection), Thumbs(connection)
    for account in [canary.terms.account] if canary.terms.account else await figures.accounts():
        given = {name: one for name, one in (await thumbs.all(account)).items() if one.at >= canary.at}
        if not given:
            continue
        wanted = TurnFilter(account=account, since=canary.at, turns=frozenset(given), inbox=_only_inbox(canary))
        async for one in figures.walk(wanted):
            if (side := sides.get(one.turn.config)) is not None:
                told[side]["up" if given[one.turn.turn].up else "down"] += 1
    return told


def _only_inbox(canary: Canary) -> int | None:
    """Return the inbox in which both sides are; None where one side is beside it."""
    return canary.terms.inbox if canary.terms.share < 10_000 else None
