"""Every setting changes something: each place of the settings and of the mapping has two values and a look.

A new setting gets a line in `tests/settings_table.py` or `tests/settings_mapping_table.py`: two values in YAML and a
function that sees a difference between them in what the code that reads the setting makes of it, never in the settings
themselves.
"""

import ast
import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from pydantic import ValidationError

from chatwootai.model.message.routing import route
from chatwootai.model.policy.handoff_cause import Sentence
from chatwootai.stores.server.connection import Connection
from config.loading.loader import load, shipped
from config.mapping.entries import MappingFile
from config.schema.kinds import Kind
from config.settings.settings import Settings
from config.snapshot import place_of
from crews.model_calls.call import BillingScope, Endpoint, Policy, Target
from crews.runtime import environment
from tests.settings_looks import prompt
from tests.settings_mapping_looks import Place, Recorder, recording
from tests.settings_mapping_table import MAPPED, MAPPING, ROUTED
from tests.settings_table import OBSERVED, SAID_BY
from tests.unit.config.mapping.test_config_trust import _places

ROOT = Path(__file__).resolve().parents[3]


def made(text: str) -> Settings:
    """Settings as they ship, with these on top."""
    said = Settings.model_validate(yaml.safe_load(text) or {})
    return shipped().model_copy(update={name: getattr(said, name) for name in said.model_fields_set})


def places_of(kind: type) -> set[str]:
    return {path for path, _ in _places(Kind(kind))}


def test_every_setting_has_a_line_here() -> None:
    known = {*OBSERVED, *MAPPED, *ROUTED, "sentences.*.*", "inboxes.*.name"}
    assert places_of(Settings) - known == set(), "add a line: two values and what they change"
    assert places_of(MappingFile) - known == set(), "add a line: two values and what they change"
    places = places_of(Settings) | places_of(MappingFile)
    tables = {place.rpartition(".")[0] for place in places}  # one that may be a word instead has a line of its own
    assert known - places - tables == set(), "no such setting"
    assert set(SAID_BY) == set(Sentence)


def test_every_term_of_a_call_is_read_where_calls_are_made() -> None:
    """Settings of models are looked at as terms: those must be read in their turn."""
    files = [*(ROOT / "crews" / "model_calls").rglob("*.py"), ROOT / "crews" / "answer" / "variants.py"]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    read = {node.attr for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    terms = {each.name for kind in (Policy, Target, Endpoint, BillingScope) for each in fields(kind)}
    assert terms - read == set()


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


@pytest.fixture
async def served_at() -> Any:
    """A server that tells what it was sent; its port."""
    once = iter([500, 200, 200])

    async def answer(request: web.Request) -> web.Response:
        if request.path.startswith("/mcp"):
            return await _of_a_server(request)
        if request.path == "/slow":
            await asyncio.sleep(0.4)
        if request.path == "/once":
            return web.json_response({}, status=next(once, 200))
        headers = {name: value for name, value in request.headers.items() if name.startswith("X-")}
        told = {"path": request.path_qs, "method": request.method, "headers": headers, "body": await request.text()}
        return web.json_response({**told, "long": "x" * 5000 if request.path == "/long" else ""})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def _of_a_server(request: web.Request) -> web.Response:
    """An MCP server over streamable HTTP with two tools, of which one tells what it was sent."""
    if request.method != "POST":
        return web.Response(status=405)
    said = await request.json()
    if "id" not in said:
        return web.Response(status=202)
    headers = sorted(f"{name}: {value}" for name, value in request.headers.items() if name.lower().startswith("x-"))
    shape = {"type": "object", "properties": {}}
    if said["method"] == "tools/call" and request.path.endswith("/slow"):
        await asyncio.sleep(0.6)
    found: dict[str, Any] = {
        "initialize": {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "s", "version": "1"},
        },
        "tools/list": {"tools": [{"name": name, "inputSchema": shape} for name in ("tell", "other")]},
        "tools/call": {"content": [{"type": "text", "text": f"{request.path} {headers}"}]},
    }
    return web.json_response({"jsonrpc": "2.0", "id": said["id"], "result": found[said["method"]]})


