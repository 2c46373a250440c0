"""Seconds counted in buckets, so that the percentiles of days and accounts can be merged. Pure."""

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

BOUNDS: Final = (0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 60.0)
"""Upper bounds of the buckets in seconds, each inclusive; one more bucket has what took longer."""


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket that so many seconds fall into, from 0."""
    return bisect_left(BOUNDS, seconds)


def quantile(buckets: Mapping[int, int], share: float) -> float | None:
    """Return the seconds below which a share of what was counted lies, right within one bucket; None: nothing was.

    Within a bucket it is taken to be spread evenly; in the last one its lower bound is returned.
    """
    total = sum(buckets.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    for bucket in sorted(buckets):
        counted = buckets[bucket]
        if seen + counted >= wanted and counted:
            return _within(bucket, (wanted - seen) / counted)
        seen += counted
    return BOUNDS[-1]


def _within(bucket: int, share: float) -> float:
    if bucket >= len(BOUNDS):
        return BOUNDS[-1]
    lower = BOUNDS[bucket - 1] if bucket else 0.0
    return lower + share * (BOUNDS[bucket] - lower)
