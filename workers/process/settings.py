"""How a worker is started: what `python -m workers` and arq's own CLI (stock.py) share."""

from typing import Any

import msgpack
from arq.worker import Function, func

from chatwootai.stores.jobs.queue import Queue
from chatwootai.telemetry import log
from workers.process.environment import Environment, worker_id
from workers.process.startup import Shop
from workers.turn.job import work

_JOB_SECONDS = 120
"""How long stock arq lets a job run; a turn ends by its own deadline long before."""
NEVER = 1_000_000
"""Tries are counted for each conversation, not by arq, where a deploy would use them up."""


def pack(value: dict[str, Any]) -> bytes:
    """A job in msgpack: what comes out of Redis is never unpickled. An exception becomes its name."""
    packed: bytes = msgpack.packb(value, default=lambda other: repr(other)[:200])
    return packed


def unpack(raw: bytes) -> dict[str, Any]:
    """A job from msgpack; lists stay lists."""
    value: dict[str, Any] = msgpack.unpackb(raw)
    return value


async def turn(ctx: dict[str, Any], conv: str) -> None:
    """The one job there is: work on a conversation."""
    shop: Shop = ctx["shop"]
    await work(shop.floor, conv, ctx["job_id"], lost=bool(ctx.get("lost")))


async def startup(ctx: dict[str, Any]) -> None:
    """Open the shop, under arq's own worker; ours has opened it with its own name."""
    if "shop" not in ctx:
        log.configure_from(process="worker")
        shop = ctx["shop"] = Shop(Environment.read(), worker_id())
        shop.background("heartbeat", lambda: _say_alive(shop))
    await ctx["shop"].open()


async def shutdown(ctx: dict[str, Any]) -> None:
    """Close it."""
    await ctx["shop"].close()


async def _say_alive(shop: Shop) -> None:
    """Under arq's own worker nobody renews leases; the sweep tells by this heartbeat whose jobs to run again."""
    await Queue(shop.connection, shop.worker, lease=shop.environment.lease).live()


FUNCTIONS: list[Function] = [func(turn, name="turn", timeout=_JOB_SECONDS, max_tries=NEVER, keep_result=0)]
