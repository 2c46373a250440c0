"""The dashboards of what doors and workers call: models and tools, Chatwoot and its channels."""

from ops.monitoring.alert import Board
from ops.monitoring.panel import Dashboard, Panel, quantile, rises, stat

_RED_FROM_1 = ((None, "green"), (1, "red"))
_AGO = "time() - max(chatwootai_dependency_last_success_timestamp_seconds{@,dependency="


def mind() -> Dashboard:
    """Return the dashboard of models, caches, limits, money and tools."""
    return Dashboard(
        uid=Board.MIND,
        title="ChatwootAI: Mind",
        description="Models and tools: whether they answer, how fast, what spares them, what they cost.",
        panels=(*_mind_numbers(), *_model_series(), *_around_models()),
    )


def _mind_numbers() -> tuple[Panel, ...]:
    calls = 'sum(rate(chatwootai_model_calls_total{@,result!="closed"}[$__rate_interval]))'
    return (
        stat("Answered", "Share of model calls that were answered.", "percentunit",
             f'sum(rate(chatwootai_model_calls_total{{@,result="answered"}}[$__rate_interval])) / {calls}',
             ((None, "red"), (0.9, "orange"), (0.98, "green"))),
        stat("First token, p95", "From a request to its first token.", "s",
             quantile(95, "chatwootai_model_first_token_seconds"), ((None, "green"), (1, "orange"), (2, "red"))),
        stat("Open breakers", "Models whose endpoint is left alone, since it failed again and again.", "short",
             "sum(max by (model) (chatwootai_breaker_open{@})) or on() vector(0)", _RED_FROM_1),
        stat("Dollars, 1 h", "What calls cost in the last hour, by the price list.", "currencyUSD",
             "sum(increase(chatwootai_model_cost_dollars_total{@}[1h])) or on() vector(0)"),
        stat("Remembered", "Share of questions to the exact cache that it answered.", "percentunit",
             'sum(rate(chatwootai_completions_total{@,fate=~"hit|stale|joined"}[$__rate_interval])) '
             '/ (sum(rate(chatwootai_completions_total{@,fate=~"hit|stale|joined|miss"}[$__rate_interval])) > 0) '
             "or on() vector(0)"),
        stat("Last answer", "How long ago a model last answered.", "s", f'{_AGO}"model"}})'),
    )  # fmt: skip


def _model_series() -> tuple[Panel, ...]:
    return (
        Panel(title="Calls by result", description="Requests to models a second.", unit="reqps",
              queries={"{{result}}": rises("chatwootai_model_calls_total", "result")}, stacked=True),
        Panel(title="Seconds of a call", description="p50 and p95, by model.", unit="s",
              queries={f"{{{{model}}}} p{each}": quantile(each, "chatwootai_model_seconds", "model")
                       for each in (50, 95)}),
        Panel(title="First token", description="p50 and p95 from a request to its first token, by model.", unit="s",
              queries={f"{{{{model}}}} p{each}": quantile(each, "chatwootai_model_first_token_seconds", "model")
                       for each in (50, 95)}),
        Panel(title="Tokens", description="A second, by kind; `cached` are those of the prompt that the provider had.",
              unit="short", queries={"{{kind}}": rises("chatwootai_model_tokens_total", "kind")}),
        Panel(title="Dollars an hour", description="By model, at the present pace.", unit="currencyUSD",
              queries={"{{model}}": "3600 * sum by (model) (rate(chatwootai_model_cost_dollars_total{@}"
                                    "[$__rate_interval])) or on() vector(0)"}),
        Panel(title="Breakers", description="1: an endpoint of this model is left alone.", unit="short",
              queries={"{{model}}": "max by (model) (chatwootai_breaker_open{@}) or on() vector(0)"}),
    )  # fmt: skip


def _around_models() -> tuple[Panel, ...]:
    return (
        Panel(title="Second requests", description="Hedges made, won, lost, and denied since their share was used up.",
              unit="ops", queries={"{{fate}}": rises("chatwootai_hedges_total", "fate")}),
        Panel(title="Other targets", description="Requests to a fallback, or to the quick model.", unit="ops",
              queries={"{{kind}}": rises("chatwootai_fallbacks_total", "kind")}),
        Panel(title="Limited keys", description="Requests that a key's limit let pass at once, later, or not.",
              unit="ops", queries={"{{fate}}": rises("chatwootai_limited_total", "fate"),
                                   "wait p95, s": quantile(95, "chatwootai_limit_wait_seconds")}),
        Panel(title="Exact cache", description="Questions by what the cache had.", unit="ops",
              queries={"{{fate}}": rises("chatwootai_completions_total", "fate")}, stacked=True),
        Panel(title="Budgets", description="Calls with a budget, those refused, and warnings.", unit="ops",
              queries={"{{fate}}": rises("chatwootai_budgets_total", "fate")}),
        Panel(title="Answers of other questions", description="What the answer to a question alike would have been, or "
              "was.", unit="ops", queries={"{{what}}": rises("chatwootai_semantic_total", "what")}),
        Panel(title="Tools", description="Calls of tools by outcome.", unit="ops",
              queries={"{{outcome}}": rises("chatwootai_tool_calls_total", "outcome")}, stacked=True),
        Panel(title="Taken out of drafts", description="Figures, links and addresses that nothing bore out.",
              unit="ops", queries={"signs": "sum(rate(chatwootai_ungrounded_signs_total{@}[$__rate_interval])) "
                                            "or on() vector(0)"}),
    )  # fmt: skip


