"""Which shards a worker serves, and on which ports its children tell how they are."""

import pytest

from chatwootai.stores.server.shards import Shards
from tests.builders import account
from tests.door import snapshot
from workers.process.environment import BadEnvironment, Environment, served_shards
from workers.process.shard_processes import children

SHARDS = {"CHATWOOTAI_REDIS_SHARDS": "a=redis://one,b=redis://two,c=redis://three"}


@pytest.mark.parametrize(("wanted", "served"), [("", "abc"), (" ", "abc"), ("b", "b"), ("c, a", "ca"), ("a,a,", "a")])
def test_worker_shards_names_those_that_are_served(wanted: str, served: str) -> None:
    assert "".join(each.name for each in served_shards({**SHARDS, "WORKER_SHARDS": wanted})) == served


def test_without_shards_there_is_one_without_a_name() -> None:
    (only,) = served_shards({"REDIS_URL": "redis://here"})
    assert (only.name, only.url) == ("", "redis://here")
    assert Environment.read({"REDIS_URL": "redis://here"}).shard == only


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({**SHARDS, "WORKER_SHARDS": "d"}, "WORKER_SHARDS: there is no shard 'd'; known: a, b, c"),
        ({"WORKER_SHARDS": "a"}, "WORKER_SHARDS: there is no shard 'a'; known: none"),
        ({"CHATWOOTAI_REDIS_SHARDS": "redis://u:secret@one"}, "CHATWOOTAI_REDIS_SHARDS: write name=address"),
    ],
)
def test_a_wrong_name_is_a_sentence(environ: dict[str, str], words: str) -> None:
    with pytest.raises(BadEnvironment) as error:
        served_shards(environ)
    assert words in str(error.value)
    assert "secret" not in str(error.value)


def test_one_process_serves_one_shard() -> None:
    with pytest.raises(BadEnvironment, match="one process serves one shard"):
        Environment.read(SHARDS)
    assert Environment.read({**SHARDS, "WORKER_SHARDS": "b"}).shard.url == "redis://two"


def test_children_take_the_ports_behind_the_first() -> None:
    served = served_shards({**SHARDS, "WORKER_SHARDS": "c,a"})
    assert [(each.shard.name, each.port) for each in children(served, 9100)] == [("c", 9100), ("a", 9101)]
    assert {each.port for each in children(served, 0)} == {0}
    environ = children(served, 9100)[1].environ({"X": "1", "WORKER_SHARDS": "c,a"})
    assert environ == {"X": "1", "WORKER_SHARDS": "a", "WORKER_METRICS_PORT": "9101"}


def test_a_shard_has_its_own_accounts_alone() -> None:
    shards = Shards.from_environment(SHARDS)
    whole = snapshot(*(account(str(number)) for number in range(1, 30)), account("99", shard="b"))
    parts = {each.name: whole.on(each, shards) for each in shards}
    assert sorted(key for part in parts.values() for key in part.accounts) == sorted(whole.accounts)
    assert "99" in parts["b"].accounts
    assert {part.digest for part in parts.values()} == {whole.digest}
    alone = Shards.from_environment({})
    assert whole.on(alone.first, alone) is whole
