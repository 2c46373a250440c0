"""The shards of accounts: a further shard takes its own part, and nothing else moves."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from chatwootai.stores.server.shards import Shard, Shards

NAMES = st.lists(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), min_size=2, max_size=8, unique=True)
KEYS = [f"loja-{number}" for number in range(2000)]


def shards(names: list[str]) -> Shards:
    return Shards(tuple(Shard(name, "redis://here") for name in names))


@given(NAMES)
def test_a_further_shard_takes_its_part_and_nothing_else_moves(names: list[str]) -> None:
    before, after = shards(names[:-1]), shards(names)
    moved = [key for key in KEYS if before.of(key) != after.of(key)]
    assert {after.of(key).name for key in moved} <= {names[-1]}
    part = len(KEYS) / len(names)
    assert 0.6 * part < len(moved) < 1.4 * part


@given(NAMES)
def test_each_has_about_as_many_as_the_others(names: list[str]) -> None:
    counts = Counter(shards(names).of(key).name for key in KEYS)
    part = len(KEYS) / len(names)
    assert all(0.6 * part < counts[name] < 1.4 * part for name in names)


@given(NAMES, st.randoms(use_true_random=False), st.text(max_size=20))
def test_the_order_in_which_they_are_written_means_nothing(names: list[str], random, key: str) -> None:  # type: ignore[no-untyped-def] # hypothesis's own
    mixed = random.sample(names, len(names))
    assert shards(names).of(key) == shards(mixed).of(key)
