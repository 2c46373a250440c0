"""Forms of the console: each leads to a page that a reload asks for anew, and what it did is said there once."""

import base64
from pathlib import Path

import orjson
import pytest

from ops.console.access.identity import Identity, Role
from ops.console.results import SECONDS, Results
from ops.console.routes import Route, routes
from tests.integration.ops.console.conftest import Desk
from tests.integration.ops.console.test_console_rights import address, named

SAME = {"Sec-Fetch-Site": "same-origin"}
LEAD = Identity(role=Role.LEAD, account="1", words=True, name="ana", token="a")
FORMS = [one for one in routes() if one.method == "POST" and not one.path.startswith("/api/")]


@pytest.mark.parametrize("route", FORMS, ids=named)
async def test_no_form_is_answered_with_a_page_of_success(desk: Desk, route: Route) -> None:
    """An empty form: a redirect, or a page that says what is wrong with it."""
    status, _, _ = await desk.ask(address(route, "1"), "operator", "POST", SAME, data={})
    assert status == 303 or 400 <= status < 500, status


async def test_what_cannot_be_done_is_said_once_on_the_page_that_it_is_about(desk: Desk) -> None:
    to, text, answer = await desk.send_form("/failures/retry", "operator", {"cause": "<script>alert(1)</script>"})
    assert (to, "0 done, 0 left as they are" in text) == ("/failures", True)
    assert answer.cookies["chatwootai_console_notice"].value == ""
    assert "0 done" not in (await desk.ask("/failures", "operator"))[1]


async def test_another_page_keeps_what_is_not_about_it(desk: Desk) -> None:
    _, _, answer = await desk.ask("/failures/retry", "operator", "POST", SAME, data={"cause": "x"})
    kept = {"Cookie": f"chatwootai_console_notice={answer.cookies['chatwootai_console_notice'].value}"}
    _, text, answer = await desk.ask("/turns", "operator", headers=kept)
    assert ("0 done" in text, "chatwootai_console_notice" in answer.cookies) == (False, False)
    assert "0 done" in (await desk.ask("/failures", "operator", headers=kept))[1]


@pytest.mark.parametrize(
    "said",
    [b"x", b"[]", b'["/failures"]', b'["/failures",7,"good"]', b'["/failures",["x"],"good\\" x=\\""]', b'{"a":1}',
     b'["/failures",[{"a":1}],"good"]', b'"/failures"'],
)  # fmt: skip
async def test_a_cookie_that_is_none_of_ours_says_nothing(desk: Desk, said: bytes) -> None:
    kept = {"Cookie": f"chatwootai_console_notice={base64.urlsafe_b64encode(said).decode()}"}
    status, text, _ = await desk.ask("/failures", "operator", headers=kept)
    assert (status, 'class="verdict' in text) == (200, False)


async def test_a_notice_is_escaped_and_fits_a_cookie(desk: Desk, tmp_path: Path) -> None:
    page, lines = "/failures", ["<script>alert(1)</script>", "é" * 5_000, *["x" * 400] * 40]
    from ops.console.notices import _packed

    value = _packed(page, lines, "bad")
    assert len(value) < 3_901
    kept, shown, _ = orjson.loads(base64.urlsafe_b64decode(value))
    assert (kept, shown[0][:8]) == (page, "<script>")
    _, text, _ = await desk.ask(page, "operator", headers={"Cookie": f"chatwootai_console_notice={value}"})
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text


async def test_a_page_with_what_is_wrong_is_read_in_another_language_where_it_was_asked_for(desk: Desk) -> None:
    for path, kind, page in (
        ("/teach/1/answer", "lead of 1", "/teach/1"),
        ("/rehearsal/1", "lead of 1", "/rehearsal/1"),
        ("/knowledge/search?account=1", "operator", "/knowledge?account=1"),
    ):
        status, text, _ = await desk.ask(path, kind, "POST", SAME, data={})
        assert (400 <= status < 500, f'name="next" value="{page}"' in text) == (True, True), path


async def test_a_result_that_is_kept_no_more_says_so(desk: Desk) -> None:
    for path in ("/rehearsal/1", "/teach/1"):
        status, text, _ = await desk.ask(f"{path}?result=nix", "lead of 1")
        assert (status, "kept no more" in text) == (200, True)


def test_a_result_is_for_who_asked_and_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    results, now = Results(), 1000.0
    monkeypatch.setattr("ops.console.results.time.monotonic", lambda: now)
    name = results.keep(LEAD, "1", {"found": 7})
    other = Identity(role=Role.LEAD, account="1", words=True, name="ana", token="b")
    assert results.read(LEAD, "1", name) == {"found": 7}
    assert (results.read(other, "1", name), results.read(LEAD, "2", name)) == (None, None)
    for _ in range(63):
        results.keep(other, "1", {})
    assert results.read(LEAD, "1", name) == {"found": 7}
    now += SECONDS + 1
    assert results.read(LEAD, "1", name) is None
