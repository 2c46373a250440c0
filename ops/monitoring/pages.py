"""Alerts that call somebody: customers get no answer, or soon will get none."""

from typing import Final

from ops.monitoring.alert import OF_SHARD, Alert, Board, Case, Severity

_PAGE: Final = Severity.PAGE
_SECONDS: Final = "chatwootai_turn_seconds"


def _turns(good: int, every: int) -> dict[str, str]:
    """Return series of turns: `every` a minute for two hours, of which `good` within 3 seconds."""
    return {
        f'{_SECONDS}_bucket{{le="3.0",outcome="reply"}}': f"0+{good}x120",
        f'{_SECONDS}_count{{outcome="reply"}}': f"0+{every}x120",
    }


_UP, _FAILED = 'up{job="ingress"}', 'chatwootai_deliveries_total{answer="failed",reason="stored_nowhere"}'
_TAKEN = 'chatwootai_deliveries_total{answer="accepted",reason=""}'
_HELD, _LIMIT = "chatwootai_journal_bytes", "chatwootai_journal_limit_bytes"
_OF_DOORS: Final = (
    Alert(
        name="DoorDown",
        severity=_PAGE,
        expr='absent(up{job="ingress"} == 1)',
        lasts="1m",
        summary="No door takes messages: Chatwoot opens each conversation to people.",
        description="Prometheus reaches no door.",
        board=Board.QUEUE,
        fires=Case({_UP: "0x20"}),
        silent=Case({_UP: "1x20", 'up{job="ingress",instance="b"}': "0x20"}),
    ),
    Alert(
        name="DoorFailing",
        severity=_PAGE,
        expr='sum(rate(chatwootai_deliveries_total{answer="failed"}[5m])) '
        "/ sum(rate(chatwootai_deliveries_total[5m])) > 0.02 "
        'and sum(increase(chatwootai_deliveries_total{answer="failed"}[5m])) > 5',
        lasts="2m",
        summary="Messages of customers are refused: neither Redis nor the journal takes them.",
        description="{{ $value | humanizePercentage }} of webhooks were answered with 500.",
        board=Board.QUEUE,
        fires=Case({_FAILED: "0+5x20", _TAKEN: "0+50x20"}),
        silent=Case({_FAILED: "0x5 1x14", _TAKEN: "0+1x20"}),
    ),
    Alert(
        name="JournalFilling",
        severity=_PAGE,
        expr="max(chatwootai_journal_bytes / chatwootai_journal_limit_bytes) > 0.6 "
        'or sum(increase(chatwootai_journal_events_total{event="refused"}[5m])) > 0',
        summary="Messages are kept on a door's disk, which soon takes no more: they will be refused then.",
        description="The journal is {{ $value | humanizePercentage }} full, or its disk refuses.",
        board=Board.QUEUE,
        fires=Case({_HELD: "0+20x20", _LIMIT: "256x20"}),
        silent=Case({_HELD: "100x20", _LIMIT: "256x20"}),
    ),
)


