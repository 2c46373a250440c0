"""arq's functions and hooks, shared by `python -m workers` and arq's own CLI (arq_settings.py)."""

from typing import Any

import msgpack
from arq.worker import Function, func

from chatwootai.stores.jobs.queue import Queue
from chatwootai.telemetry import log
from workers.process.environment import Environment, worker_id
from workers.process.resources import WorkerResources
from workers.turn.job import work

_JOB_SECONDS = 120
"""How long stock arq lets a job run; a turn ends by its own deadline long before."""
NEVER = 1_000_000
"""Tries are counted for each conversation, not by arq, where a deploy would use them up."""


def pack(value: dict[str, Any]) -> bytes:
    """Return a job in msgpack: nothing from Redis is ever unpickled. An exception becomes its name."""
    packed: bytes = msgpack.packb(value, default=lambda other: repr(other)[:200])
    return packed


def unpack(raw: bytes) -> dict[str, Any]:
    """Return a job from msgpack; lists stay lists."""
    value: dict[str, Any] = msgpack.unpackb(raw)
    return value


async def turn(ctx: dict[str, Any], conv: str) -> None:
    """Work on a conversation; there is no other job."""
    resources: WorkerResources = ctx["resources"]
    await work(resources.context, conv, ctx["job_id"], lost=bool(ctx.get("lost")))


async def startup(ctx: dict[str, Any]) -> None:
    """Open the worker's resources; under arq's own worker, create them first."""
    if "resources" not in ctx:
        log.configure_from(process="worker")
        resources = ctx["resources"] = WorkerResources(Environment.read(), worker_id())
        resources.background("heartbeat", lambda: _say_alive(resources))
    await ctx["resources"].open()


async def shutdown(ctx: dict[str, Any]) -> None:
    """Close the worker's resources."""
    await ctx["resources"].close()


async def _say_alive(resources: WorkerResources) -> None:
    """Under arq's own worker nobody renews leases; the sweep tells by this heartbeat whose jobs to run again."""
    await Queue(resources.connection, resources.worker_id, lease=resources.environment.lease).live()


FUNCTIONS: list[Function] = [func(turn, name="turn", timeout=_JOB_SECONDS, max_tries=NEVER, keep_result=0)]
