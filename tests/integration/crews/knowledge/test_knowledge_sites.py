"""Web sites and help centres as sources: real servers, what they may be asked, and what becomes of their answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from config.loading.loader import inspect, load
from config.settings.knowledge import Source
from crews.knowledge.index.index import Entry
from crews.knowledge.passage import Problem
from crews.knowledge.reading.help_center import HelpCenterReader
from crews.knowledge.reading.reachable import unreachable_sites
from crews.knowledge.reading.reader import FoundDocument, SourceFailed
from crews.knowledge.reading.site import SiteReader
from sandbox.chatwoot import app
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World

PAGE = "<title>{0}</title><main><h1>{0}</h1><p>Tudo sobre {0}.</p>{1}</main>"


class Shop:
    """A web site. `answers`: by path; `asked`: the paths in order, with what was said about the last answer."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked: list[tuple[str, str]] = []
        self.address = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.path, request.headers.get("If-None-Match", "")))
        said = self.answers.get(request.path)
        if said is None:
            raise web.HTTPNotFound
        if isinstance(said, web.HTTPFound):
            raise web.HTTPFound(said.location)  # an answer is sent once
        if isinstance(said, web.HTTPException):
            raise said
        if isinstance(said, bytes):
            return web.Response(body=said, headers={"Content-Type": "text/html; charset=koi8-r"})
        etag = f'"{hash(said)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        kind = "text/xml" if request.path.endswith(".xml") else "text/html"
        if request.path == "/robots.txt":
            kind = "text/plain"
        return web.Response(text=said.replace("HERE", self.address), content_type=kind, headers={"ETag": etag})

    def pages(self, *names: str) -> None:
        for name in names:
            self.answers[f"/{name}"] = PAGE.format(name, "")

    def sitemap(self, *names: str) -> None:
        places = "".join(f"<url><loc>HERE/{name}</loc></url>" for name in names)
        self.answers["/sitemap.xml"] = f"<urlset xmlns='http://x'>{places}</urlset>"

    async def read(self, known: dict[str, Entry] | None = None, **how: Any) -> list[FoundDocument | Problem]:
        source = Source.model_validate({"site": f"{self.address}/", **how})
        return [each async for each in SiteReader(source, ["127.0.0.1"], pause=0.0).documents(known or {})]


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    site = web.Application()
    site.router.add_route("*", "/{tail:.*}", made.answer)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def names(found: list[FoundDocument | Problem]) -> list[str]:
    return [each.id.rpartition("/")[2] for each in found if isinstance(each, FoundDocument)]


def known(found: list[FoundDocument | Problem]) -> dict[str, Entry]:
    return {
        each.id: Entry(source="site", place="p", id=each.id, digest=each.digest, mark=each.document.mark)
        for each in found
        if isinstance(each, FoundDocument) and each.document
    }


async def test_a_sitemap_names_the_pages_and_robots_has_the_last_word(shop: Shop) -> None:
    shop.pages("frete", "troca", "secreto")
    shop.sitemap("frete", "troca", "secreto", "foto.jpg")
    shop.answers["/robots.txt"] = "User-agent: *\nDisallow: /secreto\n"
    found = await shop.read()
    assert names(found) == ["frete", "troca"]
    assert [path for path, _ in shop.asked] == ["/robots.txt", "/sitemap.xml", "/frete", "/troca"]
    first = found[0]
    assert isinstance(first, FoundDocument)
    assert first.document is not None
    assert (first.document.title, first.document.url) == ("frete", f"{shop.address}/frete")


async def test_what_has_not_changed_is_not_sent_again(shop: Shop) -> None:
    shop.pages("frete", "troca")
    shop.sitemap("frete", "troca")
    before = known(await shop.read())
    shop.answers["/troca"] = PAGE.format("troca nova", "")
    again = await shop.read(before)
    pages = [each for each in again if isinstance(each, FoundDocument)]
    unchanged = [(each.id.rpartition("/")[2], each.document is None) for each in pages]
    assert unchanged == [("frete", True), ("troca", False)]
    assert all(mark for path, mark in shop.asked[-2:])


async def test_links_are_followed_where_there_is_no_sitemap_and_only_on_this_host(shop: Shop) -> None:
    shop.answers["/"] = PAGE.format(
        "casa", '<a href="/a#x">a</a> <a href="https://other.example/">o</a> <a href="/b">b</a>'
    )
    shop.answers["/a"] = PAGE.format("a", '<a href="/">casa</a> <a href="c">c</a> <a href="javascript:x()">j</a>')
    shop.pages("b", "c")
    assert names(await shop.read()) == ["", "a", "b", "c"]
    assert names(await shop.read(pages=2)) == ["", "a"]
    assert names(await shop.read(only=["/a", "/b"])) == ["a", "b"]


async def test_a_page_that_fails_is_a_problem_and_the_others_are_read(shop: Shop) -> None:
    shop.pages("frete")
    shop.answers["/fora"] = web.HTTPFound("https://elsewhere.example/")
    shop.answers["/dentro"] = web.HTTPFound("http://169.254.169.254/latest/meta-data/")
    shop.answers["/arquivo"] = web.HTTPFound("file:///etc/passwd")
    shop.answers["/caiu"] = web.HTTPInternalServerError()
    shop.sitemap("fora", "dentro", "arquivo", "caiu", "nada", "frete")
    found = await shop.read()
    assert names(found) == ["frete"]
    reasons = {each.document.rpartition("/")[2]: each.reason for each in found if isinstance(each, Problem)}
    assert {*reasons} == {"fora", "dentro", "arquivo", "caiu", "nada"}
    assert reasons["nada"] == "the server answers 404"
    assert "another site" in reasons["dentro"]


