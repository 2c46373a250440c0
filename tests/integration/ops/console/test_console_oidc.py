"""A company's own login, against a provider over HTTP: who gets in, as what, and all that does not get in."""

import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import jwt
import pytest
from aiohttp import web

from chatwootai.stores.server.connection import Connection, connect
from chatwootai.stores.server.embedded import Embedded
from ops.console.access import provider as provider_module
from ops.console.access.oidc import Oidc, Pending
from ops.console.environment import BadEnvironment, Environment
from ops.console.server import application, make_console
from tests.integration.ops.console.conftest import Desk
from tests.integration.ops.console.oidc_provider import CLIENT, SECRET, Company, provider

PUBLIC = "http://console.example.com"
BACK = f"{PUBLIC}/login/oidc/callback"
GROUPS = "ops=operator,leads=lead:1,all=viewer"


@pytest.fixture
async def company() -> AsyncIterator[Company]:
    async with provider(BACK) as made:
        made.claims = {"groups": ["all", "leads"], "email": "ana@shop.example", "email_verified": True}
        yield made


@pytest.fixture
async def desk(redis: Connection, redis_server: Embedded, tmp_path: Path, company: Company) -> AsyncIterator[Desk]:
    own = connect(redis_server.url, timeout=30.0)
    environ = {
        "CONSOLE_URL": PUBLIC, "CONSOLE_OIDC_ISSUER": company.issuer + "/", "CONSOLE_OIDC_CLIENT": CLIENT,
        "CONSOLE_OIDC_SECRET": SECRET, "CONSOLE_OIDC_GROUPS": GROUPS, "REDIS_URL": redis_server.url,
    }  # fmt: skip
    environment = Environment.read(environ, config=tmp_path, port="0")
    runner = web.AppRunner(application(make_console(environment, own)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield Desk(f"http://127.0.0.1:{runner.addresses[0][1]}", redis, session)
    await runner.cleanup()
    await own.aclose()


async def begin(desk: Desk, after: str = "/") -> tuple[str, str]:
    """Return the provider's address and the cookie of a login that begins."""
    status, _, answer = await desk.ask(f"/login/oidc?next={after}")
    assert status == 303
    return answer.headers["Location"], answer.headers["Set-Cookie"].partition(";")[0]


async def at_the_provider(desk: Desk, address: str) -> str:
    """Return the path to which the provider sends the browser back."""
    async with desk.session.get(address, allow_redirects=False) as answer:
        back = answer.headers["Location"]
    assert back.startswith(BACK)
    return back.removeprefix(PUBLIC)


async def log_in(desk: Desk, after: str = "/") -> tuple[int, aiohttp.ClientResponse]:
    address, cookie = await begin(desk, after)
    status, _, answer = await desk.ask(await at_the_provider(desk, address), headers={"Cookie": cookie})
    return status, answer


def session_of(answer: aiohttp.ClientResponse) -> str:
    (found,) = [each for each in answer.headers.getall("Set-Cookie") if each.startswith("chatwootai_console=")]
    return found.partition(";")[0]


async def test_a_group_is_a_role_and_its_account(desk: Desk) -> None:
    status, answer = await log_in(desk, "/turns")
    assert (status, answer.headers["Location"]) == (303, "/turns")
    cookie = session_of(answer)
    assert (await desk.ask("/api/configuration", headers={"Cookie": cookie}))[0] in {200, 404}
    assert (await desk.ask("/api/outcomes?account=2", headers={"Cookie": cookie}))[0] == 404
    assert (await desk.ask("/api/access", headers={"Cookie": cookie}))[0] == 403
    assert "ana@shop.example" in (await desk.ask("/turns", headers={"Cookie": cookie}))[1]


async def test_the_browser_is_sent_with_pkce_state_and_nonce(desk: Desk) -> None:
    address, cookie = await begin(desk)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    pending = Pending.unpacked(cookie.partition("=")[2].strip('"'))
    assert pending is not None
    assert (asked["state"], asked["nonce"]) == (pending.state, pending.nonce)
    assert pending.verifier not in address
    assert asked["redirect_uri"] == BACK
    other, _ = await begin(desk)
    assert asked["state"] not in other


async def test_an_answer_that_is_no_login_of_this_browser_opens_nothing(desk: Desk) -> None:
    address, cookie = await begin(desk)
    back = await at_the_provider(desk, address)
    _, elsewhere = await begin(desk)
    for headers in ({}, {"Cookie": elsewhere}, {"Cookie": "chatwootai_console_login=nonsense"}):
        assert (await desk.ask(back, headers=headers))[0] == 401
    assert (await desk.ask(f"{back}&error=access_denied", headers={"Cookie": cookie}))[0] == 401
    other_issuer = back.replace("iss=http", "iss=https")
    assert (await desk.ask(other_issuer, headers={"Cookie": cookie}))[0] == 401
    status, _, answer = await desk.ask(back, headers={"Cookie": cookie})
    assert status == 303
    assert any('chatwootai_console_login=""' in each for each in answer.headers.getall("Set-Cookie"))
    assert (await desk.ask(back, headers={"Cookie": cookie}))[0] == 401  # a code is good for once


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "another issuer": lambda claims: claims.update(iss="http://evil.example"),
    "another client": lambda claims: claims.update(aud="other"),
    "for several, another one's": lambda claims: claims.update(aud=[CLIENT, "other"], azp="other"),
    "over": lambda claims: claims.update(exp=int(time.time()) - 600),
    "of another login": lambda claims: claims.update(nonce="x"),
    "without a nonce": lambda claims: claims.pop("nonce"),
    "without an end": lambda claims: claims.pop("exp"),
    "without a subject": lambda claims: claims.pop("sub"),
    "of the future": lambda claims: claims.update(iat=int(time.time()) + 6_000),
    "in no group": lambda claims: claims.update(groups=["op", "ops-all", "OPS"]),
    "without groups": lambda claims: claims.pop("groups"),
    "groups of another kind": lambda claims: claims.update(groups={"ops": True}),
}


@pytest.mark.parametrize("how", SPOILT)
async def test_a_token_that_does_not_hold_opens_nothing(desk: Desk, company: Company, how: str) -> None:
    company.spoil = SPOILT[how]
    status, answer = await log_in(desk)
    assert status == 401
    assert not [each for each in answer.headers.getall("Set-Cookie") if each.startswith("chatwootai_console=")]


async def test_keys_may_change_and_a_strangers_key_opens_nothing(desk: Desk, company: Company) -> None:
    assert (await log_in(desk))[0] == 303
    provider_module._AGAIN_SECONDS, before = 0.0, provider_module._AGAIN_SECONDS  # type: ignore[misc]
    try:
        company.rotate("two")
        assert (await log_in(desk))[0] == 303
        asked = company.asked_for_keys
        assert (await log_in(desk))[0] == 303
        assert company.asked_for_keys == asked
        company.rotate("two")  # another key under the same name
        assert (await log_in(desk))[0] == 303
        company.signs_with = Company("").key  # the same kid is not enough
        company.signs_with = ("two", company.signs_with[1])
        assert (await log_in(desk))[0] == 401
        company.signs_with = ("three", company.signs_with[1])
        assert (await log_in(desk))[0] == 401
    finally:
        provider_module._AGAIN_SECONDS = before  # type: ignore[misc]


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
async def test_a_token_that_a_stranger_can_sign_opens_nothing(
    desk: Desk, company: Company, monkeypatch: pytest.MonkeyPatch, algorithm: str
) -> None:
    whole = company._id_token

    def weak(asked: dict[str, str]) -> str:
        claims = jwt.decode(whole(asked), options={"verify_signature": False})
        key = None if algorithm == "none" else "k" * 40
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": company.key[0]})

    monkeypatch.setattr(company, "_id_token", weak)
    assert (await log_in(desk))[0] == 401


async def test_groups_may_come_from_userinfo_of_the_same_person_alone(desk: Desk, company: Company) -> None:
    company.claims = {"groups_of_others": ["ops"]}
    company.userinfo = {"sub": "7", "groups": ["ops"], "email": "eve@shop.example", "email_verified": True}
    assert (await log_in(desk))[0] == 303
    company.userinfo["sub"] = "8"
    assert (await log_in(desk))[0] == 401


async def test_a_provider_that_answers_for_another_is_not_believed(desk: Desk, company: Company) -> None:
    company.said_issuer = "https://evil.example"
    assert (await desk.ask("/login/oidc"))[0] == 401


async def test_a_public_name_that_is_not_verified_is_not_shown(desk: Desk, company: Company) -> None:
    company.claims |= {"email_verified": False, "preferred_username": "ana"}
    _, answer = await log_in(desk)
    page = (await desk.ask("/turns", headers={"Cookie": session_of(answer)}))[1]
    assert 'title="ana"' in page
    assert "ana@shop.example" not in page


def test_what_is_missing_is_named() -> None:
    for settings, named in (
        (("https://a", "", "", "", "groups"), "CONSOLE_OIDC_CLIENT"),
        (("http://a.example", "c", "", "a=viewer", "groups"), "CONSOLE_OIDC_ISSUER"),
        (("https://a", "c", "", "a=root", "groups"), "CONSOLE_OIDC_GROUPS"),
    ):
        with pytest.raises(BadEnvironment, match=named):
            Oidc.read(settings, PUBLIC)
    with pytest.raises(BadEnvironment, match="CONSOLE_URL"):
        Oidc.read(("https://a", "c", "", "a=viewer", "groups"), "")
    assert Oidc.read(("", "", "", "", ""), "") is None
