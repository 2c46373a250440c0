"""CHATWOOTAI_REDIS_SHARDS as it is read, and the shard of an account."""

import pytest

from chatwootai.stores.server.shards import BadShards, Shard, Shards, UnknownShard

TWO = "a=redis://one:6379/0,b=redis://two:6379/0"


def read(said: str | None, **more: str) -> Shards:
    return Shards.from_environment(more if said is None else {"CHATWOOTAI_REDIS_SHARDS": said, **more})


@pytest.mark.parametrize("said", [None, "", "  "])
def test_without_the_variable_there_is_one_without_a_name(said: str | None) -> None:
    assert list(read(said)) == [Shard("", "redis://127.0.0.1:6379/0")]
    found = read(said, REDIS_URL="redis://here/1")
    assert (found.first.url, found.first.setting, found.names, len(found)) == ("redis://here/1", "REDIS_URL", (), 1)
    assert found.of("3") is found.first
    assert found.of("3", pin="b") is found.first  # checked where the mapping is: a pin without shards is no error


def test_names_and_addresses_keep_their_order() -> None:
    found = read(f" {TWO} ", REDIS_URL="redis://here/1")
    assert [(each.name, each.url) for each in found] == [("a", "redis://one:6379/0"), ("b", "redis://two:6379/0")]
    assert (found.names, found.first.name, found.named("b").url) == (("a", "b"), "a", "redis://two:6379/0")
    assert found.named("b").setting == "CHATWOOTAI_REDIS_SHARDS, shard b"


def test_commas_of_an_address_divide_nothing() -> None:
    found = read("a=redis+sentinel://s1:1,s2:2/main/0,b=redis://u:p%2C@two/0?ssl=false,c=unix:///run/c.sock")
    assert found.names == ("a", "b", "c")
    assert found.first.url == "redis+sentinel://s1:1,s2:2/main/0"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("redis://one:6379/0", "write name=address"),
        ("a", "write name=address"),
        ("A=redis://one", "small letters"),
        ("=redis://one", "small letters"),
        (f"{'a' * 33}=redis://one", "small letters"),
        ("a=redis://one,a=redis://two", "two shards a"),
        ("a=redis://u:secret@one:x/0", "shard a: it reads"),
        ("a=redis://one,b=http://secret", "shard b: http:// is not"),
        ("a=redis://one,", "shard a: write name=address"),
    ],
)
def test_what_cannot_be_used_is_said_without_an_address(said: str, words: str) -> None:
    with pytest.raises(BadShards, match=words) as error:
        read(said)
    assert str(error.value).startswith("CHATWOOTAI_REDIS_SHARDS: ")
    assert "secret" not in str(error.value)


def test_an_unknown_shard_is_told_with_the_known_ones() -> None:
    with pytest.raises(UnknownShard, match="no shard 'c'; known: a, b"):
        read(TWO).named("c")
    with pytest.raises(UnknownShard, match="known: none, since CHATWOOTAI_REDIS_SHARDS is not set"):
        read(None).named("c")
    with pytest.raises(UnknownShard):
        read(TWO).of("3", pin="c")


def test_a_pin_comes_before_the_hash() -> None:
    found = read(TWO)
    assert [found.of("3", pin=name).name for name in found.names] == ["a", "b"]


def test_an_address_is_not_shown_by_accident() -> None:
    assert "secret" not in repr(read("a=redis://u:secret@one/0").first)


def test_places_of_today_are_those_of_tomorrow() -> None:
    """What is kept on a shard is found there by the next release."""
    found = read("a=redis://one,b=redis://two,c=redis://three")
    assert [found.of(str(number)).name for number in range(1, 13)] == list("ccbacbabbbba")
