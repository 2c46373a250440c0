"""The bounded cache beside a list of keys in the order of their use: whatever is done, both hold the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatwootai.bounded_cache import BoundedCache

STEPS = st.lists(st.tuples(st.sampled_from(["get", "peek", "put", "make", "pop"]), st.integers(0, 5)), max_size=60)


@given(size=st.integers(1, 4), steps=STEPS)
def test_what_was_used_longest_ago_leaves_first(size: int, steps: list[tuple[str, int]]) -> None:
    evicted: list[int] = []
    cache: BoundedCache[int, int] = BoundedCache(size, lambda key, _: evicted.append(key))
    used: list[tuple[int, int]] = []
    dropped: list[int] = []
    for number, (step, key) in enumerate(steps):
        known = dict(used).get(key)
        if step == "peek":
            assert cache.peek(key) == known
            continue
        used = [each for each in used if each[0] != key]
        if step == "pop":
            assert cache.pop(key) == known
        elif step == "get":
            assert cache.get(key) == known
            used += [] if known is None else [(key, known)]
        else:
            kept = known if step == "make" and known is not None else number
            made = cache.put(key, number) if step == "put" else cache.get_or_make(key, lambda at=number: at)
            assert made == kept
            used.append((key, kept))
        dropped += [each for each, _ in used[:-size]]
        used = used[-size:]
        assert list(cache.items()) == used
    assert evicted == dropped


def test_a_cache_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="one value"):
        BoundedCache(0)
