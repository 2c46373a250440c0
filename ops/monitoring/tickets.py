"""Alerts that can wait for the next working day: what will hurt, or hurts a few."""

from typing import Final

from ops.monitoring.alert import OF_SHARD, Alert, Board, Case


def _rises(series: str, many: str = "0+5x30", few: str = "1x30") -> tuple[Case, Case]:
    """Return cases of a counter: it rises, or it stands still."""
    return Case({series: many}, minute=25), Case({series: few}, minute=25)


_BAD = _rises('chatwootai_signature_failures_total{cause="wrong"}')
_UNSIGNED = _rises("chatwootai_unsigned_deliveries_total")
_CAUGHT = _rises('chatwootai_caught_up_messages_total{result="accepted"}')
_CLOSED = _rises('chatwootai_connections_closed_total{cause="full"}')
_OF_DOORS: Final = (
    Alert(
        name="SignatureFailures",
        expr="sum(increase(chatwootai_signature_failures_total[10m])) > 20",
        summary="Messages may be missed: webhooks are refused, since their signature does not hold.",
        description="{{ $value | humanize }} in ten minutes: a secret was changed, clocks differ, or a stranger.",
        board=Board.QUEUE,
        fires=_BAD[0],
        silent=_BAD[1],
    ),
    Alert(
        name="UnsignedDeliveries",
        expr="sum(increase(chatwootai_unsigned_deliveries_total[1h])) > 0",
        summary="Anybody could write as a customer: webhooks without a signature are let in.",
        description="{{ $value | humanize }} within an hour, of accounts with `signature: optional`.",
        board=Board.QUEUE,
        fires=_UNSIGNED[0],
        silent=_UNSIGNED[1],
    ),
    Alert(
        name="CaughtUp",
        expr='sum(increase(chatwootai_caught_up_messages_total{result="accepted"}[30m])) > 0',
        summary="Some customers were answered minutes late: their webhooks never came.",
        description="{{ $value | humanize }} messages were found in Chatwoot within half an hour.",
        board=Board.PROMISE,
        fires=_CAUGHT[0],
        silent=_CAUGHT[1],
    ),
    Alert(
        name="DoorConnectionsFull",
        expr='sum(increase(chatwootai_connections_closed_total{cause="full"}[15m])) > 0',
        summary="Webhooks may be late: somebody holds all of a door's connections.",
        description="{{ $value | humanize }} connections made room for new ones within 15 minutes.",
        board=Board.QUEUE,
        fires=_CLOSED[0],
        silent=_CLOSED[1],
    ),
    Alert(
        name="DiskOfJournal",
        expr='max(chatwootai_incidents{kind="journal"}) > 0',
        lasts="2m",
        summary="If Redis goes away now, messages are refused: a door's journal takes nothing.",
        description="Its disk is full, or its folder cannot be written.",
        board=Board.QUEUE,
        fires=Case({'chatwootai_incidents{kind="journal"}': "1x30"}),
        silent=Case({'chatwootai_incidents{kind="tool"}': "1x30"}),
    ),
)


