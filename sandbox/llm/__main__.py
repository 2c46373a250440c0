"""`python -m sandbox.llm`: serve until a signal; one JSON line on stdout says where, once it listens."""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from sandbox.llm.app import runner
from sandbox.llm.curve import CURVES, named
from sandbox.llm.faults import Fault, Kind, from_flag
from sandbox.llm.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server until SIGINT or SIGTERM."""
    given = _arguments().parse_args(argv)
    settings = Settings(
        latency=given.latency,
        seed=given.seed,
        api_keys=tuple(given.api_key),
        median_length=given.median_length,
        trace=given.trace,
        faults=tuple(given.fault),
        requests_per_minute=given.requests_per_minute,
        tokens_per_minute=given.tokens_per_minute,
    )
    with asyncio.Runner(loop_factory=_loop()) as loop:
        loop.run(_serve(settings, given.host, given.port))
    return 0


async def _serve(settings: Settings, host: str, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    serving = runner(settings)
    await serving.setup()
    site = web.TCPSite(serving, host, port, backlog=1024)
    await site.start()
    host, port = serving.addresses[0][:2]
    ready = {"ready": "llm", "url": f"http://{host}:{port}", "base_url": f"http://{host}:{port}/v1"}
    sys.stdout.write(f"{json.dumps(ready)}\n")
    sys.stdout.flush()
    await stop.wait()
    await serving.cleanup()


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory where there is one: a third less CPU."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.llm", description="An OpenAI-compatible stand-in.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--latency", type=_curve, default="instant", help=f"{', '.join(CURVES)} or fixed:500ms")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--api-key", action="append", default=[], help="serve only these keys (repeatable)")
    parser.add_argument("--median-length", type=int, help="completion tokens to aim at; 0: as many as an answer takes")
    parser.add_argument("--trace", type=Path, help="CSV with GeneratedTokens: recorded completion lengths")
    parser.add_argument("--fault", action="append", type=_fault, default=[], help=f"KIND:SHARE of {', '.join(Kind)}")
    parser.add_argument("--requests-per-minute", type=int)
    parser.add_argument("--tokens-per-minute", type=int)
    return parser


def _curve(name: str) -> str:
    try:
        return named(name).name
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


def _fault(flag: str) -> Fault:
    try:
        return from_flag(flag)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None


if __name__ == "__main__":
    sys.exit(main())
