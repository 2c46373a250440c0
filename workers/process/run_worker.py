"""One worker: our Worker on uvloop, until SIGTERM. Apart from `__main__`, since a parent needs none of it."""

import asyncio

import uvloop

from chatwootai.stores import lifetimes
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import connect
from workers.process.environment import Environment, worker_id
from workers.process.job_functions import FUNCTIONS, pack, shutdown, startup, unpack
from workers.process.resources import WorkerResources
from workers.process.worker import Worker

_CONNECTIONS = 128


def run_worker(environment: Environment) -> int:
    """Run a worker; 0 after an orderly stop.

    Raises:
        OSError: the port of its probes cannot be had.
        BadRedisUrl, CannotUse, ConfigurationError: as WorkerResources.open.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(environment))


async def _run(environment: Environment) -> int:
    name = worker_id()
    connection = connect(environment.shard.url, shard=environment.shard.name, timeout=5.0, max_connections=_CONNECTIONS)
    worker = Worker(
        queue=Queue(connection, name, lease=environment.lease),
        connection=connection,
        reserved=environment.reserved,
        grace=environment.grace,
        functions=FUNCTIONS,
        ctx={"resources": WorkerResources(environment, name, connection)},
        on_startup=startup,
        on_shutdown=shutdown,
        max_jobs=environment.slots,
        job_serializer=pack,
        job_deserializer=unpack,
        health_check_interval=30,
        expires_extra_ms=lifetimes.JOB_MS,
    )
    try:
        await worker.async_run()
    finally:
        await worker.close()
        await connection.aclose()
    return 0
