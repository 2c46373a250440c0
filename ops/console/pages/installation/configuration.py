"""Configuration: what is in force, what differs, what is wrong, where values come from; publish and roll back."""

import asyncio
import os
from typing import Any

import orjson
from aiohttp import web

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.telemetry import log
from config.files.sources import Sources, gather
from config.loading.without_secrets import inspect_sources_without_secrets
from ops.access import CommandError, NotFound, acting
from ops.console.answers import data, refuse
from ops.console.context import console_of, person
from ops.console.data.installation.configuration import (
    FOLDER,
    of_account,
    problems_of,
    read_by_version,
    read_difference,
    read_versions,
    values_of,
)
from ops.console.data.installation.gate_runs import FOLDER as FOLDER_RUN
from ops.console.data.query import read_number
from ops.console.notices import outcome, with_query_of_form
from ops.console.pages.installation.view import View, account_key, account_of, actor
from ops.versions.canaries import read_canary
from ops.versions.publishing import is_sound, publish_version, roll_back

_SECONDS = 30.0
_DIGITS = 9
_log = log.get("console")


async def _read_configuration(request: web.Request) -> dict[str, Any]:
    console = console_of(request)
    account, inbox = await account_of(request), read_number(request.query, "inbox")
    inspection = await console.accounts.inspection()
    found = {
        "account": account.key if account else None,
        "inbox": inbox,
        **await read_versions(console.connection),
        "problems": problems_of(inspection, account),
        "values": values_of(inspection, account.key, inbox) if inspection and account else None,
        "canary": _of_whom(await read_canary(console.connection), person(request).account),
        "by_version": await read_by_version(console.connection, account_key(request)),
    }
    run = console.gates.last(FOLDER_RUN) if person(request).account is None else None
    found["gate"] = run.as_json() if run else None
    if person(request).account is not None:
        found["processes"] = [{**one, "problems": []} for one in found["processes"]]  # they name others' files
    return found


def _of_whom(canary: dict[str, Any] | None, account: str | None) -> dict[str, Any] | None:
    """Return a canary to those who may see what its turns came to: operators, and leads of its account."""
    return canary if canary is None or account is None or canary["account"] == account else None


async def _read_difference(request: web.Request) -> dict[str, Any]:
    console, account = console_of(request), await account_of(request)
    sides = (request.query.get("from", "").strip(), request.query.get("to", "").strip() or FOLDER)
    found = await read_difference(console.connection, console.environment.config, sides)
    return of_account(found, account) if account is not None else found


configuration = View("configuration.html", _read_configuration)
difference = View("difference.html", _read_difference, seconds=10.0)


async def publish(request: web.Request) -> web.Response:
    """Put the folder in force, as `config publish` does, and go to the page, which says so, or how its cases run."""
    console = console_of(request)
    with acting(actor(request)) as told:
        async with asyncio.timeout(_SECONDS):
            sources = await asyncio.to_thread(gather, console.environment.config, os.environ)
            sound = is_sound(sources)
            try:
                if sound and _is_judged_first(request, sources):
                    return web.Response(status=303, headers={"Location": "/configuration"})
                if sound:
                    await publish_version(ConfigVersions(console.connection), sources, "publish", "publish", ())
            except CommandError as error:
                sound = False
                told.append(str(error))
    _log.info("console_published", by=person(request).name, sound=sound)
    return await _to_page(request, "configuration.publish", told, done=sound)


def _is_judged_first(request: web.Request, sources: Sources) -> bool:
    """Begin to run the cases that accounts demand of a folder, which is published once they are green; False: none do.

    Raises:
        CommandError: cases are being run already.
    """
    console = console_of(request)
    accounts = inspect_sources_without_secrets(sources, os.environ).found.snapshot.accounts
    if not any(one.settings.gate.sets for one in accounts.values()):
        return False

    async def publish_judged(_: str) -> list[str]:
        with acting(actor(request)) as told:
            await publish_version(ConfigVersions(console.connection), sources, "publish", "publish", ())
        return told

    console.gates.start(FOLDER_RUN, sources, tuple(accounts), person(request).name, publish_judged)
    _log.info("console_acted", action="publish gate", by=person(request).name)
    return True


async def rollback(request: web.Request) -> web.Response:
    """Put the `version` that is asked for in force everywhere, as `config rollback` does; what was done, as JSON."""
    status, told = await _roll_back(request)
    if status == 200:
        return data({"done": told})
    return refuse(request, status, " ".join(told)) if status != 409 else data({"error": " ".join(told)}, status)


async def rollback_page(request: web.Request) -> web.Response:
    """Do the same, and go to the page, which says so."""
    status, told = await _roll_back(request)
    return await _to_page(request, "configuration.rollback", told, done=status == 200)


async def _to_page(request: web.Request, what: str, told: list[str], *, done: bool) -> web.Response:
    return outcome(request, await with_query_of_form(request, "/configuration"), what, told, done=done)


async def _roll_back(request: web.Request) -> tuple[int, list[str]]:
    version = await _version(request)
    if version is None:
        return 400, ["version: the number of one that `chatwootai config history` lists"]
    try:
        with acting(actor(request)) as told:
            async with asyncio.timeout(_SECONDS):
                done = await roll_back(ConfigVersions(console_of(request).connection), version, _agreed)
    except NotFound as error:
        return 404, [str(error)]
    except (CommandError, ValueError) as error:  # a ValueError: encrypted, and no key here opens it
        return 409, [str(error)]
    if not done:
        return 409, told
    _log.info("console_rolled_back", version=version, by=person(request).name)
    return 200, told


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