_OLDEST, _LAG = 'chatwootai_oldest_waiting_seconds{lane="high"}', "redis_connected_slave_lag_seconds"
_RETRIES, _TURNS = 'chatwootai_retries_total{what="post"}', 'chatwootai_turns_total{outcome="reply"}'
_OPEN = _rises('chatwootai_failed_open_total{what="cache"}')
_OF_QUEUES: Final = (
    Alert(
        name="WaitingLong",
        expr="max by (lane, shard) (chatwootai_oldest_waiting_seconds) > 30",
        lasts="5m",
        summary="Customers wait for half a minute before anybody begins with their message.",
        description=f"{OF_SHARD}In the lane {{{{ $labels.lane }}}} somebody has waited for "
        "{{ $value | humanizeDuration }}.",
        board=Board.QUEUE,
        fires=Case({_OLDEST: "60x30"}),
        silent=Case({_OLDEST: "0x10 60 60 0x18"}),
    ),
    Alert(
        name="TenantFull",
        expr="max by (shard) (chatwootai_full_tenants) > 0",
        lasts="5m",
        summary="Messages of an account are refused: too many of its wait already.",
        description=f"{OF_SHARD}{{{{ $value }}}} accounts have as many messages waiting as may; the door answers "
        "them 429.",
        board=Board.QUEUE,
        fires=Case({"chatwootai_full_tenants": "1x30"}),
        silent=Case({"chatwootai_full_tenants": "0x30"}),
    ),
    Alert(
        name="ReplicaLag",
        expr="max(redis_connected_slave_lag_seconds) > 10",
        lasts="5m",
        summary="A failover now would lose the last messages and answers: a replica lags behind.",
        description="It is {{ $value | humanizeDuration }} behind.",
        board=Board.QUEUE,
        fires=Case({_LAG: "30x30"}),
        silent=Case({_LAG: "1x30"}),
    ),
    Alert(
        name="RetriesHigh",
        expr="sum(rate(chatwootai_retries_total[15m])) / sum(rate(chatwootai_turns_total[15m])) > 0.5 "
        "and sum(increase(chatwootai_turns_total[15m])) >= 20",
        lasts="10m",
        summary="Answers are slower than they need be: many calls must be tried again.",
        description="{{ $value | humanize }} further attempts a turn.",
        board=Board.CHATWOOT,
        fires=Case({_RETRIES: "0+10x60", _TURNS: "0+10x60"}, minute=45),
        silent=Case({_RETRIES: "0+1x60", _TURNS: "0+10x60"}, minute=45),
    ),
    Alert(
        name="FailedOpen",
        expr="sum by (what) (increase(chatwootai_failed_open_total[15m])) > 20",
        summary="Answers go on without a help: a cache, a limit, typing, or the record of turns.",
        description="{{ $labels.what }} failed {{ $value | humanize }} times within 15 minutes.",
        board=Board.QUEUE,
        fires=_OPEN[0],
        silent=_OPEN[1],
    ),
)


def _counted() -> tuple[Alert, ...]:
    """Return those of what happened more often within a while than it may."""
    of_tries = '{cause="tries"}'  # the alert is on all causes
    rows = (
        ("BudgetNear", 'chatwootai_budgets_total{fate="warned"}', "1h", 0,
         "Soon an account's customers go to people: a budget is nearly used up."),
        ("BudgetRefused", 'chatwootai_budgets_total{fate="refused"}', "15m", 0,
         "Customers of an account go to people: its budget is used up."),
        ("HedgesDenied", 'chatwootai_hedges_total{fate="denied"}', "15m", 20,
         "Slow answers stay slow: second requests are denied, since their share is used up."),
        ("LimitRefused", 'chatwootai_limited_total{fate="refused"}', "15m", 5,
         "Some customers go to people: a model's key is used as much as its limit allows."),
        ("CacheRefreshFailed", 'chatwootai_completions_total{fate="refresh_failed"}', "15m", 10,
         "Customers may get remembered answers that are past their time."),
        ("TurnsGiveUp", 'chatwootai_dead_letters_total{cause="tries"}', "1h", 0,
         "A customer was handed to people after all tries."),
    )  # fmt: skip
    return tuple(
        Alert(
            name=name,
            expr=f"sum(increase({series.replace(of_tries, '')}[{window}])) > {most}",
            summary=summary,
            description=f"{{{{ $value | humanize }}}} within {window}.",
            board=Board.PROMISE if name == "TurnsGiveUp" else Board.MIND,
            fires=Case({series: "0+5x30"}, minute=25),
            silent=Case({series: "7x30"}, minute=25),
        )
        for name, series, window, most, summary in rows
    )


