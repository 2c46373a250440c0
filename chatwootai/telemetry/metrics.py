"""Every metric there is: its name, what it counts, its labels. A dashboard may rely on what stands here.

Most are a process's own: add them up (`sum`). Those named in SEEN_BY_ALL are of the whole installation: every door, or
every worker, tells the same number as it saw it a few seconds ago. Take their `max`, never their `sum`; while Redis is
away they are NaN, and a comparison with them holds nothing.

No label is a tenant, a conversation or anything a stranger chooses: the number of series stays fixed.
Whoever counts on a hot path keeps the child (`DELIVERIES.labels(...)`) instead of looking it up each time.
"""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from chatwootai.telemetry.shard_gauge import shard_gauge

_FAST: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_STEP: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
    3.0,
    5.0,
    10.0,
    15.0,
    30.0,
)
_TURN: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 30.0)

# The door.
DELIVERIES: Final = Counter(
    "chatwootai_deliveries",
    "Webhook requests by answer (accepted, duplicate, ignored, refused, failed) and by reason, where there is one.",
    ["answer", "reason"],
)
SIGNATURE_FAILURES: Final = Counter(
    "chatwootai_signature_failures", "Webhook requests answered 401, by cause; the caller is told none.", ["cause"]
)
UNSIGNED: Final = Counter(
    "chatwootai_unsigned_deliveries", "Requests without a signature that an account with `signature: optional` let in."
)
CONNECTIONS_CLOSED: Final = Counter(
    "chatwootai_connections_closed",
    "Connections that the door closed, by cause: late (no whole head in time), full (made room for a new one).",
    ["cause"],
)
ADMIT_SECONDS: Final = Histogram(
    "chatwootai_admit_seconds", "From a verified, parsed request to its storage, by where it was stored.",
    ["store"], buckets=_FAST,
)  # fmt: skip
SIGNALS: Final = Counter(
    "chatwootai_signals", "Words passed on to running turns (takeover, resolved, typing), by fate.", ["kind", "fate"]
)
ASIDES: Final = Counter(
    "chatwootai_asides",
    "What needs no turn and is remembered (heard, withdrawn, failure), by fate (kept: in the journal, for later).",
    ["kind", "fate"],
)
MESSAGE_STATES: Final = Counter(
    "chatwootai_message_states",
    "What channels reported of messages that went out, by state (sent, delivered, read, failed).",
    ["state"],
)
JOURNAL_RECORDS: Final = shard_gauge(
    "chatwootai_journal_records", "Deliveries in the journal on disk, accepted and not yet in Redis."
)
JOURNAL_BYTES: Final = shard_gauge("chatwootai_journal_bytes", "Bytes of the journal on disk that wait for Redis.")
JOURNAL_OLDEST: Final = shard_gauge(
    "chatwootai_journal_oldest_seconds",
    "How long the oldest delivery in the journal has waited for Redis; 0: none.",
)
JOURNAL_LIMIT: Final = shard_gauge("chatwootai_journal_limit_bytes", "Bytes that the journal may hold.")
JOURNAL_EVENTS: Final = Counter(
    "chatwootai_journal_events",
    "What befell the journal: appended, replayed, torn (an unfinished record dropped), "
    "adopted (a dead process's file), refused (full or unwritable).",
    ["event"],
)

REDIS_UP: Final = shard_gauge("chatwootai_redis_up", "1 while Redis does as this process asks, 0 while it is away.")
REDIS_FULL: Final = shard_gauge(
    "chatwootai_redis_full", "1 while Redis refuses what would grow it (OOM): new messages are in the doors' journals."
)
REDIS_MEMORY: Final = shard_gauge(
    "chatwootai_redis_memory_ratio", "Of the memory that Redis may use, what it does; 0 where that has no bound."
)
REDIS_FOOTING: Final = Gauge(
    "chatwootai_redis_footing",
    "1 for what Redis does when it is full (`policy`, right: noeviction) and whether it writes an append-only file "
    "(`aof`: yes, no); unknown where it does not say.",
    ["policy", "aof"],
)
DEPENDENCY_SUCCESS: Final = Gauge(
    "chatwootai_dependency_last_success_timestamp_seconds",
    "When a dependency (redis, chatwoot, model) last did what this process asked, in unix seconds; 0: not yet.",
    ["dependency"],
)

