"""Requests that nobody means well: none of them is answered with 5xx, and the console answers the next one."""

import random

import yarl

from tests.integration.ops.console.conftest import KINDS, Desk

PIECES = (
    "..", "%00", "%ff%fe", "<script>alert(1)</script>", "' or 1=1 --", "{{7*7}}", "\u202e", "💥", "a" * 3000, "-1",
    "99999999999999999999", "1e309", "NaN", "[]", "true", "%2f%2f", "\\", "None", "1:25", "1:25\n", "*", "${jndi:x}",
)  # fmt: skip
PATHS = (
    "/",
    "/api/now",
    "/api/turns",
    "/api/outcomes",
    "/api/conversations/",
    "/conversations/",
    "/login",
    "/find",
    "/turns",
)
QUERIES = ("account", "outcome", "since", "until", "cursor", "slower_ms", "what", "next", "days", "lang")


async def test_a_thousand_hostile_requests(desk: Desk) -> None:
    draw = random.Random(7)
    answered: set[int] = set()
    for _ in range(1000):
        path = draw.choice(PATHS) + "/".join(draw.choices(PIECES, k=draw.randint(0, 2)))
        query = {draw.choice(QUERIES): draw.choice(PIECES) for _ in range(draw.randint(0, 3))}
        method = draw.choice(["GET", "GET", "GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
        headers = {
            "Accept-Language": draw.choice(["pt", "*;q=x", ",,,;q=9", "es-MX,es;q=0.5"]),
            "Sec-Fetch-Site": "same-origin",
        }
        if draw.random() < 0.3:
            headers["Cookie"] = f"chatwootai_console={'x' * draw.randint(1, 2000)}; chatwootai_language=../../x"
        kind = draw.choice(["", *KINDS])
        body = draw.choice([None, b"\x00" * 500, b"token=%ff", "{" * 300])
        url = yarl.URL(desk.url + path.replace("\n", "%0a").replace("?", "%3f")[:6000], encoded=False).update_query(
            query
        )
        async with desk.session.request(
            method, url, headers={**headers, **desk.bearer(kind)}, data=body, allow_redirects=False
        ) as answer:
            answered.add(answer.status)
            text = await answer.text(errors="replace")
        assert answer.status < 500, (method, url)
        assert "<script>alert" not in text
    assert {200, 303, 401, 404} <= answered
    assert (await desk.ask("/api/now", "operator"))[0] == 200
