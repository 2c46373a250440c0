"""For arq's own CLI: the same turns, taken by polling. `arq workers.WorkerSettings`, `arq --check ...`.

Apart from environment.py, because arq wants its connection while this is imported, and a bad REDIS_URL must not keep
our own worker from saying so.
"""

import os
from typing import ClassVar

from arq.connections import ArqRedis, RedisSettings

from chatwootai.stores import lifetimes
from chatwootai.stores.server import arq
from workers.process.environment import served_shards
from workers.process.job_functions import FUNCTIONS, NEVER, pack, shutdown, startup, unpack

_URL = served_shards(os.environ)[0].url


class WorkerSettings:
    """Settings of arq's own worker."""

    functions = FUNCTIONS
    on_startup = startup
    on_shutdown = shutdown
    redis_pool: ClassVar[ArqRedis] = arq.pool(_URL)
    redis_settings: ClassVar[RedisSettings] = arq.redis_settings(_URL)
    job_serializer = pack
    job_deserializer = unpack
    max_jobs = 100
    poll_delay = 0.05
    keep_result = 0
    max_tries = NEVER
    job_completion_wait = 8
    health_check_interval = 30
    expires_extra_ms = lifetimes.JOB_MS
    log_results = False
