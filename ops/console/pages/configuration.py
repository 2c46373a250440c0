"""The configuration in force: put back to one that was so before."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.telemetry import log
from ops.access import CommandError, NotFound, acting
from ops.console.answers import data, refuse
from ops.console.context import console_of, person
from ops.versions.publishing import roll_back

_SECONDS = 30.0
_DIGITS = 9
_log = log.get("console")


async def rollback(request: web.Request) -> web.Response:
    """Put the `version` that is asked for in force everywhere, as `config rollback` does."""
    version = await _version(request)
    if version is None:
        return refuse(request, 400, "version: the number of one that `chatwootai config history` lists")
    who = person(request)
    try:
        with acting(f"{who.name} (console)") as told:
            async with asyncio.timeout(_SECONDS):
                done = await roll_back(ConfigVersions(console_of(request).connection), version, _agreed)
    except NotFound as error:
        return refuse(request, 404, str(error))
    except (CommandError, ValueError) as error:  # a ValueError: encrypted, and no key here opens it
        return data({"error": str(error)}, 409)
    if not done:
        return data({"error": " ".join(told)}, 409)
    _log.info("console_rolled_back", version=version, by=who.name)
    return data({"done": told})


async def _agreed(_: object) -> bool:
    return True


async def _version(request: web.Request) -> int | None:
    said: Any = request.query.get("version")
    if said is None and request.content_type == "application/json":
        said = _of_json(await request.read())
    elif said is None:
        said = (await request.post()).get("version")
    text = str(said)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else None


def _of_json(body: bytes) -> Any:
    try:
        sent = orjson.loads(body)
    except ValueError:
        return None
    return sent.get("version") if isinstance(sent, dict) else None
