"""Gauges as of one Redis without a name, whatever shards other tests of this process have met by theirs."""

import pytest

from chatwootai.telemetry.metrics import REDIS_FULL, REDIS_UP


@pytest.fixture(autouse=True)
def no_shard_has_a_name() -> None:
    for gauge in (REDIS_FULL, REDIS_UP):
        for labels in [each for each in gauge._metrics if each[-1]]:
            gauge.remove(*labels)
