"""`chatwootai demo`: the whole system on this machine, one message through all of it, and a page to go on with."""

import argparse
import asyncio
import os
import signal
import sys
import textwrap
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from chatwootai.stores.server.connection import BadRedisUrl
from chatwootai.stores.server.embedded import NoRedis
from ops.parsing import CommandParser, examples_block, sentence
from ops.verbs.try_out.demo import EXAMPLES, SUMMARY
from sandbox.chatwoot.driver import Driver, DriverError, NothingHappened, Sent
from sandbox.installation import external_redis
from sandbox.installation.own import NotShown, OwnConfiguration
from sandbox.installation.processes import Failed, first_to_end
from sandbox.installation.system import Plan, System

T = TypeVar("T")
_REPLY_SECONDS = 60.0
_TRACE_SECONDS = 3.0
_ACCOUNT, _INBOX = 1, "whatsapp"
_QUESTION = "Oi! Vocês entregam em Belo Horizonte? Quanto tempo leva? É para o pedido SC-1042."
_MODEL = ("--latency", "gpt-4o-mini", "--median-length", "0")
_MEANS = {
    "queue": "from the door to a worker",
    "draft": "the crew writes, waiting for the model",
    "window": "is the customer still writing?",
    "commit": "decided, written down in Redis",
    "post": "into the conversation in Chatwoot",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo; with --once 0 after the reply, 1 with the reason if there is none."""
    given = _arguments().parse_args(argv)
    try:
        borrowed_url = external_redis.url_to_borrow()
    except (NoRedis, BadRedisUrl) as problem:
        _say(str(problem))
        return 1
    try:
        own = OwnConfiguration.read(given.config) if given.config else None
    except NotShown as problem:
        _say(str(problem))
        return 1
    system = System(_plan(given, borrowed_url, own))
    try:
        return asyncio.run(_run_and_show(system, given))
    except (Failed, NoRedis, NothingHappened, DriverError, OSError) as problem:
        _say(f"\n{problem}")
        return 1
    finally:
        with _unstoppable():
            system.stop()
            if borrowed_url:
                external_redis.give_back(borrowed_url)


@contextmanager
def _unstoppable() -> Iterator[None]:
    """Let nobody's second Ctrl-C leave processes behind; what runs inside is bounded in time."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plan(given: argparse.Namespace, redis_url: str | None, own: OwnConfiguration | None) -> Plan:
    real = {name: os.environ[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL") if os.environ.get(name)}
    return Plan(
        ingress_port=given.port_ingress,
        chatwoot_port=given.port_page,
        llm_port=given.port_llm,
        console=not given.once,
        console_port=given.port_console,
        llm=None if "OPENAI_API_KEY" in real else _MODEL,
        redis_url=redis_url,
        environ=real,
        own=own,
    )


async def _run_and_show(system: System, given: argparse.Namespace) -> int:
    """Run until the end that was asked for: the reply, Ctrl-C, or a process that ends."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    show = asyncio.create_task(_show(system, once=given.once))
    stop = asyncio.create_task(stopped.wait())
    await asyncio.wait({show, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if show.done():
        return show.result()
    show.cancel()
    await asyncio.gather(show, return_exceptions=True)
    _say("\nStopping.")
    return 1 if given.once else 0


async def _show(system: System, *, once: bool) -> int:
    begun = time.monotonic()
    _say("ChatwootAI, all of it on this machine:\n")
    await system.start(
        lambda name, seconds: _say(f"  {name:<9} ready after {seconds:4.1f} s   {_describe_process(system, name)}")
    )
    answered = await _unless_one_ends(system, _converse(system))
    if once:
        _say(f"\n  All of it took {time.monotonic() - begun:.1f} s.")
        return 0 if answered else 1
    _say(f"\n  Talk to it:  {system.url('chatwoot')}\n  Look at it:  {system.url('console')}")
    _say(f"               with the token {await system.console_token()}")
    _say(f"  Its logs:    {system.folder}\n  Ctrl-C stops everything.")
    await _unless_one_ends(system, asyncio.Event().wait())
    return 0


async def _unless_one_ends(system: System, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` and return what it returns, as long as every process lives.

    Raises:
        Failed: One ended; the message says which, and how its log ends.
    """
    working = asyncio.create_task(work)
    ending = asyncio.create_task(first_to_end(list(system.processes.values())))
    try:
        await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            ending.result().check()
        return await working
    finally:
        working.cancel()
        ending.cancel()
        await asyncio.gather(working, ending, return_exceptions=True)


def _describe_process(system: System, name: str) -> str:
    """Return what a newcomer should know of a process."""
    if name == "redis":
        return "the one of REDIS_URL, which was empty" if system.plan.redis_url else "its own, in a private folder"
    if name == "worker":
        model = "a sandbox model at gpt-4o-mini's pace" if system.plan.llm is not None else "your OPENAI_API_KEY"
        return f"CrewAI loaded and warm; the model is {model}"
    if name == "chatwoot":
        return f"{system.url(name)}  a stand-in with a page"
    return system.url(name)


async def _converse(system: System) -> bool:
    """Let one customer ask, and show the answer and where its time went; whether the crew was who answered.

    Raises:
        Failed: There was no reply within a minute.
    """
    async with Driver(system.url("chatwoot")) as driver:
        account, inbox, question = system.plan.own.question() if system.plan.own else (_ACCOUNT, _INBOX, _QUESTION)
        sent = await driver.write(account, inbox, question)
        place = system.world.medium(sent.inbox).label
        _say(f"\n  A customer of {system.world.accounts[account].name} writes on {place}:\n{_quote(question)}")
        try:
            replies = await driver.wait_for_reply(sent, within=_REPLY_SECONDS)
        except NothingHappened:
            raise Failed(await _silence(system, driver, sent)) from None
        took = time.time() - sent.at
        _say(f"\n  The reply, {took:.2f} s later:")
        for reply in replies:
            _say(_quote(reply["text"]))
    record = await _record(system, str(replies[0]["turn"]))
    _steps(record)
    if record["outcome"] == "reply":
        return True
    log = textwrap.indent(system.processes["worker"].tail(5), "  ")
    _say(f"\n  That is not the crew's answer: {record['reason']}. The worker's log ends:\n{log}")
    return False


def _steps(record: dict[str, Any]) -> None:
    _say("\n  Where the time went:")
    for name, seconds in _nest(record["steps"]):
        _say(f"    {name:<10}{1000 * seconds:9.1f} ms   {_MEANS.get(name, '')}".rstrip())
    _say(f"    {'together':<10}{1000 * record['seconds']:9.1f} ms   from the door to Chatwoot")


def _nest(steps: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Put what a draft consists of below it."""
    inner = [(f"  {name}", seconds) for name, seconds in steps if name not in _MEANS]
    found: list[tuple[str, float]] = []
    for name, seconds in steps:
        if name in _MEANS:
            found += [(name, seconds), *(inner if name == "draft" else ())]
    return found


async def _record(system: System, turn: str) -> dict[str, Any]:
    """Return a turn's record; it is written a moment after the reply.

    Raises:
        Failed: There was none.
    """
    deadline = time.monotonic() + _TRACE_SECONDS
    async with system.turns() as turns:
        while (record := await turns.read(turn)) is None and time.monotonic() < deadline:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)  # a record in Redis tells nobody that it is there
    if record is None:
        raise Failed(f"No record of turn {turn} was kept; the worker's log ends:\n{system.processes['worker'].tail()}")
    return record


async def _silence(system: System, driver: Driver, thread: Sent) -> str:
    """Say all that is known about a reply that did not come."""
    lines = [f"No reply within {_REPLY_SECONDS:g} s. The conversation is {(await driver.state(thread))['status']}."]
    lines += [f"  webhook {sent.get('event')}: {sent.get('attempts')}" for sent in await driver.deliveries()]
    lines += [f"  Chatwoot refused: {refusal}" for refusal in await driver.refusals()]
    for name, process in system.processes.items():
        lines += [f"\nThe end of the log of {name}:", textwrap.indent(process.tail(), "  ")]
    return "\n".join(lines)


def _quote(text: str) -> str:
    return "\n".join(textwrap.indent(textwrap.fill(line, 88), "    | ") for line in text.splitlines() if line)


def _arguments() -> argparse.ArgumentParser:
    parser = CommandParser(prog="chatwootai demo", description=sentence(SUMMARY), epilog=examples_block(EXAMPLES))
    parser.add_argument(
        "--config", type=Path, metavar="DIR", help="a configuration of your own: its accounts and inboxes"
    )
    parser.add_argument("--once", action="store_true", help="end after the reply (1 if it does not come within 60 s)")
    parser.add_argument("--port-page", type=int, default=0, help="of the sandbox Chatwoot's page (0: a free one)")
    parser.add_argument("--port-ingress", type=int, default=0, help="of the ingress (0: a free one)")
    parser.add_argument("--port-console", type=int, default=0, help="of the console (0: a free one)")
    parser.add_argument("--port-llm", type=int, default=0, help="of the sandbox LLM (0: a free one)")
    return parser


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
