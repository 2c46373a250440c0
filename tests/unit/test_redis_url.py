"""Every REDIS_URL that an operator may write reaches the same Redis from our connections and from arq's own CLI."""

from dataclasses import asdict
from typing import Any

import pytest

from chatwootai.stores.arq import pool, redis_settings
from chatwootai.stores.connection import BadRedisUrl, connect, sentinels

SECRET = "p@ss/w:rd"
WRITTEN = "p%40ss%2Fw%3Ard"


def ours(url: str) -> dict[str, Any]:
    return connect(url).connection_pool.connection_kwargs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            f"redis://:{WRITTEN}@cache:7000/3",
            {"host": "cache", "port": 7000, "database": 3, "password": SECRET, "ssl": False},
        ),
        (f"redis://desk:{WRITTEN}@cache", {"host": "cache", "port": 6379, "username": "desk", "password": SECRET}),
        ("redis://cache/0?db=4", {"host": "cache", "database": 4}),
        ("unix:///run/redis.sock?db=2", {"unix_socket_path": "/run/redis.sock", "database": 2}),
        (
            "rediss://cache/1?ssl_ca_certs=/ca.pem&ssl_cert_reqs=optional",
            {"ssl": True, "ssl_ca_certs": "/ca.pem", "ssl_cert_reqs": "optional", "database": 1},
        ),
    ],
)
def test_arq_reads_a_url_as_we_do(url: str, expected: dict[str, Any]) -> None:
    assert expected.items() <= asdict(redis_settings(url)).items()
    renamed = {"unix_socket_path": "path", "database": "db"}
    same = {renamed.get(name, name): value for name, value in expected.items() if name != "ssl"}
    given = ours(url)
    assert {name: given.get(name, 6379 if name == "port" else None) for name in same} == same


def test_a_certificate_must_be_the_hosts_own_unless_the_url_says_otherwise() -> None:
    assert ours("rediss://cache/0")["ssl_check_hostname"] is True
    assert ours("rediss://cache/0?ssl_check_hostname=false")["ssl_check_hostname"] is False
    assert "ssl_check_hostname" not in ours("rediss://cache/0?ssl_cert_reqs=none")
    assert "ssl_check_hostname" not in ours("redis://cache/0")


def test_a_sentinel_is_asked_for_a_service_and_its_redis_gets_name_and_password() -> None:
    found = sentinels(f"redis+sentinel://desk:{WRITTEN}@one:1,two/main/5")
    assert (found.hosts, found.service, found.database) == ([("one", 1), ("two", 26379)], "main", 5)
    assert (found.username, found.password) == ("desk", SECRET)
    assert redis_settings(f"redis+sentinel://:{WRITTEN}@one/main").password == SECRET
    assert ours(f"redis+sentinel://desk:{WRITTEN}@one/main/5")["username"] == "desk"


@pytest.mark.parametrize("url", ["redis://cache/0", "unix:///run/redis.sock", "redis+sentinel://one/main"])
def test_arqs_own_worker_is_as_patient_behind_a_sentinel_as_without(url: str) -> None:
    retry = pool(url).connection_pool.connection_kwargs["retry"]
    assert retry._retries >= 20  # redis-py shows it nowhere else


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cache",
        "http://cache",
        "redis://cache:port/0",
        "redis://cache/first",
        "redis://:canary/secret@cache:6379/0",
        "rediss://cache?ssl_check_hostname=perhaps&db=x",
        "redis+sentinel://one:port/main",
        "redis+sentinel://one",
        "redis+sentinel://one/main/first",
    ],
)
def test_a_url_that_means_nothing_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(BadRedisUrl) as refused:
        connect(url)
    assert str(refused.value).startswith("REDIS_URL: ")
    assert "canary" not in str(refused.value)
