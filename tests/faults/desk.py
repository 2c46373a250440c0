"""A busy desk: customers who write, and a tally of what became of each of their messages.

Every message holds a code, and the sandbox LLM repeats the codes of the question it answers: so each message can be
found in the reply that answers it, from outside, in Chatwoot.
"""

import asyncio
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from chatwootai.stores import keys
from chatwootai.stores.server.connection import StoreUnavailable, connect, store_errors
from sandbox.chatwoot.driver import Driver, Sent, Thread
from sandbox.installation.processes import Process, free_port
from sandbox.installation.system import Plan, System
from tests.faults.relay import Relay

SCALE = float(os.environ.get("FAULTS_SCALE", "1"))
"""Makes every scenario larger (or smaller): `FAULTS_SCALE=4 python -m pytest tests/faults`."""
LEASE = 2.0
PATIENCE = 60.0 * max(1.0, SCALE)
"""Seconds after which what has not happened will not: many times what it takes on an idle machine."""
_ANSWERED = re.compile(r"Sobre ((?:CW-\d+(?:, )?)+):")
_CODE = re.compile(r"CW-\d+")
_CHANNELS = ("webchat", "whatsapp", "instagram")
SETTINGS = "rate_per_minute: 1000000\ndeadline_ms: 20000\n"  # not what a busy machine makes of it


def scaled(number: int) -> int:
    """A number of conversations, larger or smaller by FAULTS_SCALE."""
    return max(2, round(number * SCALE))


class Ground(System):
    """All processes of one installation, whose Chatwoot sends its webhooks to a relay in the test."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.relay_port = free_port()

    def _chatwoot(self) -> Process:
        own = ("--port", str(self.port("chatwoot")), "--ingress", f"http://127.0.0.1:{self.relay_port}")
        seed = ("--seed", str(self.plan.seed))
        return Process("chatwoot", "sandbox.chatwoot", *own, *seed, environ={}, folder=self.folder)

    def another_worker(self, name: str, **environ: str) -> Process:
        """One more worker, not started; it stops with the others."""
        port = self._ports[name] = free_port()
        own = self._environ(WORKER_METRICS_PORT=str(port), **environ)
        self.processes[name] = Process(name, "workers", environ=own, folder=self.folder)
        return self.processes[name]

    def stock_worker(self, name: str, *arguments: str) -> Process:
        """A worker as arq's own command line runs it, not started."""
        port = self._ports[name] = free_port()
        own = self._environ(WORKER_METRICS_PORT=str(port))
        command = (*arguments, "workers.WorkerSettings")
        self.processes[name] = Process(name, "arq", *command, environ=own, folder=self.folder)
        return self.processes[name]

    async def retire(self, name: str) -> None:
        """End a process for good."""
        process = self.processes.pop(name)
        await asyncio.to_thread(process.stop)

    async def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].send(signal.SIGKILL)
        await self.processes[name].gone()

    async def revive(self, *names: str) -> None:
        """Start what ended, and wait until it is ready."""
        for name in names:
            if not self.processes[name].alive:
                self.processes[name].start()
        await asyncio.gather(*(self.ready(name) for name in names))


def start() -> Ground:
    """Two doors, two workers with a short lease, a model that takes 300 ms."""
    environ = {"WORKER_LEASE_SECONDS": str(LEASE)}
    ground = Ground(Plan(ingresses=2, workers=2, llm=("--latency", "fixed:300ms"), environ=environ, settings=SETTINGS))
    try:
        asyncio.run(ground.start())
    except BaseException:
        ground.stop()
        raise
    return ground


@dataclass(slots=True)
class Tally:
    """What became of all messages. The first four must be 0."""

    scenario: str
    conversations: int = 0
    messages: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    stuck: int = 0
    handed_off: int = 0
    turns: int = 0
    cancelled: int = 0
    refused: int = 0
    tried: int = 0
    seconds: float = 0.0
    why: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.scenario}: {self.conversations} conversations, {self.messages} messages, lost {self.lost}, "
            f"doubled {self.doubled}, out of order {self.disordered}, stuck {self.stuck}, "
            f"handed off {self.handed_off}, turns {self.turns}, cancelled {self.cancelled}, "
            f"refused {self.refused}, tries counted {self.tried}, {self.seconds:.1f} s"
        )

    def must_be_clean(self) -> None:
        """Nothing lost, doubled, out of order or stuck."""
        assert (self.lost, self.doubled, self.disordered, self.stuck) == (0, 0, 0, 0), "\n".join(
            [str(self), *self.why[:10]]
        )


