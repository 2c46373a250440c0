"""Every route of the console for everybody: nobody, each role, its own account and another. The table is the app's."""

import re
from typing import Any

import pytest

from chatwootai.stores.operators.console_tokens import ConsoleTokens
from ops.console.access.identity import Role
from ops.console.context import RIGHTS
from ops.console.routes import Route, routes
from tests.integration.ops.console.conftest import KINDS, Desk

PRIVATE = [one for one in routes() if not one.right.public]
ROLE = {"viewer": Role.VIEWER, "viewer of 1": Role.VIEWER, "lead of 1": Role.LEAD, "operator": Role.OPERATOR}
SAME = {"Sec-Fetch-Site": "same-origin"}


def address(route: Route, account: str) -> str:
    path = route.path.replace("{account}", account)
    path = re.sub(r"\{(\w+):[^}]*\}", "25", path)
    return re.sub(r"\{\w+\}", "25", path)


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


async def test_the_table_holds_every_route_of_the_application(desk: Desk) -> None:
    assert desk.app is not None
    served = {
        (route.method, route.resource.canonical) for route in desk.app.router.routes() if route.resource is not None
    }
    assert served == set(desk.app[RIGHTS])
    assert {one.path for one in routes() if one.right.public} >= {"/login"}
    assert {one.right.public for one in routes() if one.path.startswith(("/api", "/parts"))} == {False}


@pytest.mark.parametrize("route", PRIVATE, ids=named)
async def test_without_login_nothing_is_told(desk: Desk, route: Route) -> None:
    for headers in ({}, SAME, {"Authorization": "Bearer cwc_000000000000_x"}, {"Cookie": "chatwootai_console=x"}):
        status, text, answer = await desk.ask(address(route, "1"), method=route.method, headers=headers)
        if route.path.startswith("/api/"):
            assert status == 401
            assert set(await answer.json()) == {"error"}
        else:
            assert (status, text) == (303, "")
            assert answer.headers["Location"].startswith(("/login", "/embed/1/login"))


@pytest.mark.parametrize("path", ["/nix", "/assets/nix.css", "/api", "/metrics", "/.env"])
async def test_without_login_an_address_that_is_none_looks_the_same(desk: Desk, path: str) -> None:
    assert (await desk.ask(path))[0] == 303
    assert (await desk.ask(f"/api{path}"))[0] == 401
    assert (await desk.ask(f"/api{path}", method="POST", headers=SAME))[0] == 401
    assert (await desk.ask(path, "operator"))[0] == 404


async def test_a_method_that_an_address_does_not_take_is_refused_with_those_it_takes(desk: Desk) -> None:
    status, _, answer = await desk.ask("/api/now", "operator", method="DELETE", headers=SAME)
    assert (status, set(answer.headers["Allow"].split(","))) == (405, {"GET", "HEAD"})


@pytest.mark.parametrize("route", PRIVATE, ids=named)
@pytest.mark.parametrize("kind", KINDS)
async def test_each_role_may_what_the_table_says(desk: Desk, route: Route, kind: str) -> None:
    """Whoever may, gets past the guard: 200, a redirection, or an answer about what is not there."""
    if route.path == "/logout":
        pytest.skip("it is everybody's")
    own, _, _ = await desk.ask(address(route, "1"), kind, route.method, SAME)
    other, _, _ = await desk.ask(address(route, "2"), kind, route.method, SAME)
    may = ROLE[kind].rank >= route.right.role.rank
    assert (own != 403) == may
    assert own not in {401, 500, 503}
    if KINDS[kind][1] is not None and "{account}" in route.path:
        assert other == 404
    query, _, _ = await desk.ask(f"{address(route, '1')}?account=2", kind, route.method, SAME)
    if KINDS[kind][1] is not None:
        assert query == 404


OF_WORDS = [one for one in PRIVATE if one.method == "POST" and ("/cases/" in one.path or "suggestions" in one.path)]
"""Routes whose answer holds what customers wrote."""


@pytest.mark.parametrize("route", OF_WORDS, ids=named)
async def test_who_may_not_read_words_is_refused_where_they_are_told(desk: Desk, route: Route) -> None:
    for role, account in (("lead", "1"), ("operator", None)):
        token, _ = await ConsoleTokens(desk.redis).add(
            role=role, account=account, words=False, name="without", seconds=60
        )
        headers = {"Authorization": f"Bearer {token}", **SAME}
        sent: dict[str, Any] = {"json": {"account": "1"}} if route.path.startswith("/api/") else {"data": {}}
        status, text, _ = await desk.ask(address(route, "1"), method=route.method, headers=headers, **sent)
        assert status == 403, text


