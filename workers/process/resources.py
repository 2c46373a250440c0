"""A worker's connections, configuration, crews and background tasks: created before its first turn, closed in order."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, suppress
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from aiohttp import web

from chatwootai.channels.incoming.receipt import ReadingRules
from chatwootai.stores.conversation.mailbox import Mailbox
from chatwootai.stores.conversation.signals import SignalListener
from chatwootai.stores.conversation.turns import Turns
from chatwootai.stores.installation.catch_up_lock import CatchUpLock
from chatwootai.stores.installation.event_stream import EventSender
from chatwootai.stores.installation.processes import Processes
from chatwootai.stores.jobs.sweeper import Sweeper
from chatwootai.stores.operators.worker_requests import RequestListener, Work
from chatwootai.stores.server.connection import Connection, StoreUnavailable, connect
from chatwootai.stores.server.examination import examine
from chatwootai.stores.server.server_check import UNKNOWN, check_server, tell_footing
from chatwootai.stores.space.memory import EVERY_SECONDS, MemoryWatch
from chatwootai.telemetry import http, log, loop, metrics
from chatwootai.telemetry.first_values import tell_worker
from chatwootai.telemetry.spans.exporter import TraceExporter
from chatwootai.telemetry.tasks import ended, for_ever
from config.live.canary import CanaryInForce
from config.live.live import Live
from config.live.source_lines import SourceLines
from config.settings.settings import Settings
from config.snapshot import Account
from crews.encoding.embedded import shared
from crews.encoding.encoder import EncoderUnavailable
from crews.knowledge.ingest.schedule import Schedule
from crews.model_calls.call_terms import KEY, without_key
from crews.understanding.message_reader import MessageReader
from workers.account.deleted_contacts import DeletedContacts
from workers.account.retention import RetentionInForce
from workers.account.standing import Standing
from workers.account.sync import keep_in_step
from workers.catch_up.opened_schedule import OpenedSchedule
from workers.catch_up.schedule import at_intervals, at_start
from workers.catch_up.unanswered import CatchUp
from workers.chatwoot.client import Chatwoot
from workers.chatwoot.errors import TokenRefused
from workers.context import WorkerContext
from workers.digest.schedule import DigestSchedule
from workers.media.fetch import guarded
from workers.media.media import Media
from workers.process.canary_watch import CanaryWatch
from workers.process.environment import Environment
from workers.process.memory import give_memory_back
from workers.process.redis_check import redis_check
from workers.rehearsal.requests import Rehearsals
from workers.rehearsal.suggestions import suggest
from workers.typing_indicator import wait_until_off

if TYPE_CHECKING:
    from crews.answer.draft import Crews

_SWEEP_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
_CONNECTIONS = 1024
_LOOKS_PER_FOOTING = 15  # twice a minute: an operator may change it while Redis runs
_log = log.get("worker")


class WorkerResources:
    """A worker's resources. `context` is there once `open()` has returned."""

    context: WorkerContext
    live: Live

    def __init__(self, environment: Environment, worker_id: str, connection: Connection | None = None) -> None:
        self.environment = environment
        self.worker_id = worker_id
        self._stack = AsyncExitStack()
        self._ready = False
        self.connection = connection or connect(environment.shard.url, shard=environment.shard.name, timeout=5.0)

    async def open(self) -> None:
        """Load the configuration, listen for probes, warm the crews up, then hear signals and sweep.

        Raises:
            config.document.problems.ConfigurationError: the configuration is broken; nothing was started.
            chatwootai.stores.server.examination.CannotUse: Redis is there, and cannot be used as it is.
        """
        tell_worker()
        await examine(self.connection, self.environment.shard.setting)
        self.live = self._configuration()
        snapshot = await self.live.start()
        self.live.keep_to_itself()
        await self._set_warming(on=True)  # before seconds in which nothing else is said
        await self._serve_probes()
        encoder = shared()
        reader = MessageReader(encoder)
        encoder.begin()  # it reads its weights in a thread of its own, meanwhile
        crews = await self._crews()
        session = await self._stack.enter_async_context(_session())
        self._stack.push_async_callback(wait_until_off)  # every "off" is said before the session closes
        self.context = WorkerContext(
            worker_id=self.worker_id,
            connection=self.connection,
            snapshot=self.live.snapshot,
            crews=crews,
            session=session,
            media=Media(self.connection, session, await self._stack.enter_async_context(guarded())),
            standing=Standing(self.connection, SourceLines(self.live.holder, os.environ).of),
            reader=reader,
        )
        self.context.config_version = lambda: self.live.version
        self.context.canary = self._canary
        self.live.listen(self.context.replace)
        self.context.replace(self.live.snapshot)
        self._run_beside(crews, session)
        with suppress(EncoderUnavailable):  # the reader says so, and words decide alone
            await encoder.warm()
            await reader.warm()
        gc.collect()
        give_memory_back()
        gc.freeze()  # what start-up made stays: full collections need not walk CrewAI's classes again
        await self._set_warming(on=False)
        _log.info("ready", worker=self.worker_id, accounts=len(snapshot.accounts))
        self._look_for_keys()
        await self._look_at_redis()

    async def _set_warming(self, *, on: bool) -> None:
        """Tell operators at once that this worker is still loading, or that it takes turns from now on."""
        self._ready = not on
        self.live.presence.warming = on
        await self.live.presence.tell()

    def _configuration(self) -> Live:
        own, name = self.environment, f"worker {self.worker_id}"
        return Live(
            own.config,
            dict(os.environ),
            self.connection,
            name,
            strict=own.strict,
            slots=own.slots,
            canaries=True,
            narrow=lambda whole: whole.on(own.shard, own.shards),
        )

    def _run_beside(self, crews: "Crews", session: aiohttp.ClientSession) -> None:
        """Start what a worker does beside its turns, until it stops."""
        self._send_traces()
        self.background("configuration", self.live.run)
        self.background("sync", lambda: keep_in_step(self.live, self.connection, session))
        self.background("signals", SignalListener(self.connection, self.worker_id, self.context.hear).listen)
        self.background("sweep", lambda: Sweeper(self.connection).run(every=_SWEEP_SECONDS))
        self.background("watchdog", loop.watch)
        self.background(
            "tokens", lambda: self.context.standing.watch.run(lambda: self.context.served, self.context.tenant)
        )
        self.background("incidents", self.context.incidents.run)
        self.background("chatwoot calls", self.context.chatwoot_calls.run)
        self.background("events", EventSender(self.connection, f"worker {self.worker_id}").run)
        self.background("memory", self._keep_room)
        self.background("warmth", lambda: crews.keep_warm(self._everyones_settings))
        self.background("knowledge", self._knowledge().run)
        self.background("canary", CanaryWatch(self.connection, f"worker {self.worker_id}", self._canary).run)
        others = tuple(each for each in self.environment.shards if each != self.environment.shard)
        self.background("privacy", DeletedContacts(self.connection, session, self._accounts, others).run)
        self.background("digest", DigestSchedule(self.connection, self._accounts).run)
        self.background("retention", RetentionInForce(self.connection, self._accounts).run)
        rehearsals = Rehearsals(self.connection, self.live)
        self._stack.push_async_callback(rehearsals.aclose)
        works: dict[str, Work] = {
            "rehearse": rehearsals.rehearse,
            "suggest": partial(suggest, self.context, rehearsals.nearest),
        }
        self.background("requests", RequestListener(self.connection, self.worker_id, works).run)
        if self.environment.catch_up_hours:
            self.background("catch-up", self._catch_up)
        if self.environment.catch_up_opened_minutes:
            self.background("catch-up of opened", self._answer_opened)

    def _send_traces(self) -> None:
        """Have turns send traces, where an endpoint is set; the last ones go out before connections close."""
        if self.environment.traces is not None:
            self.context.traces = TraceExporter(self.environment.traces)
            self._stack.push_async_callback(self.context.traces.close)

    async def _look_at_redis(self) -> None:
        """Say once what of this Redis loses what it was given; that it is away is said elsewhere."""
        with suppress(StoreUnavailable):
            found = await check_server(self.connection)
            for trouble in found.troubles if found else (UNKNOWN,):
                _log.warning("redis_may_forget", trouble=trouble)

    async def _crews(self) -> Any:
        from crews.answer.draft import Crews

        crews = await Crews.open(connection=self.connection)
        self._stack.push_async_callback(crews.close)
        return crews

    def _knowledge(self) -> Schedule:
        return Schedule(self.connection, self._accounts, self.environment.config, self.context.incidents)

    def _canary(self) -> CanaryInForce | None:
        return self.live.canary.now if self.live.canary else None

    def _accounts(self) -> Iterable[Account]:
        return self.live.snapshot.accounts.values()

    def _everyones_settings(self) -> Iterable[Settings]:
        tried = canary.snapshot.accounts.values() if (canary := self._canary()) else ()
        for account in (*self._accounts(), *tried):
            yield account.settings
            yield from (inbox.settings for inbox in account.inboxes.values())

    async def close(self) -> None:
        """Close everything, last opened first."""
        self._ready = False
        await self._stack.aclose()
        await self.connection.aclose()

    def background(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` until the resources are closed; a failure is logged, counted as `what`, and it is run again."""
        task = asyncio.create_task(for_ever(work, what, pause=_AGAIN_SECONDS))
        self._stack.push_async_callback(ended, task)

    async def _keep_room(self) -> None:
        memory = MemoryWatch(self.connection)
        succeeded = metrics.DEPENDENCY_SUCCESS.labels("redis")
        for looks in count():
            with suppress(StoreUnavailable):
                await memory.look()
                if looks % _LOOKS_PER_FOOTING == 0:
                    await tell_footing(self.connection)
                succeeded.set_to_current_time()
            await asyncio.sleep(EVERY_SECONDS)

    async def _answer_opened(self) -> None:
        schedule = OpenedSchedule(
            CatchUpLock(self.connection, self.worker_id),
            CatchUp(Mailbox(self.connection), hours=self.environment.catch_up_hours or 24.0, rules=self._reading_rules),
            Turns(self.connection),
            Processes(self.connection),
            lambda: self.context.incidents.now,
            self.environment.catch_up_opened_minutes,
        )
        await schedule.run(self._clients)

    async def _catch_up(self) -> None:
        every = self.environment.catch_up_minutes * 60
        lock = CatchUpLock(self.connection, self.worker_id)
        hours = self.environment.catch_up_hours
        catch_up = CatchUp(Mailbox(self.connection), hours=hours, rules=self._reading_rules)
        await at_start(lock, catch_up, self._clients(), self._note_user_token)
        if not every:
            await asyncio.Event().wait()  # done, and nothing to begin again
        await at_intervals(lock, catch_up, self._clients, every, self._note_user_token)

    async def _note_user_token(self, account: str, refused: TokenRefused | None) -> None:
        """Chatwoot took an account's user token, or refused it."""
        tenant = self.context.tenant(account)
        if tenant is not None and refused is not None:
            await self.context.standing.note_user_refusal(tenant, refused)
        elif tenant is not None:
            await self.context.standing.note_user_success(tenant)

    def _reading_rules(self, account: str, inbox: int | None) -> ReadingRules:
        return self.context.snapshot.settings(account, inbox or 0).messages.reading_rules

    def _clients(self) -> list[tuple[str, Chatwoot]]:
        context = self.context
        tenants = [tenant for key in context.snapshot.accounts if (tenant := context.tenant(key)) is not None]
        return [(tenant.account.key, tenant.chatwoot) for tenant in tenants]

    async def _serve_probes(self) -> None:
        app = web.Application()
        checks = {
            "redis": redis_check(self.connection),
            "crews": self._crews_check,
            "config": self.live.check,
            "chatwoot": self._chatwoot_check,
            "model": self._model_check,
            "incidents": self._incidents_check,
        }
        app.add_routes(http.routes(checks))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, "0.0.0.0", self.environment.metrics_port)  # noqa: S104 - probes come from outside
        await site.start()
        _log.info("listening", port=runner.addresses[0][1])

    async def _chatwoot_check(self) -> http.Check:
        return await self.context.standing.watch.check() if self._ready else http.Check(http.Status.OK)

    async def _crews_check(self) -> http.Check:
        if self._ready:
            return http.Check(http.Status.OK, {"warm": True})
        return http.Check(http.Status.UNAVAILABLE, {"warm": False, "state": "warming"})

    async def _incidents_check(self) -> http.Check:
        return await self.context.incidents.check() if self._ready else http.Check(http.Status.OK)

    async def _model_check(self) -> http.Check:
        """Degraded while an endpoint is away, or a key is missing: turns are answered, by people."""
        away = self.context.crews.models_away() if self._ready else []
        missing = without_key(self._everyones_settings(), os.environ) if self._ready else ()
        if not away and not missing:
            return http.Check(http.Status.OK)
        keyless = {"no_key": f"{KEY} is not set: {', '.join(missing)}"} if missing else {}
        counts = {"models_away": len(away), "models_without_key": len(missing)}
        return http.Check(http.Status.DEGRADED, counts, {**keyless, **({"away": away} if away else {})})

    def _look_for_keys(self) -> None:
        if missing := without_key(self._everyones_settings(), os.environ):
            _log.warning("model_key_missing", variable=KEY, models=missing, then="each turn is handed to people")


def _session() -> aiohttp.ClientSession:
    """Return a session with enough connections for every slot: each waits on one Chatwoot call at a time."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS, limit_per_host=256, keepalive_timeout=60),
        json_serialize=lambda value: orjson.dumps(value).decode(),
        auto_decompress=True,
    )
