"""Recording rules: the arithmetic that panels and alerts share.

A turn is bad if its reply took over 3 seconds; of 100 that are answered or handed over, 5 may be bad. Silences are no
turns of the promise: nobody waits for them. `le="3.0"` is how the histogram's bound is written.
"""

from typing import Final

from ops.monitoring.alert import Recording

WINDOWS: Final = ("5m", "30m", "1h", "6h", "3d")
ALLOWED: Final = 0.05
"""Share of turns that may be bad."""
_KEPT: Final = 'chatwootai_turn_seconds_bucket{le="3.0",outcome!="silence"}'
_ALL: Final = 'chatwootai_turn_seconds_count{outcome!="silence"}'
_BUCKETS: Final = 'sum by (le) (rate(chatwootai_turn_seconds_bucket{outcome!="silence"}[5m]))'


def recordings() -> tuple[Recording, ...]:
    """Return all recording rules, in the order in which they are evaluated."""
    return (
        *(Recording(f"chatwootai:turns_bad:ratio_rate{window}", _bad(window)) for window in WINDOWS),
        *(Recording(f"chatwootai:turns:increase{window}", f"sum(increase({_ALL}[{window}]))") for window in WINDOWS),
        *(
            Recording(f"chatwootai:turn_seconds:p{percent}_5m", f"histogram_quantile(0.{percent}, {_BUCKETS})")
            for percent in (50, 95, 99)
        ),
        Recording("chatwootai:model_cost_dollars:increase1h", "sum(increase(chatwootai_model_cost_dollars_total[1h]))"),
        Recording("chatwootai:slots_used:ratio", "sum(chatwootai_turns_running) / sum(chatwootai_slots)"),
    )


def _bad(window: str) -> str:
    return f"1 - sum(rate({_KEPT}[{window}])) / sum(rate({_ALL}[{window}]))"
