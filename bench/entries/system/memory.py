"""Memory: what one worker holds in the end that has answered ten tenants, each with a handbook of 855 questions.

Every process is real. Each tenant is asked three questions, so that its index lies in the worker's memory. Resident
memory is the system's word for it, files that are mapped included.
"""

import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.entries.texts.knowledge import DATA
from bench.figure import Figure, rounded
from bench.traffic import metric
from chatwootai.stores.models.knowledge import KnowledgeStore
from chatwootai.stores.server.connection import connect
from crews.knowledge.passage import CUSTOMERS
from sandbox.chatwoot.driver import Driver
from sandbox.installation.own import OwnConfiguration
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

_TENANTS: Final = 10
_QUESTIONS: Final = 3
_WITHIN: Final = 600.0
_RECORDS: Final = 855
_SETTINGS: Final = "company: {name: Loja}\nrate_per_minute: 100000\nmodel: {hedging: {local: true}}\n"
_KNOWLEDGE: Final = "sources: {faq: {records: faq.jsonl}}\n"
_THINGS: Final = "mesa cadeira sofá estante cama armário espelho tapete luminária cortina banco rack".split()
_DOINGS: Final = "montar limpar trocar devolver entregar pagar parcelar guardar lavar consertar medir pintar".split()


async def run(say: Callable[[str], None]) -> list[Figure]:
    """Measure one worker.

    Raises:
        Failed: a handbook was not read, or a question was not answered.
    """
    with tempfile.TemporaryDirectory() as folder:
        records = _records()
        own = _configuration(Path(folder), records)
        async with System(Plan(own=own)) as system:
            say(f"a handbook of {len(records)} records is read by the worker")
            await _give_handbooks(system)
            before = _resident(system)
            say("asking each of them")
            await _ask(system, records)
            after, most = _resident(system), _status(system)["VmHWM"]
            held = await metric(system, "worker", "process_resident_memory_bytes") / 2**20
    return [
        Figure("memory.worker.before", rounded(before), "MiB", "handbooks read, nobody answered"),
        Figure("memory.worker", rounded(after), "MiB", f"goal: under 300 MiB; /metrics says {held:.0f}"),
        Figure("memory.worker.most", rounded(most), "MiB", "at any time, its start included"),
    ]


def _records() -> list[dict[str, Any]]:
    """Return the public records where they are, else as many made of the words of a shop."""
    public = DATA / "aia_bde_faq.jsonl"
    if public.is_file():
        return [json.loads(line) for line in public.read_text(encoding="utf-8").splitlines()]
    made = []
    for number in range(_RECORDS):
        thing, doing = _THINGS[number % len(_THINGS)], _DOINGS[number // len(_THINGS) % len(_DOINGS)]
        question = f"Como posso {doing} a {thing} do modelo {number}?"
        answer = f"Para {doing} a {thing} do modelo {number}, siga o manual da {thing}. " * 4
        made.append({"id": str(number), "question": question, "answer": answer})
    return made


def _configuration(folder: Path, records: Sequence[Mapping[str, Any]]) -> OwnConfiguration:
    base = folder / "domains" / "shop"
    base.mkdir(parents=True)
    (base / "config.yaml").write_text(_SETTINGS, encoding="utf-8")
    (base / "knowledge.yaml").write_text(_KNOWLEDGE, encoding="utf-8")
    lines = "\n".join(json.dumps(each, ensure_ascii=False) for each in records)
    (base / "faq.jsonl").write_text(lines, encoding="utf-8")
    entry = '{{id: {0}, name: Loja {0}, domain: shop, webhook_secrets: ["${{S_{0}}}"], bot_token: "${{B_{0}}}"}}'
    accounts = "\n".join(f'  "{n}": {entry.format(n)}' for n in range(1, _TENANTS + 1))
    mapping = f"version: 1\nchatwoot: {{default: {{url: 'http://127.0.0.1:3000'}}}}\naccounts:\n{accounts}\n"
    (folder / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    return OwnConfiguration.read(folder)


async def _give_handbooks(system: System) -> None:
    """Have the worker read one tenant's records, as it does by itself, and give that version to the others."""
    connection = connect(system.redis_url)
    store = KnowledgeStore(connection)
    try:
        async with asyncio.timeout(_WITHIN):
            while not (version := await store.version("1")):  # noqa: ASYNC110 - others write it
                await asyncio.sleep(1)
        index, about = await store.read("1", version, CUSTOMERS), (await store.in_force("1")).about
        for account in map(str, range(2, _TENANTS + 1)):
            token = await store.begin(account)
            if index is not None and token is not None:  # else the worker is at it
                await store.publish(account, await store.write(account, {CUSTOMERS: index}), about, token)
                await store.end(account, token)
    except TimeoutError:
        raise Failed(f"no handbook was read within {_WITHIN:g} s") from None
    finally:
        await connection.aclose()


async def _ask(system: System, records: Sequence[Mapping[str, Any]]) -> None:
    async with Driver(system.url("chatwoot")) as driver:
        for at in range(_QUESTIONS):
            for account in range(1, _TENANTS + 1):
                question = records[(at * _TENANTS + account) * 7 % len(records)]["question"]
                sent = await driver.write(account, "whatsapp", str(question))
                await driver.wait_for_reply(sent, within=30)


def _resident(system: System) -> float:
    return _status(system)["VmRSS"]


def _status(system: System) -> dict[str, float]:
    """Return what the system says of the worker's memory, in MiB, by name."""
    text = Path(f"/proc/{system.processes['worker'].pid}/status").read_text(encoding="ascii")
    return {name: int(kib) / 1024 for name, kib in re.findall(r"(Vm\w+):\s+(\d+) kB", text)}
