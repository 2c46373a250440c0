"""The whole system as real processes: Redis, a sandbox Chatwoot, a sandbox LLM, ingresses and workers, on free ports.

The demo, the traffic, the bench and the tests stand on it. Everything private to it lies in one temporary folder.
"""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import aiohttp
import yaml

from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.operators.console_tokens import ConsoleTokens
from chatwootai.stores.server.connection import connect
from chatwootai.stores.server.embedded import Embedded
from sandbox.chatwoot.world import seed, snapshot
from sandbox.chatwoot.world.world import World
from sandbox.installation.own import OwnConfiguration
from sandbox.installation.processes import Process, free_ports, stop
from sandbox.llm.driver import Driver as Llm

_READY_SECONDS = 180.0
_WORLD = "world.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Processes to run.

    Ports of 0 are free ones; `llm` holds the sandbox LLM's arguments, None: the environment's model.

    `redis_url`: a Redis that runs already; None: one of our own. `environ`: for every process, over what is ours.
    `shards`: names of several Redis of our own, in place of one; a worker's process then has a child for each.
    `settings`: YAML over the shipped `domains/_base/config.yaml`; `files`: texts by their path below the configuration.
    `own`: an operator's configuration in place of the example shops; then `settings` are left out.
    """

    ingress_port: int = 0
    chatwoot_port: int = 0
    llm_port: int = 0
    ingresses: int = 1
    workers: int = 1
    chatwoot: bool = True
    console: bool = False
    console_port: int = 0
    llm: tuple[str, ...] | None = ()
    seed: int = 7
    redis_url: str | None = None
    shards: tuple[str, ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    own: OwnConfiguration | None = None


class System:
    """All processes of one installation. `ingress_url` is the first ingress's, `url`s are without a path.

    `redis` and `redis_url`: the only Redis, or the first shard's; `shards`: each shard's by its name.

    `configuration` lies apart from logs and Redis: doors and workers watch it, and would be woken by every line.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.folder = Path(tempfile.mkdtemp(prefix="chatwootai-"))
        self.configuration = self.folder / "configuration"
        self.redis: Embedded | None = None
        self.redis_url = plan.redis_url or ""
        self.shards: dict[str, Embedded] = {}
        workers = set(self._names("worker", plan.workers))
        self._ports = {
            name: port or free_ports(len(plan.shards) if plan.shards and name in workers else 1)
            for name, port in self._wanted_ports().items()
        }
        self.world = self._plant()

    def _plant(self) -> World:
        world = World(seed=self.plan.seed)
        return self.plan.own.plant(world, self.url("ingress")) if self.plan.own else seed.plant(world)

    def _wanted_ports(self) -> dict[str, int]:
        plan = self.plan
        fixed = {"chatwoot": plan.chatwoot_port, "llm": plan.llm_port, "ingress": plan.ingress_port}
        fixed |= {"console": plan.console_port} if plan.console else {}
        more = [f"ingress-{number}" for number in range(2, plan.ingresses + 1)]
        return {**fixed, **dict.fromkeys([*more, *self._names("worker", plan.workers)], 0)}

    @staticmethod
    def _names(what: str, how_many: int) -> list[str]:
        return [what if number == 1 else f"{what}-{number}" for number in range(1, how_many + 1)]

    def url(self, name: str) -> str:
        """Return where a process listens (a worker: its probes)."""
        return f"http://127.0.0.1:{self.port(name)}"

    def port(self, name: str) -> int:
        """Return the port that a process listens on."""
        return self._ports[name]

    @cached_property
    def processes(self) -> dict[str, Process]:
        """Return all processes by name, the slowest to start first."""
        workers = {name: self._worker(name) for name in self._names("worker", self.plan.workers)}
        ingresses = {name: self._ingress(name) for name in self._names("ingress", self.plan.ingresses)}
        chatwoot = {"chatwoot": self._chatwoot()} if self.plan.chatwoot else {}
        llm = {"llm": self._llm()} if self.plan.llm is not None else {}
        console = {"console": self._console()} if self.plan.console else {}
        return {**workers, **chatwoot, **ingresses, **llm, **console}

    async def start(self, told: Callable[[str, float], None] = lambda *_: None) -> None:
        """Start everything side by side; return when all of it answers. `told` hears of each that does, with seconds.

        Raises:
            sandbox.installation.processes.Failed: A process ended or did not answer in time.
            chatwootai.stores.server.embedded.NoRedis: There is no Redis to be had.
        """
        begun = time.monotonic()
        self._configure()
        self._spawn()
        told("redis", time.monotonic() - begun)

        async def ready(name: str) -> None:
            await self.ready(name)
            told(name, time.monotonic() - begun)

        try:
            async with asyncio.TaskGroup() as group:
                for name in self.processes:
                    group.create_task(ready(name))
        except ExceptionGroup as several:
            raise several.exceptions[0] from None

    def _spawn(self) -> None:
        """Start the processes; a worker first, since it imports for seconds before it needs Redis."""
        if self.plan.shards:
            self.shards = {name: Embedded(self.folder / f"redis-{name}") for name in self.plan.shards}
            self.redis = self.shards[self.plan.shards[0]]
        elif not self.redis_url:
            self.redis = Embedded(self.folder / "redis")
        if self.redis is not None:
            self.redis_url = self.redis.url
        first, *others = self.processes.values()
        first.start()
        for server in self._servers():
            server.resume()  # not in a thread: whatever stops us must find it started, or not at all
        for process in others:
            process.start()

    def _servers(self) -> list[Embedded]:
        return [*self.shards.values()] or ([self.redis] if self.redis else [])

    async def ready(self, name: str, seconds: float = _READY_SECONDS) -> None:
        """Return once the process called `name` is ready for work.

        Raises:
            sandbox.installation.processes.Failed: It ended or was not ready in time.
        """
        probe = {"llm": "/sandbox/stats", "chatwoot": "/", "console": "/login"}.get(name, "/readyz")
        for url in self.urls(name):
            await self.processes[name].answers(f"{url}{probe}", seconds)

    def urls(self, name: str) -> list[str]:
        """Return where a process answers: a worker of several shards has a child for each, in the shards' order."""
        if not (self.plan.shards and name.startswith("worker")):
            return [self.url(name)]
        return [f"http://127.0.0.1:{self.port(name) + place}" for place in range(len(self.plan.shards))]

    def stop(self) -> None:
        """End everything, workers and doors before what they stand on, and remove what was private."""
        everyone = self.processes
        outer = [process for name, process in everyone.items() if name.startswith(("ingress", "worker", "console"))]
        stop(outer)
        stop([process for process in everyone.values() if process not in outer])
        for server in self._servers():
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @asynccontextmanager
    async def turns(self) -> AsyncIterator[Turns]:
        """Open the records of turns."""
        connection = connect(self.redis_url)
        try:
            yield Turns(connection)
        finally:
            await connection.aclose()

    async def console_token(self, role: str = "operator", account: str | None = None) -> str:
        """Make a token for the console, valid for a day, and return it."""
        connection = connect(self.redis_url)
        try:
            words, day = role != "viewer", 86_400.0
            token, _ = await ConsoleTokens(connection).add(
                role=role, account=account, words=words, name=f"sandbox {role}", seconds=day
            )
            return token
        finally:
            await connection.aclose()

    def llm(self, session: aiohttp.ClientSession) -> Llm:
        """Return a hand on the sandbox LLM."""
        return Llm(session, self.url("llm"))

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _configure(self) -> None:
        self.configuration.mkdir(exist_ok=True)
        if self.plan.own is not None:
            self.plan.own.lay_out(self.configuration)
            snapshot.save(self.world, self.folder / _WORLD)
            return
        (self.configuration / "chatwoot_mapping.yaml").write_text(seed.mapping(self.world), encoding="utf-8")
        settings = yaml.safe_load(self.plan.settings) or {}
        if self.plan.llm is not None:  # it stands in for a public endpoint, which takes many requests at once
            settings.setdefault("model", {}).setdefault("hedging", {}).setdefault("local", True)
        if settings:
            base = self.configuration / "domains" / "_base"
            base.mkdir(parents=True)
            (base / "config.yaml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        for path, text in self.plan.files.items():
            file = self.configuration / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def _environ(self, **own: str) -> dict[str, str]:
        model = {"OPENAI_API_KEY": "sk-sandbox", "OPENAI_BASE_URL": f"{self.url('llm')}/v1"}
        shards = ",".join(f"{name}={server.url}" for name, server in self.shards.items())
        return {
            "REDIS_URL": self.redis_url,
            **({"CHATWOOTAI_REDIS_SHARDS": shards} if shards else {}),
            "CHATWOOTAI_CONFIG": str(self.configuration),
            "LOG_FORMAT": "json",
            **(self.plan.own.environ() if self.plan.own else {}),
            **seed.environ(self.world, self.url("chatwoot")),
            **(model if self.plan.llm is not None else {}),
            **self.plan.environ,
            **own,
        }

    def _worker(self, name: str) -> Process:
        environ = self._environ(WORKER_METRICS_PORT=str(self._ports[name]))
        return Process(name, "workers", environ=environ, folder=self.folder)

    def _ingress(self, name: str) -> Process:
        own = {"INGRESS_HOST": "127.0.0.1", "INGRESS_PORT": str(self._ports[name])}
        environ = self._environ(**own, JOURNAL_DIR=str(self.folder / f"journal-{name}"))
        return Process(name, "ingress", environ=environ, folder=self.folder)

    def _chatwoot(self) -> Process:
        own = ("--port", str(self.port("chatwoot")), "--ingress", self.url("ingress"), "--seed", str(self.plan.seed))
        environ = {"REDIS_URL": self.redis_url}
        more: tuple[str, ...] = ()
        if self.plan.own is not None:
            more = ("--state-file", str(self.folder / _WORLD))
        return Process("chatwoot", "sandbox.installation.traced", *own, *more, environ=environ, folder=self.folder)

    def _console(self) -> Process:
        return Process("console", "ops.cli", "console", "--port", str(self.port("console")), environ=self._environ(),
                       folder=self.folder)  # fmt: skip

    def _llm(self) -> Process:
        arguments = ("--port", str(self._ports["llm"]), *(self.plan.llm or ()))
        return Process("llm", "sandbox.llm", *arguments, environ={}, folder=self.folder)
