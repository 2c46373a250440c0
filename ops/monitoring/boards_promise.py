"""The dashboards of what customers feel, and of doors and the queue. The first row is read from across the room."""

from ops.monitoring.alert import Board
from ops.monitoring.panel import Dashboard, Panel, quantile, rises, stat
from ops.monitoring.recordings import ALLOWED

_RED_BELOW = ((None, "red"), (0.9, "orange"), (0.95, "green"))
_RED_FROM_1 = ((None, "green"), (1, "red"))
_KEPT = 'chatwootai_turn_seconds_bucket{@,le="3.0",outcome!="silence"}'
_ALL = 'chatwootai_turn_seconds_count{@,outcome!="silence"}'


def promise() -> Dashboard:
    """Return the dashboard of what customers are promised: an answer within 3 seconds, or a person."""
    return Dashboard(
        uid=Board.PROMISE,
        title="ChatwootAI: Promise",
        description="What customers feel: how many are answered, how fast, and who goes to people.",
        panels=(*_promise_numbers(), *_promise_series()),
    )


def _promise_numbers() -> tuple[Panel, ...]:
    late = f"(1 - sum(increase({_KEPT}[28d])) / sum(increase({_ALL}[28d])))"
    return (
        stat("Within 3 s, 1 h", "Share of turns within 3 seconds in the last hour. 95 % are promised.", "percentunit",
             f"sum(increase({_KEPT}[1h])) / sum(increase({_ALL}[1h]))", _RED_BELOW),
        stat("Within 3 s, 28 d", "The same in 28 days.", "percentunit",
             f"sum(increase({_KEPT}[28d])) / sum(increase({_ALL}[28d]))", _RED_BELOW),
        stat("Budget left, 28 d", "Of the 5 % of turns that may be late in 28 days, the share that is left.",
             "percentunit", f"1 - {late} / {ALLOWED}", ((None, "red"), (0.1, "orange"), (0.3, "green"))),
        stat("p95", "Of 20 customers 19 waited shorter than this.", "s",
             quantile(95, "chatwootai_turn_seconds", also='outcome!="silence"'), ((None, "green"), (3, "red"))),
        stat("Oldest wait", "How long the customer waits for whom nobody has begun yet.", "s",
             "max(chatwootai_oldest_waiting_seconds{@})", ((None, "green"), (10, "orange"), (30, "red"))),
        stat("Dead letters", "Turns that gave up and that nobody has retried or dropped.", "short",
             "sum(max by (shard) (chatwootai_dead_letters_now{@}))", _RED_FROM_1),
    )  # fmt: skip


def _promise_series() -> tuple[Panel, ...]:
    return (
        Panel(title="Accepted", description="Webhooks a second that became a message to answer.", unit="reqps",
              queries={"accepted": rises("chatwootai_deliveries_total", "answer", 'answer="accepted"')}),
        Panel(title="Turns by outcome", description="Turns a second that ended: reply, handoff, silence.", unit="ops",
              queries={"{{outcome}}": rises("chatwootai_turns_total", "outcome")}, stacked=True),
        Panel(title="Seconds of a turn", unit="s", exemplars=True,
              description="From the first message's arrival to the reply's post: p50, p95 and p99.",
              queries={f"p{each}": quantile(each, "chatwootai_turn_seconds", also='outcome!="silence"')
                       for each in (50, 95, 99)}),
        Panel(title="Seconds of each step", description="p95 of the steps of a turn: the one that grew is the one to "
              "look at.", unit="s",
              queries={"{{step}}": quantile(95, "chatwootai_step_seconds", "step", 'process="worker"')}),
        Panel(title="Late turns", description="Share of turns over 3 seconds, by window: an alert needs a long and a "
              "short one.", unit="percentunit",
              queries={window: f"chatwootai:turns_bad:ratio_rate{window}" for window in ("5m", "1h", "6h")}),
        Panel(title="Served by", description="What answered: the crew, a cache, curated answers, people.", unit="ops",
              queries={"{{served_by}}": rises("chatwootai_turns_served_total", "served_by")}, stacked=True),
        Panel(title="Handoffs by cause", description="Conversations given to people. `asked`, `topic` and `anger` are "
              "theirs; `model`, `failed` and `unfit` ours.", unit="ops",
              queries={"{{cause}}": rises("chatwootai_handoffs_total", "cause")}, stacked=True),
        Panel(title="Dead letters by cause", description="Turns that gave up, a second.", unit="ops",
              queries={"{{cause}}": rises("chatwootai_dead_letters_total", "cause")}),
        Panel(title="Caught up", unit="ops",
              description="Messages that Chatwoot had and no webhook brought: `accepted` ones waited for minutes.",
              queries={"{{result}}": rises("chatwootai_caught_up_messages_total", "result")}),
        Panel(title="Turns by channel", description="Turns a second, by the channel of the customer.", unit="ops",
              queries={"{{channel}}": rises("chatwootai_turns_total", "channel")}, stacked=True),
        Panel(title="Incidents", description="What goes wrong now, by kind; `chatwootai jobs stats` names it.",
              unit="short", queries={"{{kind}}": "max by (kind) (chatwootai_incidents{@}) or on() vector(0)"}),
        Panel(title="Configurations and releases", description="More than one: an edit or an upgrade has not reached "
              "every process.", unit="short",
              queries={"configurations": "count(count by (digest) (chatwootai_config_info{@}))",
                       "releases": "count(count by (version) (chatwootai_build_info{@}))"}),
    )  # fmt: skip


