"""What CrewAI would do behind our back, watched in a fresh process through Python's audit hooks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """
import asyncio, json, os, signal, sys, threading, time
from aiohttp import web

seen = {"connects": [], "written": [], "looked_up": []}
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT

def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        seen["connects"].append(arguments[1][1])
    elif event == "socket.getaddrinfo":
        seen["looked_up"].append(str(arguments[0]))
    elif event == "open":
        path, mode, flags = arguments
        if (isinstance(mode, str) and set(mode) & set("wax+")) or (isinstance(flags, int) and flags & WRITES):
            seen["written"].append(str(path))
    elif event in ("os.mkdir", "os.rename", "sqlite3.connect"):
        seen["written"].append(os.fsdecode(arguments[0]))

sys.addaudithook(watch)

async def main():
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}

    async def handle(request):
        await request.json()
        message = {"role": "assistant", "content": "Secret words of a model."}
        return web.json_response({"choices": [{"finish_reason": "stop", "message": message}], "usage": {}})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    from chatwootai.model.message.delivery import Contact
    from chatwootai.model.message.origin import Origin
    from chatwootai.model.message.turn import Question
    from config.settings.settings import Settings
    from crews.answer.draft import Crews

    crews = await Crews.open()
    seen["connects_by_opening"] = list(seen["connects"])
    shop = Settings.model_validate({"model": {"base_url": f"http://127.0.0.1:{port}/v1"}})
    asked = Question(turn="t", origin=Origin(account="1", channel="whatsapp", contact=Contact(id=1)), folder="a",
        domain="d", function="customer_service", text="Secret words of a customer.", history=(),
        deadline=time.time() + 30)
    draft = await crews.draft(asked, shop)
    await crews.close()
    await runner.cleanup()

    from crewai_core import lock_store
    from crews.runtime import environment
    seen["port"] = port
    seen["text"] = draft.text
    seen["storage"] = str(environment.prepare())
    seen["lock_url"] = lock_store._REDIS_URL
    seen["redis_url"] = os.environ.get("REDIS_URL")
    seen["dotenv"] = os.environ.get("FROM_DOTENV")
    heavy = ("grpc", "openai.types.beta", "crewai_core.platform_catalog")
    seen["heavy"] = [name for name in heavy if name in sys.modules]
    seen["handlers_kept"] = all(signal.getsignal(name) == was for name, was in before.items())
    seen["threads"] = sorted(each.name for each in threading.enumerate() if each is not threading.main_thread())

asyncio.run(main())
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def seen(places: tuple[Path, Path]) -> dict[str, Any]:
    home, work = places
    (work / ".env").write_text("FROM_DOTENV=yes\n")
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {
        **keep,
        "HOME": str(home),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=work, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def test_the_draft_came(seen: dict[str, Any]) -> None:
    assert seen["text"] == "Secret words of a model."


def test_nothing_but_the_model_was_connected_to(seen: dict[str, Any]) -> None:
    assert seen["connects_by_opening"] == []
    assert set(seen["connects"]) == {seen["port"]}
    assert set(seen["looked_up"]) <= {"127.0.0.1"}


def expected(path: Path, temporary: Path) -> bool:
    """Byte code, a descriptor opened before, or the file of eight letters that tempfile tries a folder with."""
    tried = path.parent == temporary and len(path.name) == 8
    return tried or "__pycache__" in path.parts or path.name.isdigit()


def test_nothing_was_written_outside_the_private_folder(seen: dict[str, Any], places: tuple[Path, Path]) -> None:
    home, work = places
    assert list(home.rglob("*")) == []
    assert [each.name for each in work.iterdir()] == [".env"]
    storage = seen["storage"]
    written = [Path(path) for path in seen["written"] if not path.startswith((storage, "/dev/", "/proc/"))]
    assert [path for path in written if not expected(path, Path(storage).parent)] == []


def test_the_private_folder_is_gone_afterwards(seen: dict[str, Any]) -> None:
    assert not Path(seen["storage"]).exists()


def test_redis_is_hidden_from_crewai_and_from_nobody_else(seen: dict[str, Any]) -> None:
    assert seen["lock_url"] is None
    assert seen["redis_url"] == "redis://127.0.0.1:1/0"


def test_the_working_directorys_dotenv_is_not_loaded(seen: dict[str, Any]) -> None:
    assert seen["dotenv"] is None


def test_signal_handlers_are_as_they_were(seen: dict[str, Any]) -> None:
    assert seen["handlers_kept"]


def test_what_no_run_needs_is_not_in_memory(seen: dict[str, Any]) -> None:
    assert seen["heavy"] == []


def test_importing_crewai_too_early_is_said() -> None:
    fake = "import sys, types; sys.modules['crewai'] = types.ModuleType('crewai')"
    code = f"{fake}; from crews.runtime import environment; environment.prepare()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "imported before" in done.stderr
