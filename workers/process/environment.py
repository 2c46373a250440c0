"""A worker's environment variables (the table stands in docs/reference/environment.md)."""

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatwootai.stores.server.shards import BadShards, Shard, Shards, UnknownShard
from chatwootai.telemetry.spans.environment import BadTraces, TraceSettings


class BadEnvironment(ValueError):
    """A variable has a value that means nothing; the message names it and says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A worker's settings. Times in seconds; `slots` for any turn, `reserved` more for the high lane alone.

    `shard`: the Redis that it serves, one of the installation's `shards`.
    `catch_up_hours`: how far back a start asks Chatwoot for customers who still wait; 0: nobody ever asks.
    `catch_up_minutes`: how often it is asked after that; 0: only at the start.
    `catch_up_opened_minutes`: what Chatwoot opened within them for a failed webhook is answered; 0: it is not.
    `traces`: where traces of turns are sent; None: nowhere.
    `strict`: start with the configuration folder or not at all.
    """

    shards: Shards
    shard: Shard
    config: Path
    metrics_port: int
    slots: int
    reserved: int
    lease: float
    grace: float
    catch_up_hours: float
    catch_up_minutes: float
    catch_up_opened_minutes: float
    traces: TraceSettings | None = None
    strict: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ, *, strict: bool = False) -> "Environment":
        """Read it.

        Raises:
            BadEnvironment: a number is none, or out of its range; or it names more shards than one.
        """
        served = served_shards(environ)
        if len(served) > 1:
            raise BadEnvironment("WORKER_SHARDS: one process serves one shard; name it, or start python -m workers")
        return cls(
            shards=Shards.from_environment(environ),
            shard=served[0],
            config=Path(environ.get("CHATWOOTAI_CONFIG") or "config"),
            metrics_port=metrics_port(environ),
            slots=int(_number(environ, "WORKER_SLOTS", 400, 1, 10_000)),
            reserved=int(_number(environ, "WORKER_RESERVED_SLOTS", 16, 0, 1_000)),
            lease=_number(environ, "WORKER_LEASE_SECONDS", 5.0, 1.0, 300.0),
            grace=_number(environ, "WORKER_GRACE_SECONDS", 8.0, 0.0, 300.0),
            catch_up_hours=catch_up_hours(environ),
            catch_up_minutes=_number(environ, "CATCH_UP_MINUTES", 15.0, 0.0, 1440.0),
            catch_up_opened_minutes=_number(environ, "CATCH_UP_OPENED_MINUTES", 0.0, 0.0, 1440.0),
            traces=_traces(environ),
            strict=strict,
        )


def served_shards(environ: Mapping[str, str]) -> tuple[Shard, ...]:
    """Return the shards that WORKER_SHARDS names, in its order; all of them where it is unset or empty.

    Raises:
        BadEnvironment: CHATWOOTAI_REDIS_SHARDS cannot be read, or WORKER_SHARDS names one that it has not.
    """
    try:
        shards = Shards.from_environment(environ)
        wanted = dict.fromkeys(name.strip() for name in environ.get("WORKER_SHARDS", "").split(",") if name.strip())
        return tuple(shards.named(name) for name in wanted) or tuple(shards)
    except BadShards as error:
        raise BadEnvironment(str(error)) from None
    except UnknownShard as error:
        raise BadEnvironment(f"WORKER_SHARDS: {error}") from None


def metrics_port(environ: Mapping[str, str]) -> int:
    """Return the port of the first worker's probes and metrics; 0: a free one.

    Raises:
        BadEnvironment: WORKER_METRICS_PORT is no port.
    """
    return int(_number(environ, "WORKER_METRICS_PORT", 9100, 0, 65535))


def _traces(environ: Mapping[str, str]) -> TraceSettings | None:
    try:
        return TraceSettings.read(environ)
    except BadTraces as error:
        raise BadEnvironment(str(error)) from None


def catch_up_hours(environ: Mapping[str, str]) -> float:
    """Return how far back to catch up. At most a week: what was admitted before is remembered no longer.

    Raises:
        BadEnvironment: CATCH_UP_HOURS is no number, or out of its range.
    """
    return _number(environ, "CATCH_UP_HOURS", 24.0, 0.0, 168.0)


def worker_id() -> str:
    """Return a name for this process that no other has, and that tells an operator where to look."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"


def _number(environ: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    raw = environ.get(name, "")
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        raise BadEnvironment(f"{name} must be a number from {least:g} to {most:g}") from None
    if not least <= value <= most:
        raise BadEnvironment(f"{name} must be a number from {least:g} to {most:g}")
    return value
