"""Debian's Sentinel, with TLS and a login on both sides, takes one primary after the other away under load."""

import asyncio
from collections.abc import Iterator

import pytest

from chatwootai.stores.server.connection import StoreUnavailable, connect
from chatwootai.stores.server.examination import probe
from sandbox.installation.system import Plan
from tests.faults import desk as desks
from tests.faults.desk import Desk, Ground, scaled, with_trouble
from tests.real.sentinels import WATCHWORD, Sentinels

pytestmark = pytest.mark.real("redis-server", "redis-sentinel", "openssl")

_CONVERSATIONS = scaled(60)


@pytest.fixture(scope="module", params=[True, False], ids=["tls", "plain"])
def sentinels(request: pytest.FixtureRequest) -> Iterator[Sentinels]:
    with Sentinels(tls=request.param) as sentinels:
        yield sentinels


@pytest.mark.parametrize("sentinels", [True], ids=["tls"], indirect=True)
async def test_two_failovers_lose_and_double_nothing(sentinels: Sentinels) -> None:
    environ = {"WORKER_LEASE_SECONDS": str(desks.LEASE)}
    plan = Plan(
        ingresses=2, workers=2, llm=("--latency", "fixed:300ms"), environ=environ, settings=desks.SETTINGS,
        redis_url=sentinels.url,
    )  # fmt: skip
    async with Ground(plan) as ground, Desk(ground, "failover") as desk:

        async def fail_over() -> None:
            for share in (6, 2):
                await desk.answers(_CONVERSATIONS // share)
                first, second = sentinels.primary(), sum(sentinels.servers) - sentinels.primary()
                sentinels.kill(first)
                await asyncio.to_thread(sentinels.switched, second)
                sentinels.back(first)
                await asyncio.to_thread(sentinels.settled, second)

        await with_trouble(desk.crowd(_CONVERSATIONS, 3), fail_over())
        tally = await desk.tally()
        tally.must_be_clean()
        assert tally.refused == 0, f"deliveries were refused: {desk.relay.answers}"
        for name, process in ground.processes.items():
            assert process.alive, f"{name} exited:\n{process.tail()}"
            said = process.log.read_text()
            for secret in ("servers/secret", "servers%2Fsecret", WATCHWORD, "sentinels%3Asecret"):
                assert secret not in said


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("sentinel_password=sentinels%3Asecret", "sentinel_password=other", "WRONGPASS: Sentinel refuses our login"),
        ("sentinel_username=watch&sentinel_password=sentinels%3Asecret", "socket_keepalive=yes", "NOAUTH: Sentinel"),
        ("servers%2Fsecret", "other", "WRONGPASS"),
        ("/desk/0", "/disk/0", "MasterNotFoundError: Sentinel knows no service of that name, but desk"),
        ("localhost:", "127.0.0.2:", "ConnectionError: no Sentinel tells where Redis is"),
    ],
)
async def test_the_cause_is_named_and_the_secret_is_not(
    sentinels: Sentinels, right: str, wrong: str, code: str
) -> None:
    assert right in sentinels.url
    client = connect(sentinels.url.replace(right, wrong), retries=0)
    with pytest.raises(StoreUnavailable) as away:
        await probe(client)
    await client.aclose()
    assert str(away.value).startswith(code), str(away.value)
    assert "secret" not in str(away.value)


@pytest.mark.parametrize("sentinels", [True], ids=["tls"], indirect=True)
async def test_a_certificate_of_nobody_we_know_is_named(sentinels: Sentinels) -> None:
    client = connect(sentinels.url.replace(f"&ssl_ca_certs={sentinels.folder}/ca.pem", ""), retries=0)
    with pytest.raises(StoreUnavailable) as away:
        await probe(client)
    await client.aclose()
    assert str(away.value).startswith("CERTIFICATE_VERIFY_FAILED: "), str(away.value)
