"""The tool files that ship for shops, against stand-ins of their interfaces over real HTTP."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from chatwootai.model.message.delivery import Contact
from config.loading.loader import inspect
from config.settings.settings import Settings
from crews.runtime import environment
from tests import shops
from tests.builders import question
from tests.integration.crews.tools.test_tools_prefetched import Model
from tests.integration.crews.tools.test_tools_used import catalog, served

TEMPLATES = Path(__file__).parents[4] / "config/templates/tools"
MAPPING = """\
version: 1
chatwoot: {default: {url: "http://127.0.0.1:1"}}
accounts:
  "1":
    name: Loja
    domain: retail
    tenant: loja
    webhook_secrets: ["${S}"]
    bot_token: "${T}"
    allow: {names: [WOOCOMMERCE_AUTH, SHOPIFY_TOKEN, ODOO_AUTH, ODOO_DATABASE], private_hosts: [127.0.0.1]}
"""
BASIC = base64.b64encode(f"{shops.WOO_KEY}:{shops.WOO_SECRET}".encode()).decode()
ENVIRON = {
    "S": "s", "T": "t", "WOOCOMMERCE_AUTH": f"Basic {BASIC}", "SHOPIFY_TOKEN": shops.SHOPIFY_TOKEN,
    "ODOO_AUTH": f"bearer {shops.ODOO_KEY}", "ODOO_DATABASE": shops.ODOO_DATABASE,
}  # fmt: skip
ANA = Contact(id=7, name="Ana", phone="+5531999990000", verified=True)
BIA = Contact(id=8, name="Bia", phone="+5531888880000", verified=True)
STRANGER = Contact(id=9, phone="+5531999990000")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module", autouse=True)
def _crewai() -> None:
    environment.load()


def settings_of(folder: Path, name: str, host: str, url: str) -> Settings:
    """A tenant's settings, with the shipped file for a shop at `url`, as an operator copies and mends it."""
    tenant = folder / "domains/retail/loja"
    tenant.mkdir(parents=True)
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    text = (TEMPLATES / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"https://{host}", url).replace(
        f"hosts: [{host}]", "hosts: [127.0.0.1]\nprivate_hosts: [127.0.0.1]"
    )
    (tenant / "tools.yaml").write_text(text, encoding="utf-8")
    found = inspect(folder, ENVIRON)
    assert found.problems == ()
    return found.snapshot.accounts["1"].settings


async def told(
    settings: Settings, folder: Path, text: str, contact: Contact, tool: str = "", **arguments: Any
) -> Model:
    """What a model was given for a message."""
    from crews.answer.draft import Crews

    shutil.rmtree(folder / "crews", ignore_errors=True)
    model = Model(tool, **arguments)
    crews = Crews(catalog(folder / "crews", *settings.tools.http), model)
    try:
        await crews.draft(question(text, contact=contact, function="shop"), Settings(tools=settings.tools))
    finally:
        await crews.close()
    return model


def data(text: str) -> Any:
    return json.loads(text[text.index("<data source=") :].split("\n")[1])


async def test_woocommerce(tmp_path: Path) -> None:
    order = {
        "id": 727, "number": "727", "status": "processing", "currency": "BRL", "date_created": "2026-11-20T10:00:00",
        "total": "129.90", "billing": {"phone": "(31) 99999-0000", "email": "ana@x.example"},
        "line_items": [{"name": "Camiseta azul", "quantity": 2}], "shipping_lines": [{"method_title": "PAC"}],
        "payment_method_title": "Pix", "customer_note": "SECRET-NOTE",
    }  # fmt: skip
    products = [
        {"name": "Camiseta azul", "sku": "CA1", "price": "64.95", "stock_status": "instock", "stock_quantity": 4,
         "permalink": "https://shop.example/ca1", "status": "publish"},
        {"name": "Camiseta futura", "sku": "CA2", "price": "1", "status": "draft"},
    ]  # fmt: skip
    shop = shops.WooCommerce([order], products)
    async with served(shop.serve) as url:
        settings = settings_of(tmp_path, "woocommerce", "shop.example", url)
        model = await told(settings, tmp_path, "Oi, cadê o meu pedido nº 727?", ANA)
        found = data(model.first)
        assert (found["status"], found["items"], found["total"]) == ("processing", ["Camiseta azul"], "129.90")
        assert "SECRET-NOTE" not in model.first
        assert len(model.sent) == 1
        for contact in (BIA, STRANGER):  # nobody reads another's order, before a model or by one
            model = await told(settings, tmp_path, "cadê o pedido 727", contact, "order_status", number=727)
            assert "processing" not in model.first + model.results[0]
        model = await told(settings, tmp_path, "tem camiseta?", ANA, "product_search", words="camiseta")
        assert data(model.results[0])["names"] == ["Camiseta azul"]
        assert data(model.results[0])["pieces"] == [4]


