"""Every REDIS_URL that an operator may write reaches the same Redis from our connections and from arq's own CLI."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio.connection import SSLConnection

from chatwootai.stores.server.address import address
from chatwootai.stores.server.arq import pool, redis_settings
from chatwootai.stores.server.connection import BadRedisUrl, connect

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
            f"rediss://cache/1?ssl_ca_certs={__file__}&ssl_cert_reqs=optional",
            {"ssl": True, "ssl_ca_certs": __file__, "ssl_cert_reqs": "optional", "database": 1},
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
    found = address(f"redis+sentinel://desk:{WRITTEN}@one:1,two/main/5")
    assert (found.hosts, found.service, found.options["db"]) == ((("one", 1), ("two", 26379)), "main", 5)
    assert (found.options["username"], found.options["password"]) == ("desk", SECRET)
    assert found.sentinel_options == {}
    assert redis_settings(f"redis+sentinel://:{WRITTEN}@one/main").password == SECRET
    assert ours(f"redis+sentinel://desk:{WRITTEN}@one/main/5")["username"] == "desk"


def test_sentinels_have_a_login_of_their_own_and_tls_is_for_both(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.touch()
    login = f"sentinel_username=watch&sentinel_password={WRITTEN}&ssl_ca_certs={authority}"
    for url in (
        f"rediss+sentinel://desk:x@[::1]:26380,[fe80::1%25eth0],three:1/main?{login}",
        f"redis+sentinel://desk:x@[::1]:26380,[fe80::1%25eth0],three:1/main?{login}&tls=true",
    ):
        found = address(url)
        assert found.hosts == (("::1", 26380), ("fe80::1%eth0", 26379), ("three", 1))
        tls = {"ssl_ca_certs": str(authority), "ssl_check_hostname": True}
        assert found.sentinel_options == {"username": "watch", "password": SECRET, "ssl": True, **tls}
        assert found.options == {"db": 0, "username": "desk", "password": "x", **tls}
        kind = connect(url).connection_pool.connection_class
        assert issubclass(kind, SSLConnection)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://[::1]:7000/2", {"host": "::1", "port": 7000, "db": 2}),
        ("redis://cache?family=0", {"host": "cache"}),
        ("redis://cache?tls=true", {"ssl_check_hostname": True}),
        ("redis://cache?ssl=false", {"host": "cache"}),
        ("rediss://cache?ssl_cert_reqs=CERT_NONE", {"ssl_cert_reqs": "none"}),
        ("redis://:a%23b@cache", {"password": "a#b"}),
        ("redis://", {"host": "localhost", "port": 6379}),
        ("unix://desk:x@/run/redis.sock", {"path": "/run/redis.sock", "username": "desk", "db": 0}),
    ],
)
def test_what_other_clients_write_is_understood(url: str, expected: dict[str, Any]) -> None:
    assert expected.items() <= dict(address(url).options).items()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("redis://cache/0?famly=4", "'famly'"),
        ("redis://cache/0?family=6", "'family'"),
        ("redis://cache/0?sentinel_password=x", "'sentinel_password'"),
        ("redis://cache/0?ssl_cert_reqs=none", "ssl_cert_reqs is about TLS: write rediss://"),
        ("rediss://cache/0?ssl_cert_reqs=maybe", "ssl_cert_reqs is one of none, optional, required"),
        ("rediss://cache/0?ssl_ca_certs=/no/such.pem", "ssl_ca_certs names no file"),
        ("rediss://cache/0?ssl_check_hostname=perhaps", "ssl_check_hostname is true or false"),
        ("rediss://cache/0?tls=false", "contradict"),
        ("redis://cache/0?socket_timeout=soon", "socket_timeout is a number of seconds"),
        ("redis+sentinel://one/main?sentinal_password=x", "'sentinal_password'"),
        ("redis+sentinel://one/main?sentinel_username=x", "sentinel_username is of no use"),
        ("redis+sentinel://[::1:26379/main", "in brackets"),
        ("redis+sentinel://::1:26379/main", "in brackets"),
        ("redis+sentinel://one,]two[/main", "in brackets"),
        ("redis://[::1/0", "redis://[user:password@]host:port/number"),
    ],
)
def test_what_is_wrong_is_named(url: str, named: str) -> None:
    with pytest.raises(BadRedisUrl) as refused:
        connect(url)
    assert named in str(refused.value)


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
        "redis://:pass?canary@cache:6379/0",
        "redis://:pass?canary",
        "redis://:pass[canary@cache:port",
        "redis+sentinel://:can/canary@one/main",
        "canary@cache",
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