def chatwoot_and_channels() -> Dashboard:
    """Return the dashboard of Chatwoot and of what channels make of answers."""
    return Dashboard(
        uid=Board.CHATWOOT,
        title="ChatwootAI: Chatwoot and channels",
        description="Whether answers reach Chatwoot, and from there customers.",
        panels=(*_chatwoot_numbers(), *_chatwoot_series()),
    )


def _chatwoot_numbers() -> tuple[Panel, ...]:
    calls = "chatwootai_chatwoot_calls_total"
    states = "chatwootai_message_states_total"
    return (
        stat("Calls that fail", "Share of calls to Chatwoot with no 2xx.", "percentunit",
             f'(sum(rate({calls}{{@,status!~"2.."}}[$__rate_interval])) or on() vector(0)) '
             f"/ sum(rate({calls}{{@}}[$__rate_interval]))", ((None, "green"), (0.02, "orange"), (0.1, "red"))),
        stat("Seconds of a call, p95", "Of all operations.", "s", quantile(95, "chatwootai_chatwoot_seconds"),
             ((None, "green"), (1, "orange"), (3, "red"))),
        stat("Refused tokens", "Accounts' tokens that Chatwoot does not take: their customers wait.", "short",
             "sum(max by (shard) (chatwootai_chatwoot_tokens_refused{@}))", _RED_FROM_1),
        stat("Last answer", "How long ago Chatwoot last did what was asked.", "s", f'{_AGO}"chatwoot"}})'),
        stat("Failed at channels, 1 h", "Messages that a channel reported as failed.", "short",
             f'sum(increase({states}{{@,state="failed"}}[1h])) or on() vector(0)', _RED_FROM_1),
        stat("Unsigned, 1 h", "Webhooks without a signature that were let in.", "short",
             "sum(increase(chatwootai_unsigned_deliveries_total{@}[1h])) or on() vector(0)", _RED_FROM_1),
    )  # fmt: skip


def _chatwoot_series() -> tuple[Panel, ...]:
    calls = "chatwootai_chatwoot_calls_total"
    return (
        Panel(title="Calls by operation", description="Calls to Chatwoot a second.", unit="reqps",
              queries={"{{operation}}": rises(calls, "operation")}, stacked=True),
        Panel(title="Calls by status", description="By HTTP status, or the kind of failure where there was none.",
              unit="reqps", queries={"{{status}}": rises(calls, "status")}),
        Panel(title="Seconds by operation", description="p95.", unit="s",
              queries={"{{operation}}": quantile(95, "chatwootai_chatwoot_seconds", "operation")}),
        Panel(title="Tokens", description="Those that workers have served with, by whether Chatwoot takes them.",
              unit="short", queries={"{{state}}": "max by (state) (chatwootai_chatwoot_tokens{@})"}),
        Panel(title="States of messages", description="What channels reported: sent, delivered, read, failed.",
              unit="ops", queries={"{{state}}": rises("chatwootai_message_states_total", "state")}),
        Panel(title="Attachments", description="Opened before a turn, by kind and fate.", unit="ops",
              queries={"{{kind}} {{fate}}": rises("chatwootai_media_total", "kind, fate")}),
        Panel(title="Sentences that ask for patience", description="Said, found to be said already, failed.",
              unit="ops", queries={"{{fate}}": rises("chatwootai_interim_total", "fate")}),
        Panel(title="Signals", description="Words passed on to running turns: a takeover, a resolution, typing.",
              unit="ops", queries={"{{kind}} {{fate}}": rises("chatwootai_signals_total", "kind, fate")}),
        Panel(title="Remembered without a turn", description="What was heard, withdrawn, or failed at its channel.",
              unit="ops", queries={"{{kind}} {{fate}}": rises("chatwootai_asides_total", "kind, fate")}),
        Panel(title="Late turns by channel", description="p95 of a turn's seconds.", unit="s",
              queries={"{{channel}}": quantile(95, "chatwootai_turn_seconds", "channel", 'outcome!="silence"')}),
    )  # fmt: skip
