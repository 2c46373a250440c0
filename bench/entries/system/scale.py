"""Scale: what a turn costs Redis, by script, and what it costs a door and a worker; how much a conversation keeps.

Every process is real. Customers come one by one, so that all processes are idle most of the time, and then all at once.
"""

from collections import defaultdict
from statistics import median
from typing import Any, Final

from bench.figure import Figure, rounded
from bench.traffic import drive, errands, metric
from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.scripts import names, script
from sandbox.installation.processes import Failed
from sandbox.installation.system import Plan, System

TURNS: Final = 300
_PER_SECOND: Final = 6.0
_AT_ONCE: Final = 1e9  # arrivals a second
_WITHIN: Final = 30.0
_SETTINGS: Final = "rate_per_minute: 1000000\ndeadline_ms: 60000\n"
_KEPT: Final = 200_000
"""Commands that Redis's slow log keeps: all of a run."""
_SHOWN: Final = 12


async def run() -> list[Figure]:
    """Measure turns after some that warm everything up; a second run of them is split by script.

    Raises:
        Failed: somebody was answered wrongly, twice, or not at all.
    """
    async with System(Plan(llm=("--latency", "fixed:300ms"), settings=_SETTINGS)) as system:
        redis = connect(system.redis_url)
        try:
            await _answer(system, 30, seed=1)
            apart = await _measure(system, redis, "", _PER_SECOND)
            at_once = await _measure(system, redis, "_at_once", _AT_ONCE)
            return apart + at_once + await _by_script(system, redis)
        finally:
            await redis.aclose()


async def _answer(system: System, count: int, seed: int, per_second: float = _PER_SECOND) -> None:
    report = await drive(system, errands(count, seed=seed), per_second=per_second, within=_WITHIN)
    if report.problems:
        raise Failed(f"{len(report.problems)} problems, the first: {report.problems[0]}")


async def _measure(system: System, redis: Connection, name: str, per_second: float) -> list[Figure]:
    before = await _spent(system, redis)
    await _answer(system, TURNS, 2, per_second)
    after = await _spent(system, redis)
    spent = {name: (after[name] - before[name]) / TURNS for name in before}
    return [
        Figure(f"scale.redis{name}", rounded(1e6 * spent["redis"]), "µs/turn", "processor time of Redis's main thread"),
        Figure(f"scale.calls{name}", rounded(spent["calls"]), "calls/turn", "commands and scripts that were sent"),
        Figure(f"scale.door{name}", rounded(1e3 * spent["ingress"]), "ms/turn", "processor time of the door"),
        Figure(f"scale.worker{name}", rounded(1e3 * spent["worker"]), "ms/turn", "processor time of the worker"),
        Figure(
            f"scale.conversation{name}", rounded(spent["memory"] / 1024), "KiB", "of Redis, a conversation of one turn"
        ),
    ]


async def _spent(system: System, redis: Connection) -> dict[str, float]:
    """Return what was spent by now: seconds of processor time, commands that came over the wire, bytes of Redis."""
    info: dict[str, Any] = await redis.info("everything")
    return {
        "redis": info["used_cpu_user_main_thread"] + info["used_cpu_sys_main_thread"],
        "calls": float(_calls_sent(info)),
        "memory": float(info["used_memory_dataset"]),
        "ingress": await metric(system, "ingress", "process_cpu_seconds_total"),
        "worker": await metric(system, "worker", "process_cpu_seconds_total"),
    }


def _calls_sent(info: dict[str, Any]) -> int:
    """Return the scripts that clients had run: what a script calls is counted by Redis too, but not here."""
    return sum(info[name]["calls"] for name in ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_fcall") if name in info)


async def _by_script(system: System, redis: Connection) -> list[Figure]:
    """Return the microseconds a turn of the scripts that take longest, by the median of a call.

    Redis's slow log has all calls then. It tells elapsed time, which a machine that is busy lengthens now and then.
    """
    await redis.config_set("slowlog-max-len", _KEPT)
    await redis.config_set("slowlog-log-slower-than", 0)
    await redis.slowlog_reset()
    await _answer(system, TURNS, seed=3)
    await redis.config_set("slowlog-log-slower-than", -1)
    digests = {script(name).digest.encode(): name for name in names()}
    taken = defaultdict[str, list[int]](list)
    for entry in await redis.slowlog_get(_KEPT):
        words = entry["command"].split(b" ", 2)
        if words[0].upper() == b"EVALSHA" and (name := digests.get(words[1])):
            taken[name].append(entry["duration"])
    spent = {name: median(micros) * len(micros) / TURNS for name, micros in taken.items()}
    return [
        Figure(f"scale.{name}", rounded(spent[name]), "µs/turn", f"{rounded(len(taken[name]) / TURNS)} calls a turn")
        for name in sorted(spent, key=lambda name: -spent[name])[:_SHOWN]
    ]