async def test_what_leads_to_itself_ends_and_pages_are_read_as_their_server_says(shop: Shop) -> None:
    index = "<sitemapindex><sitemap><loc>HERE/{0}.xml</loc></sitemap></sitemapindex>"
    shop.answers |= {"/sitemap.xml": index.format("more"), "/more.xml": index.format("sitemap")}
    shop.answers["/"] = '<main>Entrada</main><a href="/roda">x</a><a href="/russo">y</a><a href="/vazio">z</a>'
    shop.answers["/roda"] = web.HTTPFound("/roda")
    shop.answers["/russo"] = "<p>Доставка</p>".encode("koi8-r")
    shop.answers["/vazio"] = "<script>var a = 1</script><img src='a.png'>"
    found = await shop.read()
    reasons = {each.document.rpartition("/")[2]: each.reason for each in found if isinstance(each, Problem)}
    assert reasons == {
        "roda": "it leads from one address to the next without end",
        "vazio": "no words could be read in it",
    }
    texts = [each.document.text for each in found if isinstance(each, FoundDocument) and each.document]
    assert texts[1:] == ["Доставка"]


@pytest.mark.parametrize(
    ("robots", "said"),
    [
        ("User-agent: *\nDisallow: /", "robots.txt lets nobody"),
        (web.HTTPInternalServerError(), "robots.txt cannot be read"),
    ],
)
async def test_a_site_that_wants_nobody_is_left_alone(shop: Shop, robots: Any, said: str) -> None:
    shop.pages("frete")
    shop.sitemap("frete")
    shop.answers["/robots.txt"] = robots
    with pytest.raises(SourceFailed, match=said):
        await shop.read()


async def test_a_private_address_is_asked_only_where_an_operator_allows_it(shop: Shop) -> None:
    shop.pages("frete")
    for site in (shop.address, "http://169.254.169.254/", "http://localhost:1/"):
        with pytest.raises(SourceFailed):
            [each async for each in SiteReader(Source.model_validate({"site": site}), (), pause=0.0).documents({})]
    assert shop.asked == []


async def test_requests_keep_their_distance(shop: Shop) -> None:
    shop.pages("a", "b")
    shop.sitemap("a", "b")
    loop = __import__("asyncio").get_running_loop()
    began = loop.time()
    [
        each
        async for each in SiteReader(Source.model_validate({"site": shop.address}), ["127.0.0.1"], pause=0.2).documents(
            {}
        )
    ]
    assert loop.time() - began >= 3 * 0.2 - 0.05


async def test_a_check_tells_which_sites_cannot_be_read(shop: Shop, tmp_path: Path) -> None:
    shop.answers["/"] = PAGE.format("casa", "")
    place = tmp_path / "domains/retail/one"
    place.mkdir(parents=True)
    (tmp_path / "chatwoot_mapping.yaml").write_text(
        'version: 1\naccounts:\n  "1": {domain: retail, tenant: one, webhook_secrets: ["${S}"], bot_token: "${T}"}\n'
    )
    (tmp_path / "domains/retail/config.yaml").write_text("tools: {hosts: [127.0.0.1], private_hosts: [127.0.0.1]}\n")
    sources = f"{{good: {{site: '{shop.address}/'}}, bad: {{site: 'http://localhost:1/'}}}}"
    (place / "knowledge.yaml").write_text(f"sources: {sources}\n")
    found = inspect(tmp_path, {"S": "s", "T": "t"})
    assert found.problems == ()
    said = await unreachable_sites(found.snapshot.accounts.values())
    assert len(said) == 1
    assert said[0].startswith("account 1, source bad: http://localhost:1/ cannot be read")


async def test_published_articles_are_read_and_drafts_are_not(tmp_path: Path) -> None:
    world = World()
    seed.plant(world)
    token = next(user.token for user in world.users.values() if user.account_id == 1 and user.role == "administrator")
    async with app.serve(app.create(world), world) as served, aiohttp.ClientSession() as session:
        for number in range(30):
            article = {"title": f"Artigo {number}", "content": f"Texto {number}", "status": 1 if number else 0}
            await session.post(
                f"{served.url}/api/v1/accounts/1/portals/ajuda/articles",
                json={"article": {**article, "locale": "es" if number == 5 else "pt_BR"}},
                headers={"api_access_token": token},
            )
        (tmp_path / "chatwoot_mapping.yaml").write_text(
            f'version: 1\nchatwoot: {{default: {{url: "{served.url}"}}}}\naccounts:\n'
            '  "1": {domain: retail, webhook_secrets: ["${S}"], bot_token: "${T}", user_token: "${U}"}\n'
        )
        account = load(tmp_path, {"S": "s", "T": "t", "U": token}).accounts["1"]

        async def read(**how: Any) -> list[Any]:
            return [each async for each in HelpCenterReader(Source.model_validate(how), account).documents({})]

        found = await read(portal="ajuda")
        assert len(found) == 29
        assert found[0].document.url == f"{served.url}/hc/ajuda/articles/artigo-1"
        assert len(await read(portal="ajuda", locale="es")) == 1
        assert len(await read(portal="ajuda", pages=3)) >= 3
        with pytest.raises(SourceFailed, match="no help centre"):
            await read(portal="outra")
        wrong = load(tmp_path, {"S": "s", "T": "t", "U": "wrong"}).accounts["1"]
        with pytest.raises(SourceFailed, match="user_token"):
            [each async for each in HelpCenterReader(Source.model_validate({"portal": "ajuda"}), wrong).documents({})]
