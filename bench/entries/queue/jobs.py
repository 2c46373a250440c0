"""Jobs a second of one worker process whose jobs do nothing, and its CPU a job, against arq's own worker; peers beside.

Each with the slots it has by default (peers were slower with more of them), in turns on a fresh Redis of the same kind,
all jobs there before it starts; peers on uvloop and with no results kept. What disturbs a round can only slow it, so
the best round of each counts. Jobs a second need a core that nobody else wants; CPU a job does not.
"""

from bench.beside import Peers
from bench.figure import Figure, best
from bench.queues import ARQ, OURS, bench
from chatwootai.stores.server.embedded import Embedded

_ROUNDS = 3
_JOBS = {OURS: 6000, ARQ: 600, "saq": 2000, "streaq": 2000, "taskiq": 6000}  # about two seconds of each
_SLOTS = {OURS: 400, ARQ: 10, "saq": 10, "streaq": 16, "taskiq": 100}  # each its own default

Measured = dict[str, list[tuple[float, float]]]
"""Jobs a second and CPU microseconds a job, of each round, by name."""


async def run(peers: Peers | None = None) -> list[Figure]:
    """Measure all in turns; a peer that fails has no further turn."""
    measured: Measured = {name: [] for name in _JOBS}
    for number in range(_ROUNDS):
        for name, rounds in measured.items():
            if name in {OURS, ARQ}:
                rounds.append(await _rate(name))
            elif peers is not None and len(rounds) == number:
                rounds.extend(await _peer(peers, name))
    return figures(measured)


def figures(measured: Measured) -> list[Figure]:
    """Return ours by arq's own, then by each peer's that was measured."""
    peers = (name for name, rounds in measured.items() if rounds and name not in {OURS, ARQ})
    return [
        *_compare(measured, ARQ, "", "arq's own worker, its defaults"),
        *(figure for name in peers for figure in _compare(measured, name, f".{name}", f"{name}'s worker")),
    ]


def _compare(measured: Measured, other: str, end: str, plainly: str) -> tuple[Figure, Figure]:
    (our_rates, our_costs), (rates, costs) = (zip(*measured[name], strict=True) for name in (OURS, other))
    return (
        best(f"jobs.throughput{end}", "jobs/s", our_rates, rates, plainly, most=True),
        best(f"jobs.cpu{end}", "us/job", our_costs, costs, plainly),
    )


async def _rate(kind: str) -> tuple[float, float]:
    async with bench(kind) as one:
        jobs = _JOBS[kind]
        await one.enqueue_all(f"{number % 20}:{number}" for number in range(jobs))
        await one.work("--slots", str(_SLOTS[kind]))
        began = sorted((await one.begun(jobs, 60)).values())
        return (jobs - 1) / (began[-1] - began[0]), await one.spent() / jobs * 1e6


async def _peer(peers: Peers, name: str) -> list[tuple[float, float]]:
    with Embedded.start() as one:
        arguments = ("--redis", one.url, "--jobs", str(_JOBS[name]), "--slots", str(_SLOTS[name]))
        found = await peers.measured(name, *arguments)
    return [] if found is None else [(found["per_second"], found["cpu"])]
