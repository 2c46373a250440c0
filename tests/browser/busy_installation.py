"""An installation in the middle of its week, in the Redis and the folder that a console reads: for pictures."""

import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

import config
from chatwootai.stores import keys
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.figures.day_counts import Spent
from chatwootai.stores.figures.ended_turn import NANO, EndedTurn
from chatwootai.stores.figures.figures import Figures
from chatwootai.stores.installation.canaries import Canaries
from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.installation.incidents import Incidents, Kind
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.operators.pauses import Pauses
from chatwootai.stores.operators.thumbs import Thumbs
from chatwootai.stores.server.connection import Connection
from config.files.packing import pack
from config.files.sources import gather

TURN = "turn:1:25:1"
_DAYS = 7
_NO_USER_TOKEN = "# user_token:"
_CAPTURE = '\nevals: {capture: {purpose: "to keep answers about delivery as they are"}}\n'


async def plant(redis: Connection, folder: Path) -> None:
    """Write it: the shipped shops in `folder`, published twice, a canary of the second's change, a week of turns."""
    shipped = Path(config.__file__).parent
    shutil.copytree(shipped / "domains", folder / "domains")
    mapping = (shipped / "chatwoot_mapping.yaml").read_text(encoding="utf-8")
    assert _NO_USER_TOKEN in mapping
    (folder / "chatwoot_mapping.yaml").write_text(mapping.replace(_NO_USER_TOKEN, "user_token:"), encoding="utf-8")
    version, base = await _versions(redis, folder)
    await _turns(redis, version, base)
    await _knowledge(redis)
    now = time.time()
    for account, ago in (("1", 40), ("2", 7_000)):
        await redis.hset("cw:arrived", account, f"{(now - ago) * 1000:.0f}")  # type: ignore[misc]  # as redis-py types it
    await Incidents(redis).note(Kind.SIGNATURE, "2", "webhook", "wrong", 3)
    await Pauses(redis).pause("2", now + 5_400, who="ana (console)", why="the courier's service is away")
    audit = AuditLog(redis)
    await audit.append("ana", "config publish", of="2", details={"why": "new opening hours"})
    await audit.append("rui (console)", "retry", account="1", count=12, details={"cause": "model: 401"})
    await audit.append("ana (console)", "pause", account="2", details={"why": "the courier's service is away"})


async def _versions(redis: Connection, folder: Path) -> tuple[int, int]:
    """Return the canary's version, and the one that it is measured against."""
    versions, own = ConfigVersions(redis), folder / "domains/retail/account_1/config.yaml"
    sources = gather(folder, os.environ)
    await versions.publish(sources.digest(), pack(sources, os.environ), by="ana", why="publish", accounts=2)
    own.write_text(own.read_text(encoding="utf-8") + _CAPTURE, encoding="utf-8")
    sources = gather(folder, os.environ)
    await versions.publish(sources.digest(), pack(sources, os.environ), by="rui (console)", why="draft", accounts=2)
    base = await versions.current()
    assert base is not None
    terms = {"share": 2_000, "account": "1", "inbox": None, "until": time.time() + 3_600, "rules": ["handoffs>30%"]}
    return await Canaries(redis).start(
        "5d41402abc4b2a76" * 4, b"x", terms, base, by="ana", why="canary", accounts=2
    ), base.number


async def _turns(redis: Connection, version: int, base: int) -> None:
    figures, today = Figures(redis), datetime.now(UTC).date()
    record = {
        "account": "1", "conversation": 25, "inbox": 11, "channel": "whatsapp", "function": "customer_service",
        "outcome": "reply", "served_by": "crew", "model": "small", "calls": 1, "prompt_tokens": 900, "seconds": 1.4,
        "completion_tokens": 60, "steps": [["queue", 0.01], ["model", 1.1], ["post", 0.2]],
        "passages": [["faq", "entregas", 0.8, True], ["faq", "trocas", 0.6, False], ["site", "lojas", 0.5, True]],
    }  # fmt: skip
    await Turns(redis).write(TURN, record)
    await redis.rpush(keys.life("1:25"), f"{int(time.time())} 0\tadmitted\tmessage=7")  # type: ignore[misc]  # as redis-py types it
    for number in range(_DAYS * 12):
        handed, canary = number % 9 == 0, number % 5 == 0 and number < 12
        turn = EndedTurn(
            account="1", turn=f"turn:1:{number}:1", conversation=25 + number, inbox=11, channel="whatsapp",
            outcome="handoff" if handed else "reply", cause="asked" if handed else "", seconds=0.6 + number % 7 / 3,
            served_by="people" if handed else "crew", cost=NANO // 500 * (1 + number % 3), tokens=900,
            config=version if canary else base,
        )  # fmt: skip
        spent = Spent("customer_service", {"small" if number % 4 else "large": (turn.cost, 900)})
        day = today - timedelta(days=number // 12)
        side = f"{version}:{'canary' if canary else 'base'}" if number < 12 else ""
        await figures.write(turn, record, day, spent=spent, canary=side)
        if number % 11 == 0:
            await Thumbs(redis).put("1", turn.turn, up=number % 2 == 0, reason="", by="ana")


async def _knowledge(redis: Connection) -> None:
    store, now = KnowledgeStore(redis), time.time()
    for ago in (9 * 86_400, 3_600):
        sources = [
            {"source": name, "place": "", "audience": "customers", "state": state, "documents": count,
             "passages": 4 * count, "problems": problems, "read_at": now - ago - 60 * count}
            for name, state, count, problems in (
                ("faq", "read", 42, []), ("site", "partly", 12, [{"document": "lojas.html", "reason": "404"}]),
                ("catalogue", "read", 310, []),
            )
        ]  # fmt: skip
        token = await store.begin("1") or ""
        version = await store.write("1", {"customers": b"x"})
        about = {"account": "1", "version": version, "model": "e5-small", "ingested_at": now - ago, "sources": sources}
        await store.publish("1", version, orjson.dumps(about), token)
        await store.end("1", token)
