"""What a call costs."""

from pathlib import Path

import pytest

from chatwootai.model.message.turn import Usage
from config.document.problems import ConfigurationError
from config.loading.loader import inspect
from config.settings.model import Price
from crews.model_calls.call import Endpoint, Target
from crews.model_calls.prices import prices, read_prices
from crews.plan import pricing

USAGE = Usage(prompt_tokens=1_000_000, completion_tokens=1_000_000, cached_tokens=500_000, calls=1)


def target(model: str, price: Price | None = None) -> Target:
    return Target(endpoint=Endpoint(), model=model, price=price)


@pytest.mark.parametrize("model", ["gpt-4.1-mini", "openai/gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"])
def test_cached_tokens_cost_less(model: str) -> None:
    assert read_prices(None).cost(target(model), USAGE) == (0.2 + 0.05 + 1.6) * 1e9


def test_an_unknown_model_is_dear() -> None:
    assert read_prices(None).cost(target("nobody-knows"), USAGE) == 15e9


def test_a_tenants_own_price_goes_before_all() -> None:
    assert read_prices(None).cost(target("gpt-4.1-mini", Price(input=1, output=0)), USAGE) == 1e9


def test_an_installations_list_adds_to_ours(tmp_path: Path) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text("as_of: 2026-11-01\nmodels:\n  mine: {input: 1, output: 2}\ncurrencies: {CHF: 1.2}\n")
    prices = read_prices(str(own))
    assert prices.cost(target("mine"), USAGE) == 3e9
    assert prices.models["gpt-4.1-mini"].input == 0.4
    assert (prices.nanos(1, "CHF"), prices.nanos(1, "USD")) == (1.2e9, 1e9)


@pytest.mark.parametrize("text", ["models: {mine: {input: -1, output: 2}}", "models: 7", "- a", "\x00", "foo: bar"])
def test_a_list_that_is_none_is_a_problem(tmp_path: Path, text: str) -> None:
    own = tmp_path / "prices.yaml"
    own.write_text(text)
    with pytest.raises(ConfigurationError):
        read_prices(str(own))


def test_a_missing_list_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        read_prices(str(tmp_path / "none.yaml"))


def test_check_names_what_has_no_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = tmp_path / "domains" / "retail" / "loja"
    tenant.mkdir(parents=True)
    (tmp_path / "chatwoot_mapping.yaml").write_text(
        'version: 1\nchatwoot: {default: {url: "http://127.0.0.1:1"}}\naccounts:\n'
        '  "1": {name: L, domain: retail, tenant: loja, webhook_secrets: ["${S}"], bot_token: "${T}"}\n'
    )
    (tenant / "config.yaml").write_text(
        "model:\n  name: llama-9\n"
        "  fallbacks: [{name: gpt-4o-mini-2024-07-18}, {name: own, price: {input: 1, output: 2}}]\n"
        "budget: {per_day: 5, currency: XTS}\n"
    )
    snapshot = inspect(tmp_path, {"S": "one", "T": "two"}).snapshot
    prices.cache_clear()
    said = [each.message for each in pricing.notes(snapshot)]
    assert [name in message for name, message in zip(["`llama-9`", "XTS"], said, strict=True)] == [True, True]
    assert "3 and 12 dollars" in said[0]

    own = tmp_path / "prices.yaml"
    own.write_text("as_of: 2026-11-01\nmodels: {llama-9: {input: 0.1, output: 0.2}}\ncurrencies: {XTS: 2.0}\n")
    monkeypatch.setenv("CHATWOOTAI_PRICES", str(own))
    prices.cache_clear()
    assert pricing.notes(snapshot) == []
    own.write_text("models: {llama-9: {input: dear}}\n")
    prices.cache_clear()
    assert [each.file for each in pricing.problems()] == [str(own)]
    assert pricing.notes(snapshot) == []
    prices.cache_clear()