# The turn.
STEP_SECONDS: Final = Histogram(
    "chatwootai_step_seconds", "Each step of a message's way, by process.", ["process", "step"], buckets=_STEP
)
TURNS: Final = Counter("chatwootai_turns", "Turns ended, by outcome and channel.", ["outcome", "channel"])
SERVED: Final = Counter(
    "chatwootai_turns_served", "Turns by what answered: curated, cache, fused, crew, quick, fallback, stale, people, "
    "nobody (silence).",
    ["served_by"],
)  # fmt: skip
HANDOFFS: Final = Counter(
    "chatwootai_handoffs",
    "Conversations given to people, by cause, and by reason where a cause has several (what was wrong with a draft, "
    "why no model answered, which topic).",
    ["cause", "reason"],
)
INTERIM: Final = Counter(
    "chatwootai_interim", "Sentences that asked for patience, by fate (said, found, failed).", ["fate"]
)
TURN_SECONDS: Final = Histogram(
    "chatwootai_turn_seconds", "From the first message's arrival to the reply's post, by outcome and channel.",
    ["outcome", "channel"], buckets=_TURN,
)  # fmt: skip
TURNS_RUNNING: Final = Gauge("chatwootai_turns_running", "Turns that this worker works on now.")
UNGROUNDED: Final = Counter(
    "chatwootai_ungrounded_signs_total",
    "Figures, links and addresses of drafts that nothing bore out, each taken out with its sentence.",
)
UNKNOWN_LINKS: Final = Counter(
    "chatwootai_unknown_links_total",
    "Links of drafts to hosts that the tenant does not name, each taken out.",
)
SLOTS: Final = Gauge(
    "chatwootai_slots", "Turns that this worker runs at once, by kind: any, and reserved for the high lane.", ["kind"]
)
SUPERSEDED: Final = Counter(
    "chatwootai_turns_superseded", "Drafts thrown away because the contact wrote on or a person stepped in.", ["cause"]
)
RETRIES: Final = Counter("chatwootai_retries", "Attempts beyond the first, by what was tried again.", ["what"])
DEAD_LETTERS: Final = Counter("chatwootai_dead_letters", "Turns and replies given up, by cause.", ["cause"])
CAUGHT_UP: Final = Counter(
    "chatwootai_caught_up_messages",
    "Messages that Chatwoot had and no webhook brought, by what admission made of them.",
    ["result"],
)
MEDIA: Final = Counter(
    "chatwootai_media", "Attachments opened before a turn, by kind (audio, image, file) and fate.", ["kind", "fate"]
)
MESSAGES_WAITING: Final = shard_gauge(
    "chatwootai_waiting_messages", "Messages in mailboxes, of all tenants, as last seen by this process."
)
TENANTS_FULL: Final = shard_gauge(
    "chatwootai_full_tenants", "Tenants with as many messages waiting as may: the door answers them 429."
)
READY_JOBS: Final = shard_gauge("chatwootai_ready_jobs", "Turns that wait for a slot, as last seen by this process.")
OLDEST_WAITING: Final = shard_gauge(
    "chatwootai_oldest_waiting_seconds",
    "For how long the turn that waits longest for a slot has waited, by lane (high, normal); 0: none waits.",
    ["lane"],
)
DEAD_LETTERS_NOW: Final = shard_gauge(
    "chatwootai_dead_letters_now", "Dead letters of the last 30 days that nobody has retried or dropped."
)
WORKERS_LISTENING: Final = shard_gauge("chatwootai_workers_listening", "Workers that listen to Redis now.")
TOKENS_REFUSED: Final = shard_gauge(
    "chatwootai_chatwoot_tokens_refused", "Accounts' tokens that Chatwoot refuses: their turns wait."
)

# The mind.
MODEL_CALLS: Final = Counter(
    "chatwootai_model_calls",
    "Requests to a model, by result: answered, unavailable, refused, late, closed (by us).",
    ["model", "result"],
)
MODEL_SECONDS: Final = Histogram("chatwootai_model_seconds", "Duration of a model call.", ["model"], buckets=_STEP)
MODEL_TOKENS: Final = Counter(
    "chatwootai_model_tokens", "Tokens by model and kind (prompt, cached, completion).", ["model", "kind"]
)

MODEL_FIRST_SECONDS: Final = Histogram(
    "chatwootai_model_first_token_seconds", "From a request to a model to its first token.", ["model"], buckets=_STEP
)
MODEL_COST: Final = Counter("chatwootai_model_cost_dollars", "What calls cost, by the price list.", ["model"])
HEDGES: Final = Counter(
    "chatwootai_hedges",
    "Second requests where no first token came: made, won or lost by the second, denied (their share was used up).",
    ["fate"],
)
FALLBACKS: Final = Counter(
    "chatwootai_fallbacks", "Requests to another target than the first, by kind (fallback, quick).", ["kind"]
)
BREAKER_OPEN: Final = Gauge(
    "chatwootai_breaker_open",
    "1 while this process leaves a model's endpoint alone, since it failed again and again; 0 while it asks it.",
    ["model"],
)
BREAKERS: Final = Counter("chatwootai_breakers", "Circuit breakers opened and closed, as this process saw it.", ["to"])
LIMITED: Final = Counter(
    "chatwootai_limited", "Requests that a key's limit let pass at once, after waiting, or not in time.", ["fate"]
)
LIMIT_WAIT_SECONDS: Final = Histogram(
    "chatwootai_limit_wait_seconds", "How long requests waited for room at a limited key.", buckets=_STEP
)
BUDGETS: Final = Counter(
    "chatwootai_budgets", "Calls with a budget, by fate (reserved, refused), and warnings given.", ["fate"]
)
COMPLETIONS: Final = Counter(
    "chatwootai_completions",
    "Questions to the exact cache: hit, stale, joined (someone asks already), miss, passed (not cacheable); "
    "answers kept, stale ones that could not be made anew (refresh_failed), and old ones that served while no model "
    "answered.",
    ["fate"],
)

