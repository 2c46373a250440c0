"""What always holds between any two steps: Redis is as the model says, and nothing is stuck."""

from collections import Counter
from typing import Any

from hypothesis.stateful import invariant

from chatwootai.stores import keys
from tests.property.mailbox.accidents import Accidents
from tests.property.mailbox.model import ACCOUNTS, Run


class Expectations(Accidents):
    """Looks at Redis after every step."""

    @invariant()
    def redis_is_as_the_model_says(self) -> None:
        if not self.convs:
            return
        self.state = self.wait(self._state())
        self.mailboxes_and_outboxes_hold_what_they_must()
        self.counts_are_exact()
        self.tenants_stand_where_their_jobs_put_them()
        self.whoever_has_work_can_be_run()

    def mailboxes_and_outboxes_hold_what_they_must(self) -> None:
        for conv in self.convs.values():
            assert {int(score) for _, score in self.state["box", conv.name]} == conv.box
            assert self.state["outbox", conv.name] == conv.outbox
            assert conv.posted == [entry for entry in conv.owed if entry in conv.posted], "out of order or twice"
            assert max(conv.answered.values(), default=0) <= 1, "a message was answered twice"
            assert not conv.box & set(conv.answered)

    async def _state(self) -> dict[Any, Any]:
        asked: dict[Any, tuple[Any, ...]] = {
            "leases": ("ZRANGE", keys.LEASES, 0, -1),
            "scheduled": ("ZRANGE", keys.SCHEDULED, 0, -1),
            "queue": ("ZRANGE", keys.QUEUE, 0, -1),
            "open": ("ZRANGE", keys.OPEN, 0, -1),
            "running": ("HGETALL", keys.RUNNING),
            "waiting": ("HGETALL", keys.WAITING),
            "owners": ("HGETALL", keys.OWNERS),
            "keys": ("KEYS", "*"),
        }
        for lane in ("high", "normal"):
            asked["tenants", lane] = ("ZRANGE", f"cw:tenants:{lane}", 0, -1, "WITHSCORES")
            for account in ACCOUNTS:
                asked["ready", lane, account] = ("ZRANGE", f"cw:ready:{lane}:{account}", 0, -1, "WITHSCORES")
        for name in self.convs:
            asked["conv", name] = ("HGETALL", keys.state(name))
            asked["box", name] = ("ZRANGE", keys.box(name), 0, -1, "WITHSCORES")
            asked["outbox", name] = ("LRANGE", keys.outbox(name), 0, -1)
        pipeline = self.redis.pipeline(transaction=False)
        for command in asked.values():
            pipeline.execute_command(*command, **({"withscores": True} if command[-1] == "WITHSCORES" else {}))
        return dict(zip(asked, await pipeline.execute(), strict=True))

    def counts_are_exact(self) -> None:
        leased = {job.decode() for job in self.state["leases"]}
        assert leased == set(self.leases) == {job.decode() for job in self.state["owners"]}
        running = Counter(self.convs[Run("", job, lost=False).conv].account for job in leased)
        assert {name.decode(): int(n) for name, n in self.state["running"].items()} == dict(running)
        waiting = Counter(dict.fromkeys(ACCOUNTS, 0))
        for conv in self.convs.values():
            waiting[conv.account] += len(conv.box)
        assert {name.decode(): int(n) for name, n in self.state["waiting"].items()} == dict(+waiting)

    def tenants_stand_where_their_jobs_put_them(self) -> None:
        running = {name.decode(): int(n) for name, n in self.state["running"].items()}
        for lane in ("high", "normal"):
            wanted = {
                account: running.get(account, 0) * 1e13 + ready[0][1]
                for account in ACCOUNTS
                if (ready := self.state["ready", lane, account])
            }
            assert {name.decode(): rank for name, rank in self.state["tenants", lane]} == wanted

    def whoever_has_work_can_be_run(self) -> None:
        opened = {name.decode() for name in self.state["open"]}
        for conv in self.convs.values():
            if conv.busy:
                assert conv.name in opened, f"{conv.name} would be forgotten"
                assert conv.job is not None
                assert self.state["conv", conv.name][b"job"].decode() == conv.job
                assert self.runnable(conv.job, self.state["conv", conv.name]), f"{conv.name} is stuck"

    def runnable(self, job: str, state: dict[bytes, bytes]) -> bool:
        """Ready, leased, scheduled, in a living stock worker's hands, or to be found by the sweep."""
        raw, known = job.encode(), set(self.state["keys"])
        if b"arq:job:" + raw not in known or raw in self.state["leases"] or raw in self.state["scheduled"]:
            return True
        ready = [one for account in ACCOUNTS for lane in ("high", "normal") for one in self.lane(lane, account)]
        if raw in ready and raw in self.state["queue"]:
            return True
        if b"arq:in-progress:" + raw not in known:
            return True  # in nobody's hands: the sweep sees that
        worker = state.get(b"worker")
        return worker is None or keys.worker(worker.decode()).encode() not in known or self.works(worker.decode(), job)

    def works(self, worker: str, job: str) -> bool:
        return any(run.worker == worker and run.job == job for run in self.runs)

    def lane(self, lane: str, account: str) -> list[bytes]:
        return [job for job, _ in self.state["ready", lane, account]]
