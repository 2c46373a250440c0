"""The mailbox as a state machine, on the real Redis, against a model in plain Python.

Workers here are only what they believe: a list of runs, each with the hold it was given. They stall, die, come back too
late, and repeat themselves, in any order hypothesis can think of; Redis forgets scripts and jobs; leases end.
After every step what lies in Redis is held against the model, and in the end everything must come to rest.

The draw is fixed, so that a red run stays red. For a longer, freshly drawn one:

    MAILBOX_EXAMPLES=3000 MAILBOX_STEPS=120 MAILBOX_RANDOM=1 python -m pytest tests/property/test_mailbox_machine.py
"""

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from chatwootai.model.message.priority import lane_of
from chatwootai.stores import keys
from chatwootai.stores.conversation.decision import Commit
from chatwootai.stores.server.embedded import Embedded
from tests.property.mailbox.expectations import Expectations
from tests.property.mailbox.model import STOCK, WORK, Run

_EXAMPLES = int(os.environ.get("MAILBOX_EXAMPLES", "500"))
_STEPS = int(os.environ.get("MAILBOX_STEPS", "50"))
_SHRINKS = bool(os.environ.get("MAILBOX_SHRINK"))  # a shorter story, minutes later
_DRAWN = not os.environ.get("MAILBOX_RANDOM")
_ROUNDS = 12
"""In which everything must come to rest: two would do, but each answered turn may have a next."""


class MailboxMachine(Expectations):
    """The rules are what workers, doors and accidents do; in the end everything comes to rest."""

    def teardown(self) -> None:
        try:
            if self.convs:
                self.come_to_rest()
        finally:
            self.wait(self.redis.aclose())
            self.loop.close()

    def come_to_rest(self) -> None:
        """Everybody dies; one worker comes, answers everything, and nothing of ours remains."""
        self.runs.clear()
        self.wait(self.redis.delete(*(keys.worker(name) for name in STOCK)))
        for _ in range(_ROUNDS):
            if not (self.leases or any(conv.job for conv in self.convs.values())):
                break
            self.wait(self._due())
            for job in list(self.leases):
                self.wait(self.redis.zadd(keys.LEASES, {job: 1}, xx=True))
                self.expired.add(job)
            self.sweep()
            self.claim("w1", 50, 50)
            for run in list(self.runs):
                self.worked_off(run)
        self.redis_is_as_the_model_says()
        for conv in self.convs.values():
            assert not conv.busy, f"{conv.name} never came to rest"
            assert set(conv.posted) == set(conv.owed), "decided, and never said"
        left = {key.decode() for key in self.state["keys"] if key.decode().startswith(WORK)}
        assert not left, "something of ours remains"
        admitted = Counter(name.rpartition(":")[0] for kind, name in self.seen if kind == "m")
        assert admitted == Counter({conv.name: conv.answered.total() for conv in self.convs.values()})

    def worked_off(self, run: Run) -> None:
        """A turn as it should go."""
        self.begun(run, self.wait(self.conversations.begin(run.conv, run.job, run.worker, lost=run.lost)))
        if run.lease is not None:
            lease, conv = run.lease, self.convs[run.conv]
            if run.broken:
                self.discard(self.held().index(run))
            if run.messages:
                decision = self.decide(run, 1)
                assert self.wait(self._commit(lease, run, decision, force=False)) is Commit.COMMITTED
                self.decided(run, decision)
            while run.view:
                self.post(self.viewing().index(run), "sent")
            assert not conv.busy
            self.finish(self.held().index(run))
        self.retired(run)


def test_nothing_is_lost_and_nothing_said_twice_in_any_order_of_events(redis_server: Embedded) -> None:
    assert lane_of(8) == "high", "the rules admit into both lanes"
    MailboxMachine.url = redis_server.url
    run_state_machine_as_test(
        MailboxMachine,
        settings=settings(
            max_examples=_EXAMPLES,
            stateful_step_count=_STEPS,
            derandomize=_DRAWN,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if _SHRINKS else [Phase.generate],
        ),
    )