TOOL_CALLS: Final = Counter(
    "chatwootai_tool_calls",
    "Calls of tools, by kind (http, mcp, built_in, other) and outcome: ok, failed, refused (it, or we, said no before "
    "anything was done), unknown (it may have been done), kept (an earlier try's result was given instead).",
    ["kind", "outcome"],
)
MCP_SESSIONS: Final = Counter(
    "chatwootai_mcp_sessions", "Sessions with MCP servers: opened, and servers found away.", ["event"]
)

# Chatwoot.
CHATWOOT_CALLS: Final = Counter(
    "chatwootai_chatwoot_calls", "Calls to Chatwoot, by operation and HTTP status (or the kind of failure).",
    ["operation", "status"],
)  # fmt: skip
CHATWOOT_SECONDS: Final = Histogram(
    "chatwootai_chatwoot_seconds", "Duration of a call to Chatwoot.", ["operation"], buckets=_STEP
)

# The process.
LOOP_LAG: Final = Histogram(
    "chatwootai_event_loop_lag_seconds", "How late the event loop wakes a sleeper, measured four times a second.",
    buckets=_FAST,
)  # fmt: skip
LOOP_BLOCKED_SECONDS: Final = Histogram(
    "chatwootai_loop_blocked_seconds",
    "How long the event loop stood still, each time that it did for over a second: nobody was served meanwhile. "
    "The line `loop_blocked` names whose work it was, and where.",
    buckets=(1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 30.0, 60.0),
)
CHATWOOT_TOKENS: Final = Gauge(
    "chatwootai_chatwoot_tokens",
    "Tokens of the accounts that this worker has served since the configuration changed, by whether Chatwoot takes "
    "them as far as is known (valid, refused).",
    ["state"],
)
INCIDENTS: Final = shard_gauge(
    "chatwootai_incidents",
    "What goes wrong now, by kind: model (turns go to people), tool, search (turns do without documents), ...",
    ["kind"],
)
EVENTS_DROPPED: Final = Counter(
    "chatwootai_events_dropped_total", "Log lines that `chatwootai tail` does not show, since Redis did not take them."
)
BACKGROUND_FAILURES: Final = Counter(
    "chatwootai_background_failures",
    "Work beside the turns that failed for a reason nobody foresaw, by what it was.",
    ["what"],
)
FAILED_OPEN: Final = Counter(
    "chatwootai_failed_open", "Failures of what a message can do without: caches, limits, typing, signals.", ["what"]
)
SEMANTIC: Final = Counter(
    "chatwootai_semantic",
    "Questions that the answer to another one would have served, by what the crew said then (same, different,"
    " undecided), or did serve (served).",
    ["what"],
)
CONFIG_INFO: Final = Gauge(
    "chatwootai_config_info", "1 for the configuration in force, named by its digest.", ["digest"]
)
CONFIG_RELOADS: Final = Counter("chatwootai_config_reloads", "Configuration changes, by result.", ["result"])
CONFIG_CANARY: Final = Gauge(
    "chatwootai_config_canary",
    "The share of conversations, from 0 to 1, that a canary answers where it applies; 0: none.",
)
BUILD_INFO: Final = Gauge(
    "chatwootai_build_info", "1 for the release that runs and the Python below it.", ["version", "python"]
)

SEEN_BY_ALL: Final = frozenset(
    {
        "chatwootai_waiting_messages", "chatwootai_full_tenants", "chatwootai_ready_jobs",
        "chatwootai_oldest_waiting_seconds", "chatwootai_dead_letters_now", "chatwootai_workers_listening",
        "chatwootai_chatwoot_tokens_refused",  # each door, every 5 seconds (ingress/backpressure.py)
        "chatwootai_redis_memory_ratio", "chatwootai_redis_footing",  # each worker
        "chatwootai_incidents", "chatwootai_redis_full",  # each of both
    }
)  # fmt: skip
"""Metrics of which every process that has them tells the same: `max`, never `sum`."""


def config_in_force(digest: str) -> None:
    """Say which configuration is in force; the one before disappears."""
    CONFIG_INFO.clear()
    CONFIG_INFO.labels(digest[:12]).set(1)
