"""Logs: one JSON object a line on stderr, or a readable line on a terminal; the standard library's routed the same way.

Bind what a whole turn shares once: `structlog.contextvars.bind_contextvars(account=..., conversation=..., turn=...)`
or `with log.bound(account=...)`; every line of that task then carries it, also those of aiohttp, arq and openai.
"""

import asyncio
import atexit
import contextlib
import contextvars
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final, TextIO

import orjson
import structlog

from chatwootai.telemetry import mask
from chatwootai.telemetry.recent import RECENT

LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
FORMATS: Final = ("json", "console")

Logger = structlog.typing.FilteringBoundLogger

# They tell each request and each connection at info: of use only to who debugs.
_QUIET: Final = ("httpx", "httpcore", "openai", "aiohttp.access", "asyncio", "watchfiles", "urllib3", "opentelemetry",
          "arq.worker")  # fmt: skip


class LogSettingsError(ValueError):
    """LOG_LEVEL or LOG_FORMAT has a value that means nothing; the message says which are known."""


def get(name: str) -> Logger:
    """Return a logger whose lines carry the room they come from, like "ingress.webhook"."""
    logger: Logger = structlog.get_logger(room=name)
    return logger


def bound(**values: Any) -> AbstractContextManager[None]:
    """Bind values to every line written inside the `with` block, in this task and those it starts."""
    return structlog.contextvars.bound_contextvars(**values)


@contextlib.contextmanager
def unbound() -> Iterator[None]:
    """Write the lines of the `with` block without anything bound: they are about no turn of this task's."""
    kept = structlog.contextvars.get_contextvars()
    structlog.contextvars.clear_contextvars()
    try:
        yield
    finally:
        structlog.contextvars.bind_contextvars(**kept)


def own_context() -> contextvars.Context:
    """Return a copy of this context with nothing bound, for a task that outlives the turn which starts it."""
    context = contextvars.copy_context()
    context.run(structlog.contextvars.clear_contextvars)
    return context


def configure_from(
    environ: Mapping[str, str] = os.environ, *, process: str, shard: str = "", for_good: bool = False
) -> None:
    """Configure from LOG_LEVEL and LOG_FORMAT; every line carries `process`, and `shard` where there is one.

    Raises:
        LogSettingsError: a value that is not known.
    """
    level, fmt = environ.get("LOG_LEVEL") or "INFO", environ.get("LOG_FORMAT") or None
    configure(level, fmt, process=process, shard=shard, for_good=for_good)


def configure(
    level: str = "INFO",
    fmt: str | None = None,
    *,
    process: str,
    shard: str = "",
    stream: TextIO | None = None,
    for_good: bool = False,
) -> None:
    """Set up structlog and the standard library's logging, once a process.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL, in any case.
        fmt: "json" or "console"; by default console on a terminal, else json.
        process: the name that every line carries, like "ingress".
        shard: the Redis that the process serves, which every line carries too; empty: there is only one.
        stream: where lines go, stderr by default.
        for_good: nobody configures again. Loggers remember that, and lines up to info are written at the end of the
            event loop's tick, all with one write: for a process that writes thousands a second.

    Raises:
        LogSettingsError: a level or format that is not known.
    """
    stream = stream or sys.stderr
    number = _level(level)
    render = _renderer(_format(fmt, stream), stream)
    shared = _processors(process, shard)
    lines = _GatheredLines(stream) if for_good else _Lines(stream)
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=for_good,  # loggers made at import time must follow a later configure
    )
    _route_stdlib(number, [structlog.contextvars.merge_contextvars, _from_stdlib, *shared], render, stream)


class _Lines:
    """Writes lines; a full disk or a reader that went away costs the line, never the message that is being served."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = critical = exception = log = msg


class _GatheredLines(_Lines):
    """Lines that may wait for the end of the event loop's tick. A warning waits for nothing, nor do those before it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] = []
        atexit.register(self._release)

    def later(self, line: str) -> None:
        loop = asyncio._get_running_loop()
        if loop is None:  # another thread, or no loop at all
            self.msg(line)
            return
        if not self._held:
            loop.call_soon(self._release)
        self._held.append(line)

    def now(self, line: str) -> None:
        if asyncio._get_running_loop() is not None:
            self._release()
        self.msg(line)

    def _release(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self.msg("\n".join(held))

    debug = info = later
    warning = error = critical = exception = log = now


def _level(level: str) -> int:
    if level.upper() not in LEVELS:
        raise LogSettingsError(f"LOG_LEVEL is {level!r}; use one of {', '.join(LEVELS)}")
    return logging.getLevelNamesMapping()[level.upper()]


def _format(fmt: str | None, stream: TextIO) -> str:
    if fmt is None:
        return "console" if stream.isatty() else "json"
    if fmt.lower() not in FORMATS:
        raise LogSettingsError(f"LOG_FORMAT is {fmt!r}; use one of {', '.join(FORMATS)}")
    return fmt.lower()


def _processors(process: str, shard: str) -> list[Callable[..., Any]]:
    stamp = _Stamp()
    origin = {"process": process, **({"shard": shard} if shard else {})}

    def about(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["level"] = method
        event["timestamp"] = stamp()
        event.update(origin)
        return dict(structlog.processors.format_exc_info(logger, method, event)) if "exc_info" in event else event

    return [
        about,
        mask.line,
        RECENT.processor,
    ]


class _Stamp:
    """The time as lines carry it: UTC, in microseconds. Its first part is made once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        second, rest = divmod(time.time_ns() // 1000, 1_000_000)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{rest:06d}Z"


def _renderer(fmt: str, stream: TextIO) -> Callable[..., str]:
    if fmt == "console":
        return structlog.dev.ConsoleRenderer(colors=stream.isatty())
    return _json


def _json(_logger: Any, _method: str, event: dict[str, Any]) -> str:
    event["event"] = event.pop("event", "")  # last in, but always there
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # a lone surrogate, an integer beyond 64 bits: rare, and a line must never be lost
        return json.dumps(event, default=str)


def _from_stdlib(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    record: logging.LogRecord = event["_record"]
    event["logger"] = record.name
    return event


def _route_stdlib(level: int, chain: list[Callable[..., Any]], render: Callable[..., str], stream: TextIO) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING if level > logging.DEBUG else logging.DEBUG)
    logging.captureWarnings(capture=True)