async def test_shopify(tmp_path: Path) -> None:
    order = {
        "name": "#1001", "phone": None, "createdAt": "2026-11-20T10:00:00Z", "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "FULFILLED",
        "totalPriceSet": {"shopMoney": {"amount": "59.0", "currencyCode": "BRL"}},
        "lineItems": {"nodes": [{"title": "Caneca", "quantity": 1}]}, "billingAddress": None,
        "fulfillments": [{"trackingInfo": [{"company": "Correios", "number": "BR1", "url": "https://t.example/BR1"}]}],
        "shippingAddress": {"phone": "+55 31 99999-0000"},
    }  # fmt: skip
    products = [
        {"title": "Caneca azul", "totalInventory": 7, "status": "ACTIVE",
         "variants": {"nodes": [{"sku": "CN1", "price": "59.00"}]}},
        {"title": "Caneca nova", "totalInventory": 1, "status": "DRAFT"},
    ]  # fmt: skip
    shop = shops.Shopify([order], products)
    async with served(shop.serve) as url:
        settings = settings_of(tmp_path, "shopify", "your-shop.myshopify.com", url)
        model = await told(settings, tmp_path, "onde está a compra #1001?", ANA)
        found = data(model.first)
        assert found["delivery"] == ["FULFILLED"]
        assert found["parcels"][0][0]["trackingInfo"][0]["number"] == "BR1"
        for contact in (BIA, STRANGER):
            model = await told(settings, tmp_path, "pedido 1001", contact, "order_status", number=1001)
            assert "BR1" not in model.first + model.results[0]
        model = await told(settings, tmp_path, "pedido", ANA, "order_status", number="1001 OR name:*")
        assert "do not fit" in model.results[0]  # a number is a number: no other search
        model = await told(settings, tmp_path, "tem caneca?", ANA, "product_search", words="caneca")
        assert data(model.results[0])["titles"] == ["Caneca azul"]


async def test_odoo(tmp_path: Path) -> None:
    records = {
        "sale.order": [
            {"id": 42, "name": "S00042", "state": "sale", "amount_total": 250.0, "delivery_status": "full",
             "partner_id.phone_sanitized": ANA.phone},
            {"id": 43, "name": "S00043", "state": "sale", "amount_total": 999.0,
             "partner_id.phone_sanitized": BIA.phone},
        ],
        "stock.picking": [
            {"id": 5, "name": "WH/OUT/5", "state": "done", "origin": "S00042", "carrier_tracking_ref": "BR5",
             "partner_id.phone_sanitized": ANA.phone},
        ],
        "product.product": [
            {"id": 1, "name": "Mesa", "display_name": "[ME1] Mesa", "default_code": "ME1", "lst_price": 250.0,
             "qty_available": 3.0, "virtual_available": 2.0, "sale_ok": True},
            {"id": 2, "name": "Mesa interna", "display_name": "Mesa interna", "default_code": "X", "sale_ok": False},
        ],
    }  # fmt: skip
    shop = shops.Odoo(records)
    async with served(shop.serve) as url:
        settings = settings_of(tmp_path, "odoo", "your-company.odoo.com", url)
        model = await told(settings, tmp_path, "Cadê o s00042?", ANA)
        assert [each["amount_total"] for each in data(model.first)] == [250.0]
        model = await told(settings, tmp_path, "e o S00043?", ANA, "order_status", number="S00043")
        assert data(model.results[0]) == []
        asked = len(shop.asked)
        model = await told(settings, tmp_path, "S00042", STRANGER, "order_status", number="S00042")
        assert "not verified" in model.results[0]
        nobody = Contact(id=3, email="x@x.example", verified=True)  # no phone on file: not asked without one
        model = await told(settings, tmp_path, "S00042", nobody, "order_status", number="S00042")
        assert "not on file" in model.results[0]
        assert len(shop.asked) == asked
        model = await told(settings, tmp_path, "rastreio", ANA, "delivery_status", number="S00042")
        assert data(model.results[0])[0]["carrier_tracking_ref"] == "BR5"
        model = await told(settings, tmp_path, "tem mesa?", ANA, "product_search", words="mesa")
        assert [each["display_name"] for each in data(model.results[0])] == ["[ME1] Mesa"]
