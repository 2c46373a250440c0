"""Help centres: an account's portals, the articles in them, and how one is written."""

from aiohttp import web

from sandbox.chatwoot.api.guard import Call, refuse, route
from sandbox.chatwoot.world.records import Article, Json
from sandbox.chatwoot.world.world import NotFound

_PAGE = 25
_STATUS = ("draft", "published", "archived")


def routes() -> list[web.RouteDef]:
    """Return all routes of help centres."""
    return [
        route("GET", "/portals", "portals#index", portals),
        route("GET", "/portals/{portal}/articles", "articles#index", articles),
        route("POST", "/portals/{portal}/articles", "articles#create", create, admin=True),
    ]


async def portals(call: Call) -> web.Response:
    """GET: the account's portals; one is there once it has an article."""
    names = sorted({each.portal for each in _of(call)})
    listed = [
        {"id": number, "name": name, "slug": name, "archived": False, "account_id": call.account_id}
        for number, name in enumerate(names, start=1)
    ]
    return web.json_response({"payload": listed})


async def articles(call: Call) -> web.Response:
    """GET: 25 articles of a portal, in one language or all, whatever their state."""
    name, query = call.request.match_info["portal"], call.request.query
    inside = [each for each in _of(call) if each.portal == name]
    if not inside:
        raise NotFound
    wanted = [each for each in inside if query.get("locale") in (None, "", each.locale)]
    page = int(query.get("page", "1")) if query.get("page", "1").isdigit() else 1
    shown = wanted[(page - 1) * _PAGE : page * _PAGE]
    meta = {"current_page": page, "articles_count": len(wanted), "all_articles_count": len(inside)}
    return web.json_response({"payload": [_article(each) for each in shown], "meta": meta})


async def create(call: Call) -> web.Response:
    """POST: write an article; by default it is a draft."""
    body = await call.body()
    said = body.get("article") if isinstance(body.get("article"), dict) else body
    assert isinstance(said, dict)  # noqa: S101 - one of the two is
    if not said.get("title"):
        return refuse(422, "Title can't be blank")
    status = said.get("status", 0)
    made = Article(
        id=call.world.next_id("article"),
        account_id=call.account_id,
        portal=call.request.match_info["portal"],
        title=str(said["title"]),
        content=str(said.get("content", "")),
        slug=str(said.get("slug") or str(said["title"]).lower().replace(" ", "-")),
        locale=str(said.get("locale", "pt_BR")),
        status=_STATUS[status] if isinstance(status, int) and 0 <= status < len(_STATUS) else str(status),
        updated_at=call.world.clock(),
    )
    call.world.articles[made.id] = made
    return web.json_response({"payload": _article(made)})


def _of(call: Call) -> list[Article]:
    return [each for each in call.world.articles.values() if each.account_id == call.account_id]


def _article(article: Article) -> Json:
    return {
        "id": article.id, "slug": article.slug, "title": article.title, "content": article.content,
        "description": None, "status": article.status, "account_id": article.account_id, "views": 0,
        "updated_at": int(article.updated_at), "meta": {"locale": article.locale},
    }  # fmt: skip