def door_and_queue() -> Dashboard:
    """Return the dashboard of doors, journals, Redis and the queue."""
    return Dashboard(
        uid=Board.QUEUE,
        title="ChatwootAI: Door and queue",
        description="Whether messages are taken, where they wait, and what Redis has room for.",
        panels=(*_queue_numbers(), *_door_series(), *_queue_series()),
    )


def _queue_numbers() -> tuple[Panel, ...]:
    return (
        stat("Doors", "Doors that Prometheus reaches.", "short", 'sum(up{@,job="ingress"})',
             ((None, "red"), (1, "green"))),
        stat("Workers", "Workers that listen to Redis; of several, to the one with the fewest.", "short",
             "min(max by (shard) (chatwootai_workers_listening{@}))",
             ((None, "red"), (1, "green"))),
        stat("Redis", "1: all processes reach it.", "short", "min(chatwootai_redis_up{@})",
             ((None, "red"), (1, "green"))),
        stat("Memory of Redis", "Share of the memory that it may use.", "percentunit",
             "max(chatwootai_redis_memory_ratio{@})", ((None, "green"), (0.7, "orange"), (0.85, "red"))),
        stat("Slots used", "Turns that run, of those that may run at once.", "percentunit",
             "sum(chatwootai_turns_running{@}) / sum(chatwootai_slots{@})",
             ((None, "green"), (0.7, "orange"), (0.9, "red"))),
        stat("In journals", "Messages on disks of doors, which wait for Redis.", "short",
             "sum(chatwootai_journal_records{@})", _RED_FROM_1),
    )  # fmt: skip


def _door_series() -> tuple[Panel, ...]:
    return (
        Panel(title="Answers of the door", description="Webhooks a second by what they were answered.", unit="reqps",
              queries={"{{answer}}": rises("chatwootai_deliveries_total", "answer")}, stacked=True),
        Panel(title="Refused and failed", description="By reason; `stored_nowhere` is a 500.", unit="reqps",
              queries={"{{reason}}": rises("chatwootai_deliveries_total", "reason", 'answer=~"refused|failed"'),
                       "signature: {{cause}}": rises("chatwootai_signature_failures_total", "cause")}),
        Panel(title="Seconds of admission", description="p99 from a verified request to its storage, by where it was "
              "stored.", unit="s", queries={"{{store}}": quantile(99, "chatwootai_admit_seconds", "store")}),
        Panel(title="Journal", description="Share of its room that is used, and how many minutes the oldest waits.",
              unit="short",
              queries={"full": "max(chatwootai_journal_bytes{@} / chatwootai_journal_limit_bytes{@})",
                       "oldest, minutes": "max(chatwootai_journal_oldest_seconds{@}) / 60"}),
        Panel(title="Journal events", description="Records appended, replayed, adopted, torn, refused.", unit="ops",
              queries={"{{event}}": rises("chatwootai_journal_events_total", "event")}),
        Panel(title="Lag of the event loop", description="p99 of how late sleepers wake; above 0.1 s a process has too "
              "much to do.", unit="s",
              queries={"{{job}}": quantile(99, "chatwootai_event_loop_lag_seconds", "job")}),
    )  # fmt: skip


def _queue_series() -> tuple[Panel, ...]:
    return (
        Panel(title="Waiting", description="Messages in mailboxes, turns without a slot, accounts that are full.",
              unit="short", queries={"messages": "sum(max by (shard) (chatwootai_waiting_messages{@}))",
                                     "turns": "sum(max by (shard) (chatwootai_ready_jobs{@}))",
                                     "accounts full": "sum(max by (shard) (chatwootai_full_tenants{@}))"}),
        Panel(title="Oldest wait by lane", description="How long the turn has waited that waits longest for a slot.",
              unit="s", queries={"{{lane}}": "max by (lane) (chatwootai_oldest_waiting_seconds{@})"}),
        Panel(title="Seconds in the queue", unit="s",
              description="p50 and p95 from a message's arrival to the beginning of its turn.",
              queries={f"p{each}": quantile(each, "chatwootai_step_seconds", also='step="queue"')
                       for each in (50, 95)}),
        Panel(title="Superseded", description="Drafts thrown away: the customer wrote on, or a person stepped in.",
              unit="ops", queries={"{{cause}}": rises("chatwootai_turns_superseded_total", "cause")}),
        Panel(title="Tried again", description="Attempts beyond the first, by what was tried.", unit="ops",
              queries={"{{what}}": rises("chatwootai_retries_total", "what")}),
        Panel(title="Gone without", description="Failures of what a turn can do without: caches, limits, typing.",
              unit="ops", queries={"{{what}}": rises("chatwootai_failed_open_total", "what")}),
    )  # fmt: skip
