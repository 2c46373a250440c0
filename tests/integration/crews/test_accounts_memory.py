"""What a worker and a door hold in memory is an account's too, where two have the same settings and the same ids."""

from pathlib import Path

from config.loading.loader import load
from config.snapshot import Account
from crews.answer.draft import _new_run
from crews.answer.prefetched import PrefetchedResults
from crews.answer.variants import CrewRegistry
from crews.answer.warm import Echo
from crews.catalog import Catalog
from crews.model_calls.call_terms import call_terms
from crews.runtime import environment
from crews.stock.contact_memory import ContactMemoryStore
from crews.tools.toolset import ToolRegistry
from ingress.rate_limit import RateLimits
from tests.builders import question

MAPPING = """\
version: 1
chatwoot: {first: {url: "http://127.0.0.1:1"}, second: {url: "http://127.0.0.1:2"}}
accounts:
  "1": {chatwoot: first, domain: retail, tenant: loja, webhook_secrets: ["${A}"], bot_token: "${A}"}
  "2": {chatwoot: second, id: 1, domain: retail, tenant: loja, webhook_secrets: ["${B}"], bot_token: "${B}"}
  "3": {chatwoot: first, id: 3, domain: cosmetics, tenant: loja, webhook_secrets: ["${C}"], bot_token: "${C}"}
"""
TOOLS = """\
hosts: [shop.example]
http: {stock: {description: What is there., url: "https://shop.example/stock"}}
"""
SECRETS = {"A": "a-secret", "B": "b-secret", "C": "c-secret"}


def accounts(folder: Path) -> list[Account]:
    """Two that name the same folder, and one whose folder has the same name in another domain."""
    for domain in ("retail", "cosmetics"):
        place = folder / "domains" / domain / "loja"
        place.mkdir(parents=True)
        (place / "config.yaml").write_text("company: {name: Loja}\nbudget: {turns_per_day: 3}\n")
        (place / "tools.yaml").write_text(TOOLS)
    (folder / "chatwoot_mapping.yaml").write_text(MAPPING)
    return list(load(folder, SECRETS).accounts.values())


async def test_the_payer_of_a_call_and_the_tools_of_a_crew_are_the_accounts(tmp_path: Path) -> None:
    environment.load()
    found, offered = accounts(tmp_path), ToolRegistry()
    questions = {each.key: question(account=each.key, folder=each.folder) for each in found}
    assert {each.folder for each in questions.values()} == {"loja"}
    offers = {each.key: await offered.toolset_for(each.key, each.settings) for each in found}
    assert len({id(each) for each in offers.values()}) == len({id(each["stock"]) for each in offers.values()}) == 3
    assert all([await offered.toolset_for(each.key, each.settings) is offers[each.key] for each in found])
    registry = CrewRegistry(Catalog.from_environment(), Echo())
    for each in found:
        known = registry.variants_for(questions[each.key], each.settings, offers[each.key])
        assert known.toolset is offers[each.key]
        assert registry.variants_for(questions[each.key], each.settings, offers[each.key]) is known
        terms, variant = call_terms(each.settings), known.variants[0]
        run = _new_run(questions[each.key], each.settings, terms, variant, None, PrefetchedResults())
        assert run.payer.account == each.key
    await offered.close()


def test_what_is_remembered_of_a_contact_is_the_accounts() -> None:
    shelves = ContactMemoryStore()
    shelves.of("1", "loja", 93).keep(["likes red"], None)
    assert len(shelves.of("1", "loja", 93)) == 1
    assert len(shelves.of("2", "loja", 93)) == len(shelves.of("3", "loja", 93)) == 0


def test_a_rate_at_the_door_is_the_accounts() -> None:
    rates = RateLimits(lambda: 0.0)
    assert [rates.wait(key, 1) > 0 for key in ("1", "2", "3", "1", "2", "3")] == [False] * 3 + [True] * 3