class Desk:
    """One scenario's customers, over one running installation."""

    def __init__(self, ground: Ground, scenario: str) -> None:
        self.ground = ground
        self.scenario = scenario
        self.driver = Driver(ground.url("chatwoot"))
        self.relay = Relay(ground.relay_port, [ground.url("ingress"), ground.url("ingress-2")])
        self.asked: dict[str, Sent] = {}
        self.answered: set[str] = set()
        self.opened: set[Thread] = set()
        self._news = asyncio.Condition()
        self._begun = time.monotonic()

    async def __aenter__(self) -> Self:
        await self.driver.__aenter__()
        await self.relay.__aenter__()
        self.session = aiohttp.ClientSession()
        self.llm = self.ground.llm(self.session)
        await self.llm.reset()
        self._numbers = iter(range(int(time.time() * 10) % 10**8 * 1000, 10**12))
        self._since = (await self.driver.events(after=10**12))["newest"]
        self._watcher = asyncio.create_task(self._watch(self._since))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watcher.cancel()
        await asyncio.gather(self._watcher, return_exceptions=True)
        await self.relay.__aexit__(kind, error, trace)
        await self.session.close()
        await self.driver.close()

    # Customers

    async def write(self, thread: Sent | None = None, words: str = "Onde fica a loja?", number: int = 0) -> Sent:
        """A customer writes: somebody new (in the inbox that `number` picks), or the one of `thread` again."""
        code = f"CW-{next(self._numbers)}"
        text = f"{words} {code}."
        if thread is None:
            sent = await self.driver.write(1 + number % 2, _CHANNELS[number % 3], text, new=True)
        else:
            sent = await self.driver.answer(thread, thread.inbox, text)
        self.asked[code] = sent
        return sent

    async def burst(self, messages: int, apart: float, number: int = 0) -> Sent:
        """One new customer writes so many messages, so many seconds apart."""
        first = await self.write(number=number)
        for _ in range(messages - 1):
            await asyncio.sleep(apart)
            await self.write(first)
        return first

    async def crowd(self, conversations: int, per_second: float, most: int = 3, apart: float = 0.15) -> None:
        """Many customers, one after the other; every second of them writes several messages."""

        async def one(number: int) -> None:
            await asyncio.sleep(number / per_second)
            await self.burst(1 if number % 2 else 1 + number // 2 % most, apart, number)

        await asyncio.gather(*(one(number) for number in range(conversations)))

    # What is seen of them

    async def _watch(self, after: int) -> None:
        while True:
            found = await self.driver.events(after, 20.0, name="message_created,conversation_status_changed")
            after = found["last"]
            async with self._news:
                for event in found["entries"]:
                    self._note(event)
                self._news.notify_all()

    def _note(self, event: dict[str, Any]) -> None:
        thread = Thread(event["account"], event["conversation"])
        if event["status"] == "open":
            self.opened.add(thread)
        if event["name"] == "message_created" and event["message"]["sender"]["kind"] == "bot":
            self.answered |= set(codes_answered(event["message"]))

    async def until(self, enough: Callable[[], bool], within: float = PATIENCE) -> bool:
        """Wait for something to be so; False if it was not, in time."""
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(enough)
        except TimeoutError:
            return False
        return True

    async def answers(self, number: int) -> None:
        """Wait until so many messages have been answered."""
        assert await self.until(lambda: len(self.answered) >= number), f"only {len(self.answered)} answers came"

    def unsettled(self) -> list[str]:
        """Codes of messages that are neither answered nor given to people."""
        return [
            code
            for code, sent in self.asked.items()
            if code not in self.answered and Thread(sent.account, sent.conversation) not in self.opened
        ]

    async def settled(self, within: float = PATIENCE) -> None:
        """Wait until everything is answered or with people, and nobody works any more."""
        await asyncio.wait_for(self.relay.delivered(), within)
        await self.until(lambda: not self.unsettled(), within)
        await self.idle(within)

    async def idle(self, within: float = PATIENCE) -> bool:
        """Wait until Redis holds no work; False if it still does after `within` seconds."""
        deadline = time.monotonic() + within
        while await self.work_left():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.05)  # Redis does not call when it is empty
        return True

    async def work_left(self) -> list[str]:
        """Conversations with something to do, and jobs that run."""
        connection = connect(self.ground.redis_url)
        try:
            with store_errors(connection):
                left = await connection.zrange(keys.OPEN, 0, -1) + await connection.zrange(keys.LEASES, 0, -1)
            return [name.decode() for name in left]
        except StoreUnavailable as error:
            return [str(error)]
        finally:
            await connection.aclose()

    # The tally

    async def tally(self) -> Tally:
        """Settle, look at every conversation as it stands in Chatwoot, count, and print one line."""
        await self.settled()
        threads = {Thread(sent.account, sent.conversation) for sent in self.asked.values()}
        tally = Tally(self.scenario, conversations=len(threads), messages=len(self.asked))
        left = await self.work_left()
        tally.stuck = len(left)
        tally.why += [f"stuck: {name}" for name in left]
        for thread in sorted(threads):
            self._count(tally, thread, await self.driver.state(thread))
        if self.ground.processes["llm"].alive:
            tally.cancelled = (await self.llm.stats())["cancelled"]
        tally.refused = self.relay.refused
        tally.tried = sum([await self._tries(thread) for thread in threads])
        tally.seconds = time.monotonic() - self._begun
        print(tally)
        for line in tally.why[:20]:
            print("  ", line)
        if report := os.environ.get("FAULTS_REPORT"):
            with Path(report).open("a", encoding="utf-8") as file:  # noqa: ASYNC230 - one line
                file.write(f"{tally}\n")
        return tally

    def _count(self, tally: Tally, thread: Thread, state: dict[str, Any]) -> None:
        said = [message for message in state["messages"] if message["sender"]["kind"] == "bot"]
        told = [code for message in said for code in codes_answered(message)]
        mine = {code: sent for code, sent in self.asked.items() if (sent.account, sent.conversation) == thread}
        parts = Counter((message["turn"], message["part"], message["kind"]) for message in said)
        missing = [code for code in mine if code not in told]
        twice = [code for code, count in Counter(told).items() if count > 1]
        again = [mark for mark, count in parts.items() if count > 1]
        if state["status"] == "open":
            tally.handed_off += 1
        else:
            tally.lost += len(missing)
        tally.doubled += len(twice) + len(again)
        order = [mine[code].message for code in told if code in mine]
        tally.disordered += order != sorted(order) or not _in_order(said)
        tally.turns += len({message["turn"] for message in said if message["turn"]})
        if (missing and state["status"] != "open") or twice or again or order != sorted(order):
            tally.why.append(f"{thread}: {state['status']}, missing {missing}, twice {twice} {again}: {_told(state)}")

    async def _tries(self, thread: Thread) -> int:
        """Tries that were counted: what each run of a conversation's turns was told."""
        connection = connect(self.ground.redis_url)
        try:
            life = await connection.lrange(f"cw:life:{thread.account}:{thread.conversation}", 0, -1)
        finally:
            await connection.aclose()
        began = [line.decode() for line in life if b"\tbegan\t" in line]
        return max([int(found[1]) for line in began if (found := re.search(r"tries=(\d+)", line))], default=0)


def codes_answered(message: dict[str, Any]) -> list[str]:
    """The codes of the messages that a reply answers."""
    found = _ANSWERED.search(message["text"] or "")
    return _CODE.findall(found[1]) if found and message["kind"] == "outgoing" else []


def _in_order(said: Iterable[dict[str, Any]]) -> bool:
    """Whether each turn's parts came one after the other, and no turn came back once another had spoken."""
    marks = [(message["turn"], message["part"]) for message in said if message["kind"] == "outgoing"]
    turns = list(dict.fromkeys(turn for turn, _ in marks))
    return marks == sorted(marks, key=lambda mark: (turns.index(mark[0]), mark[1]))


def _told(state: dict[str, Any]) -> list[tuple[Any, ...]]:
    shown = [(m["id"], m["kind"], m["turn"], m["part"], (m["text"] or "")[:60]) for m in state["messages"]]
    return shown[-8:]


async def with_trouble(work: Awaitable[None], trouble: Awaitable[None]) -> None:
    """Do both side by side."""
    async with asyncio.TaskGroup() as group:
        for one in (work, trouble):
            group.create_task(_awaited(one))


async def _awaited(work: Awaitable[None]) -> None:
    await work