_TURN_SECONDS = "chatwootai_turn_seconds"
_SLOW = {
    f'{_TURN_SECONDS}_bucket{{le="3.0",outcome="reply"}}': "0+8x480",
    f'{_TURN_SECONDS}_count{{outcome="reply"}}': "0+10x480",
}
_COST = 'chatwootai_model_cost_dollars_total{model="m"}'
_OF_PROMISES: Final = (
    Alert(
        name="PromiseSlow",
        expr="chatwootai:turns_bad:ratio_rate6h > 0.1 and chatwootai:turns_bad:ratio_rate30m > 0.1 "
        "and chatwootai:turns:increase6h >= 50",
        summary="Of ten customers one waits longer than 3 seconds for the answer, for hours already.",
        description="{{ $value | humanizePercentage }} of the last six hours' turns were late, where 5 % may be.",
        board=Board.PROMISE,
        fires=Case(_SLOW, minute=420),
        silent=Case({name: said.replace("0+8x", "0+10x") for name, said in _SLOW.items()}, minute=420),
    ),
    Alert(
        name="CostPerHour",
        expr="chatwootai:model_cost_dollars:increase1h > 3 * (chatwootai:model_cost_dollars:increase1h offset 1w) "
        "and chatwootai:model_cost_dollars:increase1h > 1",
        lasts="15m",
        summary="Customers feel nothing: models cost three times what they did at this hour a week ago.",
        description="{{ $value | humanize }} dollars within an hour.",
        board=Board.MIND,
        fires=Case({_COST: "0+0.1x1009 101+2x20"}, minute=10180, every=10),
        silent=Case({_COST: "0+0.1x1040"}, minute=10180, every=10),
    ),
    *_counted(),
    Alert(
        name="MessagesFailedAtChannel",
        expr='sum(rate(chatwootai_message_states_total{state="failed"}[30m])) '
        '/ sum(rate(chatwootai_message_states_total{state=~"sent|failed"}[30m])) > 0.05 '
        'and sum(increase(chatwootai_message_states_total{state="failed"}[30m])) > 10',
        lasts="10m",
        summary="Answers that Chatwoot took do not reach customers: a channel refuses them.",
        description="{{ $value | humanizePercentage }} of messages failed at their channel.",
        board=Board.CHATWOOT,
        fires=Case({f'chatwootai_message_states_total{{state="{s}"}}': "0+5x90" for s in ("sent", "failed")}, 60),
        silent=Case({'chatwootai_message_states_total{state="sent"}': "0+5x90"}, 60),
    ),
)