@pytest.mark.parametrize("route", [one for one in routes() if one.method != "GET"], ids=named)
async def test_no_other_site_changes_anything(desk: Desk, route: Route) -> None:
    path = address(route, "1")
    cookie = await log_in(desk, "operator")
    foreign = (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": desk.url},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": desk.url.replace("http:", "https:")},
        {"Origin": f"{desk.url}.evil.example"},
        {},
    )
    for headers in foreign:
        assert (await desk.ask(path, method=route.method, headers={"Cookie": cookie, **headers}))[0] == 403, headers
    foreign_with_token = {"Sec-Fetch-Site": "cross-site"}
    assert (await desk.ask(path, "operator", route.method, foreign_with_token))[0] == 403
    for headers in (SAME, {"Origin": desk.url}):
        status, _, _ = await desk.ask(
            path, method=route.method, headers={"Cookie": await log_in(desk, "operator"), **headers}
        )
        assert status != 403, headers


async def log_in(desk: Desk, kind: str) -> str:
    status, _, answer = await desk.ask("/login", method="POST", headers=SAME, data={"token": desk.tokens[kind]})
    assert status == 303
    return answer.headers["Set-Cookie"].partition(";")[0]


async def test_a_session_is_as_good_as_its_token_and_no_better(desk: Desk) -> None:
    status, _, answer = await desk.ask(
        "/login", method="POST", headers=SAME, data={"token": desk.tokens["operator"], "next": "/?a=b"}
    )
    assert (status, answer.headers["Location"]) == (303, "/?a=b")
    cookie, *flags = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert (await desk.ask("/", headers={"Cookie": cookie}))[0] == 200
    assert cookie.partition("=")[2].encode() not in b"".join(await everything(desk))
    (operator,) = [one for one in await ConsoleTokens(desk.redis).all() if one.name == "operator"]
    assert operator.used > 0
    await ConsoleTokens(desk.redis).revoke(operator.id)
    assert (await desk.ask("/", headers={"Cookie": cookie}))[0] == 303
    assert (await desk.ask("/api/now", "operator"))[0] == 401


async def everything(desk: Desk) -> list[bytes]:
    found: list[bytes] = []
    for key in await desk.redis.keys("*"):
        found.append(key)
        kind = await desk.redis.type(key)
        if kind == b"string":
            found.append(await desk.redis.get(key))
        elif kind == b"hash":
            found += [part for pair in (await desk.redis.hgetall(key)).items() for part in pair]
        else:
            found += await desk.redis.zrange(key, 0, -1)
    return found


async def test_tokens_are_kept_as_digests_alone(desk: Desk) -> None:
    kept = b"".join(await everything(desk))
    for token in desk.tokens.values():
        assert token.rpartition("_")[2].encode() not in kept


async def test_logging_out_ends_the_session(desk: Desk) -> None:
    cookie = await log_in(desk, "viewer")
    status, _, answer = await desk.ask("/logout", method="POST", headers={"Cookie": cookie, **SAME})
    assert (status, answer.headers["Location"]) == (303, "/login")
    assert (await desk.ask("/", headers={"Cookie": cookie}))[0] == 303


async def test_a_token_whose_time_is_over_opens_nothing(desk: Desk) -> None:
    token, _ = await ConsoleTokens(desk.redis).add(role="operator", account=None, words=True, name="old", seconds=-1)
    assert (await desk.ask("/api/now", headers={"Authorization": f"Bearer {token}"}))[0] == 401


@pytest.mark.parametrize("after", ["//evil.example", "/\\evil.example", "https://evil.example", "/login", "", "/a\tb"])
async def test_a_login_leads_to_no_other_site(desk: Desk, after: str) -> None:
    _, _, answer = await desk.ask(
        "/login", method="POST", headers=SAME, data={"token": desk.tokens["viewer"], "next": after}
    )
    assert answer.headers["Location"] == "/"


async def test_who_mistypes_ten_times_waits(desk: Desk) -> None:
    for _ in range(10):
        assert (await desk.ask("/login", method="POST", headers=SAME, data={"token": "cwc_x_y"}))[0] == 401
    status, _, answer = await desk.ask("/login", method="POST", headers=SAME, data={"token": desk.tokens["viewer"]})
    assert status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 61


async def test_headers_are_strict_on_every_answer(desk: Desk) -> None:
    for path, kind in (("/", "operator"), ("/login", ""), ("/nix", ""), ("/api/now", ""), ("/nix", "operator")):
        _, _, answer = await desk.ask(path, kind)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
