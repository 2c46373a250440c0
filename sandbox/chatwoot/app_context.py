"""The parts of a running sandbox, held together for the routes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from sandbox.chatwoot.faults import Faults
from sandbox.chatwoot.sending.carrier import Carrier
from sandbox.chatwoot.sending.journal import Journal
from sandbox.chatwoot.sending.webhooks import Dispatcher
from sandbox.chatwoot.world.records import Json
from sandbox.chatwoot.world.world import World

Trace = Callable[[str], Awaitable[Json | None]]


@dataclass(slots=True)
class AppContext:
    """Parts that every route may use. `blobs` are uploaded files: name, content type, bytes."""

    world: World
    dispatcher: Dispatcher
    carrier: Carrier
    faults: Faults
    trace: Trace | None = None
    events: Journal = field(default_factory=Journal)
    calls: Journal = field(default_factory=Journal)
    typing: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    blobs: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)


APP_CONTEXT: Final = web.AppKey("app_context", AppContext)
