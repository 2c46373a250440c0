"""`python -m workers`: our Worker, on uvloop, until SIGTERM."""

import asyncio
import errno
import sys

import uvloop

from chatwootai.stores import lifetimes
from chatwootai.stores.jobs.queue import Queue
from chatwootai.stores.server.connection import BadRedisUrl, connect
from chatwootai.stores.server.examination import CannotUse
from chatwootai.telemetry import log
from chatwootai.telemetry.descriptors import raise_limit
from chatwootai.telemetry.start import takes_strict
from config.document.problems import ConfigurationError
from workers.process.environment import BadEnvironment, Environment, worker_id
from workers.process.job_functions import FUNCTIONS, pack, shutdown, startup, unpack
from workers.process.memory import keep_small
from workers.process.resources import WorkerResources
from workers.process.worker import Worker

_CONNECTIONS = 128
_PORT = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL})


def main() -> int:
    """Run a worker; 0 after an orderly stop, 2 if the environment or the configuration is wrong."""
    strict = takes_strict("python -m workers", "Take turns: run the crews and post their replies, until SIGTERM.")
    try:
        keep_small()
        log.configure_from(process="worker")
        environment = Environment.read(strict=strict)
        raise_limit()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_run(environment))
    except OSError as error:
        if error.errno not in _PORT:
            raise
        port = "WORKER_METRICS_PORT names the port of /metrics and /readyz (0: a free one)"
        print(f"cannot listen: {error.strerror or error}. {port}", file=sys.stderr)  # noqa: T201 - as below
        return 2
    except (BadEnvironment, BadRedisUrl, CannotUse, log.LogSettingsError, ConfigurationError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - before and beside the log: for the person who started it
        return 2


async def _run(environment: Environment) -> int:
    name = worker_id()
    connection = connect(environment.redis_url, timeout=5.0, max_connections=_CONNECTIONS)
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


if __name__ == "__main__":
    sys.exit(main())