_RATIO, _MASTER = "chatwootai_redis_memory_ratio", 'redis_instance_info{role="master"}'
_OF_REDIS: Final = (
    Alert(
        name="RedisAway",
        severity=_PAGE,
        expr='sum(chatwootai_journal_records{shard=""}) > 0 or min(chatwootai_redis_up{shard=""}) == 0',
        lasts="2m",
        summary="Nobody is answered: Redis is away. Messages are kept while the journals have room.",
        description="Doors hold messages in their journals, or a process does not reach Redis ({{ $value }}).",
        board=Board.QUEUE,
        fires=Case({"chatwootai_journal_records": "0x5 40x15"}),
        silent=Case({"chatwootai_journal_records": "0x5 4 0x14", "chatwootai_redis_up": "1x20"}),
    ),
    Alert(
        name="RedisShardAway",
        severity=_PAGE,
        expr='sum by (shard) (chatwootai_journal_records{shard!~"(_moved)?"}) > 0 '  # a move is no outage
        'or min by (shard) (chatwootai_redis_up{shard!=""}) == 0',
        lasts="2m",
        summary="Nobody of one shard is answered: its Redis is away. Messages are kept while the journals have room.",
        description="Doors hold messages of shard {{ $labels.shard }} in their journals, or a process does not reach "
        "its Redis ({{ $value }}).",
        board=Board.QUEUE,
        fires=Case({'chatwootai_redis_up{shard="a"}': "1x20", 'chatwootai_redis_up{shard="b"}': "1x5 0x15"}),
        silent=Case(
            {
                'chatwootai_redis_up{shard="a"}': "1x20",
                'chatwootai_journal_records{shard="b"}': "0x5 4 0x14",
                'chatwootai_journal_records{shard="_moved"}': "0x5 4x15",
            }
        ),
    ),
    Alert(
        name="RedisFull",
        severity=_PAGE,
        expr="max by (shard) (chatwootai_redis_memory_ratio) > 0.85 "
        "or (max by (shard) (predict_linear(chatwootai_redis_memory_ratio[1h], 7200)) > 1 "
        "and max by (shard) (chatwootai_redis_memory_ratio) > 0.5)",
        lasts="5m",
        summary="Redis is nearly full: it will refuse messages, which then wait on the doors' disks.",
        description=f"{OF_SHARD}{{{{ $value | humanizePercentage }}}} of its memory are used, or will be within two "
        "hours.",
        board=Board.QUEUE,
        fires=Case({_RATIO: "0.5+0.005x60"}, minute=40),
        silent=Case({_RATIO: "0.8x60"}, minute=40),
    ),
    Alert(
        name="RedisMayForget",
        severity=_PAGE,
        expr='max(chatwootai_redis_footing{policy!~"noeviction|unknown"}) == 1 '
        'or max(chatwootai_redis_footing{aof="no"}) == 1',
        lasts="1m",
        summary="Messages may be lost: Redis forgets what it was given, when it is full or restarts.",
        description="Its eviction policy is not noeviction, or it writes no append-only file.",
        board=Board.QUEUE,
        fires=Case({'chatwootai_redis_footing{policy="allkeys-lru",aof="yes"}': "1x20"}),
        silent=Case({'chatwootai_redis_footing{policy="noeviction",aof="yes"}': "1x20"}),
    ),
    Alert(
        name="RedisNoPrimary",
        severity=_PAGE,
        expr='(count(redis_instance_info{role="master"}) or vector(0)) == 0 and on() count(redis_up) > 0',
        lasts="1m",
        summary="Nobody is answered: no Redis takes writes. Messages are kept while the journals have room.",
        description="Of the servers that the exporter sees, none is a primary.",
        board=Board.QUEUE,
        fires=Case({"redis_up": "1x20", 'redis_instance_info{role="slave"}': "1x20"}),
        silent=Case({"chatwootai_redis_up": "1x20"}),
    ),
    Alert(
        name="RedisTwoPrimaries",
        severity=_PAGE,
        expr='count(redis_instance_info{role="master"}) > 1',
        lasts="1m",
        summary="Messages may be lost or answered twice: two servers of Redis take writes.",
        description="The exporter sees {{ $value }} primaries.",
        board=Board.QUEUE,
        fires=Case({'redis_instance_info{role="master",instance="a"}': "1x20", f'{_MASTER[:-1]},i="b"}}': "1x20"}),
        silent=Case({_MASTER: "1x20", 'redis_instance_info{role="slave"}': "1x20"}),
    ),
)


_LISTENING, _OLDEST = "chatwootai_workers_listening", 'chatwootai_oldest_waiting_seconds{lane="normal"}'
_OF_WORKERS: Final = (
    Alert(
        name="NoWorker",
        severity=_PAGE,
        expr="max by (shard) (chatwootai_workers_listening) == 0 "
        "or (sum(rate(chatwootai_turns_total[2m])) == 0 and on() max(chatwootai_oldest_waiting_seconds) > 60)",
        lasts="2m",
        summary="Nobody is answered: no worker takes turns. Messages wait.",
        description=f"{OF_SHARD}No worker listens, or none has ended a turn while customers wait.",
        board=Board.QUEUE,
        fires=Case({_LISTENING: "2x5 0x15"}),
        silent=Case({_LISTENING: "2x20", "chatwootai_turns_total": "7x20", _OLDEST: "0x20"}),
    ),
    Alert(
        name="WaitingTooLong",
        severity=_PAGE,
        expr="max by (lane, shard) (chatwootai_oldest_waiting_seconds) > 120",
        lasts="1m",
        summary="Customers wait for minutes before anybody begins with their message.",
        description=f"{OF_SHARD}In the lane {{{{ $labels.lane }}}} somebody has waited for "
        "{{ $value | humanizeDuration }}.",
        board=Board.QUEUE,
        fires=Case({_OLDEST: "0+30x20"}),
        silent=Case({_OLDEST: "90x20"}),
    ),
)