_LOOP_LAG = "chatwootai_event_loop_lag_seconds_bucket"
_STARTED = 'process_start_time_seconds{job="worker"}'
_REFUSED, _BLOCKED = 'chatwootai_config_reloads_total{result="refused"}', "chatwootai_loop_blocked_seconds_count"
_BEHIND = 'chatwootai_background_failures_total{what="sweep"}'
_OF_PROCESSES: Final = (
    Alert(
        name="ConfigRefused",
        expr='sum(increase(chatwootai_config_reloads_total{result="refused"}[15m])) > 0',
        summary="Customers get answers of the configuration before: the newest has problems.",
        description="{{ $value | humanize }} times within 15 minutes a process refused the folder.",
        board=Board.PROMISE,
        fires=Case({_REFUSED: "0x10 2x20"}),
        silent=Case({_REFUSED: "2x30"}),
    ),
    Alert(
        name="CanaryWentBack",
        expr='max(chatwootai_incidents{kind="canary"}) > 0',
        summary="Customers get the answers of the version in force again: the canary's were worse.",
        description="A rule sent it back, or a worker could not load it; `chatwootai config canary` shows both sides.",
        board=Board.PROMISE,
        fires=Case({'chatwootai_incidents{kind="canary"}': "1x30"}),
        silent=Case({'chatwootai_incidents{kind="tool"}': "1x30"}),
    ),
    Alert(
        name="ConfigDisagree",
        expr="count(count by (digest) (chatwootai_config_info)) > 1",
        lasts="5m",
        summary="Two customers may get two answers to one question: processes serve different configurations.",
        description="{{ $value }} configurations are in force.",
        board=Board.PROMISE,
        fires=Case({f'chatwootai_config_info{{digest="{each}"}}': "1x30" for each in "ab"}),
        silent=Case({f'chatwootai_config_info{{digest="a",instance="{each}"}}': "1x30" for each in "ab"}),
    ),
    Alert(
        name="VersionSkew",
        expr="count(count by (version) (chatwootai_build_info)) > 1",
        lasts="1h",
        summary="Customers feel nothing: an upgrade has stopped halfway, and two releases run side by side.",
        description="{{ $value }} releases run.",
        board=Board.PROMISE,
        fires=Case({f'chatwootai_build_info{{version="{each}"}}': "1x90" for each in "ab"}, minute=80),
        silent=Case({f'chatwootai_build_info{{version="a",i="{each}"}}': "1x90" for each in "ab"}, minute=80),
    ),
    Alert(
        name="RestartLoop",
        expr='max by (job, instance) (changes(process_start_time_seconds{job=~"ingress|worker"}[15m])) > 3',
        summary="Answers are late by seconds, again and again: a process restarts all the time.",
        description="{{ $labels.instance }} started {{ $value }} times within 15 minutes.",
        board=Board.QUEUE,
        fires=Case({_STARTED: "0+60x30"}, minute=20),
        silent=Case({_STARTED: "7x30"}, minute=20),
    ),
    Alert(
        name="LoopLag",
        expr="histogram_quantile(0.99, sum by (le, job, instance) "
        "(rate(chatwootai_event_loop_lag_seconds_bucket[5m]))) > 0.1",
        lasts="10m",
        summary="Everything is a little slower: a process has more to do than one core can.",
        description="{{ $labels.instance }} wakes sleepers {{ $value | humanizeDuration }} late.",
        board=Board.QUEUE,
        fires=Case({f'{_LOOP_LAG}{{le="{le}"}}': f"0+{n}x40" for le, n in (("0.1", 1), ("0.5", 9), ("+Inf", 9))}, 30),
        silent=Case({f'{_LOOP_LAG}{{le="{le}"}}': "0+9x40" for le in ("0.1", "+Inf")}, 30),
    ),
    Alert(
        name="LoopBlocked",
        expr="sum by (job, instance) (increase(chatwootai_loop_blocked_seconds_count[15m])) > 2",
        summary="All customers of one process waited for over a second, several times.",
        description="{{ $labels.instance }} stood still {{ $value | humanize }} times; `loop_blocked` says where.",
        board=Board.QUEUE,
        fires=Case({_BLOCKED: "0+1x30"}, minute=20),
        silent=Case({_BLOCKED: "2x30"}, minute=20),
    ),
    Alert(
        name="BackgroundFailures",
        expr="sum by (what) (increase(chatwootai_background_failures_total[15m])) > 5",
        summary="Customers feel nothing yet: work beside the turns fails again and again.",
        description="{{ $labels.what }} failed {{ $value | humanize }} times; the log says why.",
        board=Board.QUEUE,
        fires=Case({_BEHIND: "0+1x30"}, minute=20),
        silent=Case({_BEHIND: "3x30"}, minute=20),
    ),
    Alert(
        name="TokensRefused",
        expr="max by (shard) (chatwootai_chatwoot_tokens_refused) > 0",
        lasts="5m",
        summary="An account's customers wait: Chatwoot does not take its token.",
        description=f"{OF_SHARD}{{{{ $value }}}} tokens are refused.",
        board=Board.CHATWOOT,
        fires=Case({"chatwootai_chatwoot_tokens_refused": "1x30"}),
        silent=Case({"chatwootai_chatwoot_tokens_refused": "0x30"}),
    ),
    Alert(
        name="IncidentLasts",
        expr='max by (kind, shard) (chatwootai_incidents{kind!~"journal|canary"}) > 0',
        lasts="15m",
        summary="Some answers are worse or missing: a model, a tool, a source or a webhook of an account fails.",
        description=f"{OF_SHARD}{{{{ $value }}}} incidents of kind {{{{ $labels.kind }}}}; `chatwootai jobs stats` "
        "names them.",
        board=Board.PROMISE,
        fires=Case({'chatwootai_incidents{kind="tool"}': "1x40"}, minute=30),
        silent=Case({'chatwootai_incidents{kind="tool"}': "1x5 0x35"}, minute=30),
    ),
)


def tickets() -> tuple[Alert, ...]:
    """Return the alerts that can wait."""
    return (*_OF_DOORS, *_OF_QUEUES, *_OF_PROMISES, *_OF_PROCESSES)
