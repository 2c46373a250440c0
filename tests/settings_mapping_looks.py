"""What the code that reads the mapping, and what the door reads of a tenant, make of them: one look for each reader."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import aiohttp
import yaml
from aiohttp import web

from chatwootai.stores.server.shards import Shards
from chatwootai.telemetry.tasks import ended
from config.loading.loader import inspect, load
from config.snapshot import Account, Snapshot
from tests.door import message, open_door, signed
from workers.account import sync
from workers.chatwoot.admin import Bot, InboxBinding, Setup, Webhook
from workers.context import WorkerContext

ENVIRON = {"SHOP": "shop-secret", "OTHER": "other-secret", "BOT": "bot-a", "BOT_B": "bot-b", "USER": "user-a",
           "USER_B": "user-b", "ERP": "erp"}  # fmt: skip
FOLDER = "domains/retail/nimbus"


@dataclass(frozen=True)
class Written:
    """A configuration: `account`: keys of the one account; `rest`: of the whole mapping; `files` of its folder."""

    account: Mapping[str, Any] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where it stands, and what a look needs beside it: a Redis, and the address of a Chatwoot that records."""

    folder: Path
    redis_url: str
    chatwoot: "Recorder"

    def write(self, said: Written) -> None:
        whole = {
            "version": 1,
            "chatwoot": {"default": {"url": f"{self.chatwoot.url}/a"}, "other": {"url": f"{self.chatwoot.url}/b"}},
            "accounts": {
                "1": {
                    "domain": "retail",
                    "tenant": "nimbus",
                    "webhook_secrets": ["${SHOP}"],
                    "bot_token": "${BOT}",
                    **said.account,
                }
            },
            **said.rest,
        }
        text = yaml.safe_dump(whole).replace("CHATWOOT", self.chatwoot.url)
        for name, content in {"chatwoot_mapping.yaml": text, f"{FOLDER}/config.yaml": "{}", **said.files}.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(content.replace("FOLDER", str(self.folder)))

    @property
    def snapshot(self) -> Snapshot:
        return load(self.folder, ENVIRON)

    @property
    def account(self) -> Account:
        return self.snapshot.accounts["1"]


class Recorder:
    """A Chatwoot that says yes; `seen`: each request's path and token."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, str | None]] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers.get("Api-Access-Token")))
        return web.json_response({"id": 5, "payload": [], "meta": {}})


async def problems(place: Place) -> object:
    found = inspect(place.folder, ENVIRON).problems
    return [(each.rule, each.line) for each in found]


async def lives(place: Place) -> object:
    """The Redis of two that holds the account's conversations."""
    shards = Shards.from_environment({"CHATWOOTAI_REDIS_SHARDS": "a=redis://one,b=redis://two"})
    return shards.of(place.account.key, place.account.shard).name


class Uncounted:
    """A tally of calls that tells nobody."""

    def note(self, _account: str, _error: str) -> None:
        """Count nothing."""


async def asks(place: Place) -> object:
    """What its client asks of Chatwoot, as the bot and as the user where it may."""
    place.chatwoot.seen.clear()
    async with aiohttp.ClientSession() as session:
        context = WorkerContext.__new__(WorkerContext)
        context._session, context.chatwoot_calls = session, cast(Any, Uncounted())
        client = context._client(place.account)
        await client.create_message(7, "Oi")
        if client.reads_history:
            await client.messages(7)
    return list(place.chatwoot.seen)


def knocks(*payloads: Mapping[str, Any], unsigned: bool = False) -> Any:
    """What the door answers to these, signed with the shop's secret."""

    async def look(place: Place) -> object:
        answers = []
        async with open_door(place.redis_url, place.folder / "journal", place.account) as visitor:
            for each in payloads:
                body = json.dumps({**message(), **each}).encode()
                headers = {} if unsigned else signed(body, ENVIRON["SHOP"])
                answer = await visitor.post(body, headers=headers)
                answers.append((answer.status, answer.body))
        return answers

    return look


async def kept(place: Place) -> object:
    """Whom the mail that the door keeps will go to in copy."""
    from chatwootai.stores import keys
    from chatwootai.stores.server.connection import connect

    said = {
        "conversation": {"id": 25, "inbox_id": 17, "status": "pending", "channel": "Channel::Email"},
        "sender": {"id": 9, "email": "ana@x.example"},
        "content_attributes": {
            "email": {"from": ["ana@x.example"], "to": ["loja@b.example"], "cc": ["loja@a.example", "bia@x.example"]}
        },
    }
    await knocks(said)(place)
    connection = connect(place.redis_url)
    try:
        (stored,) = await connection.zrange(keys.box("1:25"), 0, -1)
        return json.loads(stored).get("cc")
    finally:
        await connection.aclose()


async def compared(place: Place) -> object:
    """What a comparison with Chatwoot finds, and what stands in the mapping afterwards."""
    url = "https://ai.example.com/webhooks/chatwoot/1"
    setup = Setup(
        "Nimbus",
        (Bot(3, "bot", url, "s", "t"),),
        (Webhook(4, url, "s", ("message_created",)),),
        (InboxBinding(17, "Loja", "Channel::Whatsapp", 3),),
    )

    class Asked:
        def __init__(self, *_: object) -> None: ...

        async def setup(self) -> Setup:
            return setup

    snapshot, mapping = place.snapshot, place.folder / "chatwoot_mapping.yaml"
    assert snapshot.sync is not None
    with patch.object(sync, "Admin", Asked):
        found = await sync.compare(snapshot, snapshot.sync, mapping, cast(Any, None))
    return found, yaml.safe_load(mapping.read_text()).get("inboxes")


async def paced(place: Place) -> object:
    """How often a worker would compare; None: never."""
    asked: list[float] = []
    looked = asyncio.Event()

    class Due:
        def __init__(self, _: object) -> None: ...

        async def due(self, seconds: float) -> bool:
            asked.append(seconds)
            looked.set()
            return False

    live = cast(Any, type("Live", (), {"snapshot": place.snapshot, "folder": place.folder}))
    with patch.object(sync, "ConfigVersions", Due):
        work = asyncio.create_task(sync.keep_in_step(live, cast(Any, None), cast(Any, None)))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(looked.wait(), 5 if place.snapshot.sync else 0.05)
        await ended(work)
    return asked


@contextlib.asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    """A Chatwoot that records, on a socket."""
    recorder = Recorder()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", recorder.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield recorder
    finally:
        await runner.cleanup()


def old(hours: float) -> dict[str, Any]:
    return {"created_at": time.time() - hours * 3600}
