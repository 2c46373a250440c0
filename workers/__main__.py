"""`python -m workers`: a worker until SIGTERM; of several shards, a child process for each."""

import errno
import os
import sys

from chatwootai.stores.server.address import BadRedisUrl
from chatwootai.stores.server.examination import CannotUse
from chatwootai.telemetry import log
from chatwootai.telemetry.descriptors import raise_limit
from chatwootai.telemetry.start import takes_strict
from config.document.problems import ConfigurationError
from workers.process.environment import BadEnvironment, Environment, metrics_port, served_shards
from workers.process.memory import keep_small
from workers.process.shard_processes import keep_children

_PORT = frozenset({errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL})


def main() -> int:
    """Run a worker, or one for each shard; 0 after an orderly stop, 2 if environment or configuration are wrong."""
    strict = takes_strict("python -m workers", "Take turns: run the crews and post their replies, until SIGTERM.")
    try:
        keep_small()
        log.configure_from(process="worker")
        served = served_shards(os.environ)
        if len(served) > 1:
            return keep_children(served, metrics_port(os.environ), strict=strict)
        return _serve(Environment.read(strict=strict))
    except OSError as error:
        if error.errno not in _PORT:
            raise
        port = "WORKER_METRICS_PORT names the port of /metrics and /readyz (0: a free one)"
        print(f"cannot listen: {error.strerror or error}. {port}", file=sys.stderr)  # noqa: T201 - as below
        return 2
    except (BadEnvironment, BadRedisUrl, CannotUse, log.LogSettingsError, ConfigurationError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - before and beside the log: for the person who started it
        return 2


def _serve(environment: Environment) -> int:
    from workers.process.run_worker import run_worker  # with all that a turn needs: seconds, and 100 MiB

    raise_limit()
    if environment.shard.name:
        log.configure_from(process="worker", shard=environment.shard.name)
        os.environ["REDIS_URL"] = environment.shard.url  # for the processes that it starts
    return run_worker(environment)


if __name__ == "__main__":
    sys.exit(main())
