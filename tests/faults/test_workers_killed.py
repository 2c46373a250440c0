"""kill -9 of workers, while Chatwoot stumbles and every webhook comes twice."""

from tests.faults.desk import Desk, scaled, with_trouble

_FAULTS = (
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "cut"},
    {"kind": "hang", "seconds": 12.0},
)
_SHARE = 0.18


async def test_workers_killed(desk: Desk) -> None:
    ground, conversations = desk.ground, scaled(150)
    desk.relay.copies = 2
    left = 1.0
    for fault in _FAULTS:  # each strikes what those before it have spared
        await desk.driver.fault(**fault, times=None, share=_SHARE / len(_FAULTS) / left)
        left -= _SHARE / len(_FAULTS)

    async def kill() -> None:
        for number in range(4):
            await desk.answers(conversations * (number + 1) // 5)
            name = ("worker", "worker-2")[number % 2]
            await ground.kill(name)
            await ground.revive(name)

    await with_trouble(desk.crowd(conversations, per_second=8), kill())
    tally = await desk.tally()
    tally.must_be_clean()
    assert tally.handed_off <= tally.conversations / 10
    assert tally.refused == 0