_TURNS = 'chatwootai_turns_total{outcome="reply"}'
_OF_PROMISES: Final = (
    Alert(
        name="PromiseBurning",
        severity=_PAGE,
        expr="chatwootai:turns_bad:ratio_rate1h > 0.3 and chatwootai:turns_bad:ratio_rate5m > 0.3 "
        "and chatwootai:turns:increase1h >= 50",
        summary="Of three customers one waits longer than 3 seconds for the answer.",
        description="{{ $value | humanizePercentage }} of the last hour's turns were late, where 5 % may be.",
        board=Board.PROMISE,
        fires=Case(_turns(3, 5), minute=90),
        silent=Case({f"{name}": said.replace("x120", "x5") for name, said in _turns(0, 5).items()}, minute=90),
    ),
    Alert(
        name="HandoffsByUs",
        severity=_PAGE,
        expr='sum(rate(chatwootai_handoffs_total{cause=~"model|failed|unfit|unread"}[10m])) '
        "/ sum(rate(chatwootai_turns_total[10m])) > 0.2 and sum(increase(chatwootai_turns_total[10m])) >= 20",
        lasts="5m",
        summary="Many customers are handed to people for no reason of theirs.",
        description="{{ $value | humanizePercentage }} of turns ended so: no model, or none that could be shown.",
        board=Board.PROMISE,
        fires=Case({'chatwootai_handoffs_total{cause="model",reason="late"}': "0+3x30", _TURNS: "0+10x30"}, 25),
        silent=Case({'chatwootai_handoffs_total{cause="asked",reason=""}': "0+9x30", _TURNS: "0+10x30"}, 25),
    ),
    Alert(
        name="DeadLetters",
        severity=_PAGE,
        expr="sum(increase(chatwootai_dead_letters_total[10m])) > 10",
        summary="Turns give up: customers were handed to people after all tries.",
        description="{{ $value | humanize }} dead letters within ten minutes.",
        board=Board.PROMISE,
        fires=Case({'chatwootai_dead_letters_total{cause="tries"}': "0+3x20"}),
        silent=Case({'chatwootai_dead_letters_total{cause="tries"}': "0x10 2x10"}),
    ),
)


_ANSWERED = 'chatwootai_model_calls_total{model="m",result="answered"}'
_AWAY = 'chatwootai_model_calls_total{model="m",result="unavailable"}'
_OK, _REFUSED = (f'chatwootai_chatwoot_calls_total{{operation="post",status="{status}"}}' for status in (200, 401))
_CALLS = "sum(rate(chatwootai_chatwoot_calls_total[5m]))"
_OF_OTHERS: Final = (
    Alert(
        name="ModelDown",
        severity=_PAGE,
        expr='(sum(rate(chatwootai_model_calls_total{result="answered"}[5m])) '
        '/ sum(rate(chatwootai_model_calls_total{result!="closed"}[5m])) < 0.5 '
        'and sum(increase(chatwootai_model_calls_total{result!="closed"}[5m])) >= 20) '
        "or min(max by (model) (max_over_time(chatwootai_breaker_open[1m]))) == 1",
        lasts="3m",
        summary="No model answers: customers get curated and remembered answers, all others go to people.",
        description="{{ $value | humanizePercentage }} of calls were answered, or every endpoint is left alone.",
        board=Board.MIND,
        fires=Case({_ANSWERED: "0+1x20", _AWAY: "0+9x20"}),
        silent=Case({_ANSWERED: "0+9x20", _AWAY: "0+1x20", 'chatwootai_breaker_open{model="m"}': "0x20"}),
    ),
    Alert(
        name="ChatwootRefuses",
        severity=_PAGE,
        expr='(sum(rate(chatwootai_chatwoot_calls_total{status=~"401|403|404"}[5m])) '
        f"/ {_CALLS} > 0.1 "
        'or sum(rate(chatwootai_chatwoot_calls_total{status=~"5..|[a-zA-Z].*"}[5m])) '
        f"/ {_CALLS} > 0.2) "
        "and sum(increase(chatwootai_chatwoot_calls_total[5m])) >= 20",
        lasts="5m",
        summary="Answers do not reach customers: Chatwoot refuses them, or is away. They wait.",
        description="{{ $value | humanizePercentage }} of calls to Chatwoot failed.",
        board=Board.CHATWOOT,
        fires=Case({_OK: "0+8x20", _REFUSED: "0+2x20"}),
        silent=Case({_OK: "0+99x20", _REFUSED: "0+1x20"}),
    ),
    Alert(
        name="Watchdog",
        severity=Severity.NONE,
        expr="vector(1)",
        summary="Always fires: what watches from outside calls somebody when it stops.",
        description="Prometheus evaluates rules and reaches Alertmanager.",
        board=Board.PROMISE,
        fires=Case({"up": "1x20"}),
        silent=Case({}, minute=-1),
    ),
)


def pages() -> tuple[Alert, ...]:
    """Return the alerts that call somebody."""
    return (*_OF_DOORS, *_OF_REDIS, *_OF_WORKERS, *_OF_PROMISES, *_OF_OTHERS)
