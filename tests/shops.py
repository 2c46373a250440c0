"""Stand-ins of shops' interfaces, each as its public reference says: addresses, credentials, arguments, answers.

A request that the reference does not know is refused as the real one refuses it, so that a tool file that asks wrongly
fails here too.
"""

import base64
import re
from typing import Any

from aiohttp import web

Json = dict[str, Any]
WOO_KEY, WOO_SECRET, SHOPIFY_TOKEN, ODOO_KEY, ODOO_DATABASE = "ck_1", "cs_1", "shpat_1", "odoo-key-1", "your-company"


class WooCommerce:
    """REST API v3: `GET /wp-json/wc/v3/orders/<id>` and `/products`, with Basic credentials."""

    PARAMETERS = frozenset(
        {"search", "status", "per_page", "page", "sku", "orderby", "order", "category", "stock_status"}
    )

    def __init__(self, orders: list[Json], products: list[Json]) -> None:
        self.orders, self.products = {each["id"]: each for each in orders}, products
        self.asked: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path_qs)
        sent = base64.b64encode(f"{WOO_KEY}:{WOO_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {sent}":
            return _woo_error("woocommerce_rest_cannot_view", 401)
        if request.method != "GET":
            return _woo_error("rest_no_route", 404)
        if found := re.fullmatch(r"/wp-json/wc/v3/orders/(\d+)", request.path):
            order = self.orders.get(int(found[1]))
            return web.json_response(order) if order else _woo_error("woocommerce_rest_shop_order_invalid_id", 404)
        if request.path == "/wp-json/wc/v3/products":
            return self._searched(request)
        return _woo_error("rest_no_route", 404)

    def _searched(self, request: web.Request) -> web.Response:
        if set(request.query) - self.PARAMETERS or int(request.query.get("per_page", "10")) > 100:
            return _woo_error("rest_invalid_param", 400)
        words, status = request.query.get("search", "").casefold(), request.query.get("status", "any")
        fitting = [each for each in self.products if status in ("any", each["status"])]
        fitting = [each for each in fitting if words in each["name"].casefold() or words == each["sku"].casefold()]
        return web.json_response(fitting[: int(request.query.get("per_page", "10"))])


def _woo_error(code: str, status: int) -> web.Response:
    return web.json_response({"code": code, "message": code, "data": {"status": status}}, status=status)


class Shopify:
    """GraphQL Admin API: `POST /admin/api/<version>/graphql.json`; fields by name, as they are asked for."""

    ORDER = frozenset(
        "name phone email createdAt cancelledAt displayFinancialStatus displayFulfillmentStatus totalPriceSet "
        "lineItems fulfillments shippingAddress billingAddress customer".split()
    )
    PRODUCT = frozenset("title onlineStoreUrl totalInventory variants status".split())

    def __init__(self, orders: list[Json], products: list[Json]) -> None:
        self.orders, self.products = orders, products
        self.asked: list[Json] = []

    async def serve(self, request: web.Request) -> web.Response:
        if request.method != "POST" or not re.fullmatch(r"/admin/api/\d{4}-(01|04|07|10)/graphql\.json", request.path):
            return web.json_response({"errors": "Not Found"}, status=404)
        if request.headers.get("X-Shopify-Access-Token") != SHOPIFY_TOKEN:
            return web.json_response({"errors": "[API] Invalid API key or access token"}, status=401)
        body = await request.json()
        self.asked.append(body)
        query, said = body["query"], body.get("variables", {})
        if query.count("{") != query.count("}") or "mutation" in query:
            return web.json_response({"errors": [{"message": "syntax error, unexpected end of file"}]})
        root, fields = _selection(query)
        known = {"orders": self.ORDER, "products": self.PRODUCT}[root]
        if unknown := sorted(fields - known):
            return web.json_response({"errors": [{"message": f"Field '{unknown[0]}' doesn't exist on type"}]})
        found = self._orders(said["q"]) if root == "orders" else self._products(said["q"])
        nodes = [{name: each.get(name) for name in fields} for each in found]
        return web.json_response({"data": {root: {"nodes": nodes}}, "extensions": {"cost": {}}})

    def _orders(self, q: str) -> list[Json]:
        """`name:1001` finds #1001; anything else that is asked for here is a mistake."""
        number = re.fullmatch(r"name:#?(\d+)", q)
        assert number, q
        return [each for each in self.orders if each["name"] == f"#{number[1]}"]

    def _products(self, q: str) -> list[Json]:
        said = re.fullmatch(r"status:active AND published_status:published AND \((.+)\)", q)
        assert said, q
        return [
            each
            for each in self.products
            if each["status"] == "ACTIVE" and said[1].casefold() in each["title"].casefold()
        ]


def _selection(query: str) -> tuple[str, set[str]]:
    """The root field of a query, and the fields of its nodes at the first level."""
    found = re.search(r"\{\s*(orders|products)\s*\([^)]*\)\s*\{\s*nodes\s*\{(.*)\}\s*\}\s*\}\s*$", query, re.DOTALL)
    assert found, query
    depth, fields, rest = 0, set(), re.sub(r"\([^)]*\)", "", found[2])
    for token in re.findall(r"[{}]|\w+", rest):
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth == 0 and token not in "{}":
            fields.add(token)
    return found[1], fields


class Odoo:
    """JSON-2: `POST /json/2/<model>/search_read` with a bearer key and the database's name."""

    MODELS = {  # noqa: RUF012 - constant
        "sale.order": frozenset(
            "name state date_order commitment_date amount_total currency_id delivery_status invoice_status "
            "partner_id.phone_sanitized".split()
        ),
        "stock.picking": frozenset(
            "name state scheduled_date date_done carrier_tracking_ref origin partner_id.phone_sanitized".split()
        ),
        "product.product": frozenset(
            "display_name default_code lst_price qty_available virtual_available sale_ok name".split()
        ),
    }

    def __init__(self, records: dict[str, list[Json]]) -> None:
        self.records = records
        self.asked: list[Json] = []

    async def serve(self, request: web.Request) -> web.Response:
        found = re.fullmatch(r"/json/2/([a-z.]+)/search_read", request.path)
        if request.method != "POST" or not found or found[1] not in self.MODELS:
            return _odoo_error("werkzeug.exceptions.NotFound", 404)
        if request.headers.get("Authorization") != f"bearer {ODOO_KEY}":
            return _odoo_error("werkzeug.exceptions.Unauthorized", 401)
        if request.headers.get("X-Odoo-Database") != ODOO_DATABASE or request.content_type != "application/json":
            return _odoo_error("werkzeug.exceptions.NotFound", 404)
        body = await request.json()
        self.asked.append(body)
        if body.keys() - {"domain", "fields", "limit", "offset", "order", "context", "ids"}:
            return _odoo_error("builtins.TypeError", 422)
        known = self.MODELS[found[1]]
        if set(body["fields"]) - known or any(
            isinstance(each, list) and each[0] not in known for each in body["domain"]
        ):
            return _odoo_error("builtins.ValueError", 422)
        fitting = [each for each in self.records[found[1]] if _fits(each, list(body["domain"]))]
        return web.json_response(
            [{"id": each["id"], **{name: each.get(name, False) for name in body["fields"]}} for each in fitting]
        )


def _odoo_error(name: str, status: int) -> web.Response:
    return web.json_response(
        {"name": name, "message": name, "arguments": [], "context": {}, "debug": ""}, status=status
    )


def _fits(record: Json, domain: list[Any]) -> bool:
    """Whether a record fits a domain in Polish notation; what stands side by side must all hold."""
    while domain:
        if not _next(record, domain):
            return False
    return True


def _next(record: Json, domain: list[Any]) -> bool:
    first = domain.pop(0)
    if first == "|":
        one, other = _next(record, domain), _next(record, domain)
        return one or other
    field, operator, value = first
    found = record.get(field, False)
    if operator == "=":
        return bool(found == value)
    assert operator in ("=ilike", "ilike"), operator
    said, wanted = str(found or "").casefold(), str(value).casefold()
    return said == wanted if operator == "=ilike" else wanted in said
