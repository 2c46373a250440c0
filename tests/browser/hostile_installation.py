"""An installation whose every kept string is script, in the Redis and the folder that a console reads."""

import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

import config
from chatwootai.stores import keys
from chatwootai.stores.conversation.turns import Turns
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

HOSTILE = "<script>window.ran=1</script><img src=x onerror='window.ran=1'>\"'&{{7*7}}"
TURN = "turn:1:25:1"
LONG = "a-word-that-no-line-can-break-because-it-has-no-space-at-all" * 3


async def plant(redis: Connection, folder: Path) -> None:
    """Write it: the shipped shops under a hostile name, in `folder` and published; turns, letters and all else."""
    shutil.copytree(Path(config.__file__).parent / "domains", folder / "domains")
    mapping = (Path(config.__file__).parent / "chatwoot_mapping.yaml").read_text(encoding="utf-8")
    name = orjson.dumps(HOSTILE).decode()
    (folder / "chatwoot_mapping.yaml").write_text(mapping.replace("name: Sandra Cosmeticos", f"name: {name}"))
    assert name in (folder / "chatwoot_mapping.yaml").read_text()
    await _versions(redis, folder)
    await _turns(redis)
    await _letters(redis)
    await _knowledge(redis)
    await Incidents(redis).note(Kind.SIGNATURE, "1", HOSTILE, HOSTILE, 3)
    await Incidents(redis).note(Kind.TOOL, "2", LONG, HOSTILE, 3)
    await Pauses(redis).pause("2", time.time() + 600, who=HOSTILE, why=LONG)
    await AuditLog(redis).append(HOSTILE, "publish", account="1", of=LONG, details={"why": HOSTILE})


async def _versions(redis: Connection, folder: Path) -> None:
    sources, versions = gather(folder, os.environ), ConfigVersions(redis)
    await versions.publish("before", pack(sources, os.environ), by=HOSTILE, why=LONG, accounts=2)
    await versions.publish(sources.digest(), pack(sources, os.environ), by=HOSTILE, why=HOSTILE, accounts=2)
    base = await versions.current()
    assert base is not None
    terms = {"share": 1_000, "account": "1", "inbox": None, "until": 4e9, "rules": ["handoffs>30%"]}
    await Canaries(redis).start("canary", b"packed", terms, base, by=HOSTILE, why=HOSTILE, accounts=2)
    (folder / "domains/furniture/account_2/config.yaml").write_text(f"nonsense_key: {orjson.dumps(HOSTILE).decode()}\n")


async def _turns(redis: Connection) -> None:
    now, today = int(time.time()), datetime.now(UTC).date()
    life = [f"{now} 0\tadmitted\tmessage=7\tdelivery={HOSTILE}", f"{now} 5\tcommitted\tturn={TURN}\tcause={HOSTILE}"]
    await redis.rpush(keys.life("1:25"), *life)  # type: ignore[misc]  # as redis-py types it
    record = {
        "account": "1", "conversation": 25, "inbox": 11, "channel": HOSTILE, "function": HOSTILE, "outcome": "handoff",
        "cause": "topic", "why": HOSTILE, "error": HOSTILE, "served_by": HOSTILE, "plan": HOSTILE, "model": LONG,
        "calls": 1, "prompt_tokens": 9, "completion_tokens": 4, "seconds": 1.5, "cost": 0.01,
        "tools": [[HOSTILE, HOSTILE, 0.2]], "passages": [[HOSTILE, LONG, 0.8, True]],
        "steps": [["queue", 0.01], [HOSTILE, 1.0]],
    }  # fmt: skip
    await Turns(redis).write(TURN, record)
    await Thumbs(redis).put("1", TURN, up=False, reason="tone", by=HOSTILE)
    for number, (outcome, cause) in enumerate((("handoff", "topic"), ("reply", ""), ("silence", ""))):
        turn = EndedTurn(
            account="1", turn=TURN if not number else f"<script>{number}", conversation=25 + number, inbox=11,
            channel="<b>x</b>", outcome=outcome, cause=cause and HOSTILE, why=HOSTILE, served_by=HOSTILE, seconds=2.5,
            cost=NANO, tokens=7, config=1, late=HOSTILE,
        )  # fmt: skip
        await Figures(redis).write(turn, record, today)


async def _letters(redis: Connection) -> None:
    for number, cause in enumerate((HOSTILE, LONG)):
        letter = {"conv": "1:25", "turn": TURN, "cause": cause, "at": time.time(), "deliveries": []}
        await redis.zadd(keys.DEAD, {f"d{number}": time.time() * 1000})
        await redis.set(keys.dead(f"d{number}"), orjson.dumps(letter))


async def _knowledge(redis: Connection) -> None:
    store = KnowledgeStore(redis)
    source = {
        "source": HOSTILE, "place": "", "audience": HOSTILE, "state": "failed", "documents": 2, "passages": 4,
        "problems": [{"document": LONG, "reason": HOSTILE}], "read_at": 1_700_000_000.0,
    }  # fmt: skip
    for _ in range(2):
        token = await store.begin("1") or ""
        version = await store.write("1", {"customers": b"x"})
        about = {"account": "1", "version": version, "model": HOSTILE, "ingested_at": 1.7e9, "sources": [source]}
        await store.publish("1", version, orjson.dumps(about), token)
        await store.end("1", token)
