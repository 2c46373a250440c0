"""Gauges of one shard each. Where there is one Redis without a name, they read as if there were no such label."""

from collections.abc import Iterable, Sequence
from typing import Final

from prometheus_client import Gauge, Metric

_LABEL: Final = "shard"


class ShardGauge(Gauge):
    """A gauge whose last label is the shard; an empty one is left out, which means the same to Prometheus."""

    def collect(self) -> Iterable[Metric]:
        """Return what there is, for prometheus_client."""
        for metric in super().collect():
            named = any(sample.labels[_LABEL] for sample in metric.samples)
            metric.samples = [
                sample._replace(
                    labels={name: value for name, value in sample.labels.items() if value or name != _LABEL}
                )
                for sample in metric.samples
                if sample.labels[_LABEL] or not named
            ]
            yield metric


def shard_gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> ShardGauge:
    """Return a gauge of each shard's. Without other labels it is there, and 0, before anybody sets it."""
    made = ShardGauge(name, documentation, [*labels, _LABEL])
    if not labels:
        made.labels("")
    return made