@pytest.mark.parametrize("path", OBSERVED)
async def test_two_values_make_a_difference(path: str, served_at: int) -> None:
    seen = OBSERVED[path]
    texts = [text.replace("HOST", "127.0.0.1").replace("PORT", str(served_at)) for text in (seen.one, seen.other)]
    found = []
    for text in texts:
        try:
            looked = seen.look(made(text))
        except ValidationError as refused:  # what it says makes a configuration that nobody may use
            looked = [each["type"] for each in refused.errors()]
            assert looked == ["unknown-host"]
        found.append(await looked if isinstance(looked, Awaitable) else looked)
    assert found[0] != found[1]


@pytest.fixture
async def chatwoot() -> AsyncIterator[Recorder]:
    async with recording() as recorder:
        yield recorder


@pytest.mark.parametrize("path", MAPPED)
async def test_two_values_of_the_mapping_make_a_difference(
    path: str, chatwoot: Recorder, redis: Connection, redis_url: str, tmp_path: Path
) -> None:
    found = []
    for number, said in enumerate((MAPPED[path].one, MAPPED[path].other)):
        await redis.flushall()
        place = Place(tmp_path / str(number), redis_url, chatwoot)
        place.write(said)
        found.append(str(await MAPPED[path].look(place)).replace(str(place.folder), ""))
    assert found[0] != found[1]


@pytest.mark.parametrize("name", Sentence)
async def test_every_sentence_is_said_by_somebody(name: str) -> None:
    always = "hours: {time_zone: UTC, week: {}}" if name != "out_of_hours" else _closed()
    found = []
    for text in ("Aa", "Bb"):
        kept = f"greeting: {{es: Hola}}\nidle: {{end: close}}\ninterim: {{}}\n{always}\n"
        settings = made(f"{kept}sentences: {{pt: {{{name}: {text}}}}}")
        looked = SAID_BY[name](settings)
        found.append(str(await looked if isinstance(looked, Awaitable) else looked))
    assert found[0] != found[1]
    assert "Aa" in found[0]


@pytest.mark.parametrize("path", ROUTED)
def test_what_the_mapping_says_changes_where_a_message_goes(path: str, tmp_path: Path) -> None:
    found = []
    for number, (own, rest) in enumerate(ROUTED[path]):
        folder = tmp_path / str(number)
        for name in ("loja", "casa"):
            (folder / "domains/retail" / name).mkdir(parents=True)
            (folder / "domains/retail" / name / "config.yaml").write_text(f"tone: {name}\n")
        (folder / "chatwoot_mapping.yaml").write_text(MAPPING % (own, rest))
        one = load(folder, {"S": "s"}).accounts["1"]
        way_of = replace(route(place_of(one, 17), "whatsapp", "+5531987654321"), why=())
        own_settings = one.inboxes.get(17, one).settings
        found.append((way_of, prompt(own_settings)))
    assert found[0] != found[1]


def test_an_inboxs_name_is_shown(tmp_path: Path) -> None:
    (tmp_path / "chatwoot_mapping.yaml").write_text(
        MAPPING % (", domain: retail", "inboxes: {'17': {account: '1', name: Loja física}}")
    )
    from ops.verbs.configure.tenants import _summary

    assert "Loja física" in str(_summary(load(tmp_path, {"S": "s"}).accounts["1"]))


def _closed() -> str:
    """Hours of which now is none."""
    day = f"{datetime.now(UTC):%A}".lower()
    others = [each for each in ("monday", "tuesday", "wednesday") if each != day][:1]
    return f"hours: {{time_zone: UTC, week: {{{others[0]}: ['09:00-10:00']}}}}"
