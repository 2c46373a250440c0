"""A secret is used and never shown: canaries in every place, looked for in everything that is text."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from pathlib import Path

import orjson
import pytest
import yaml
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from config.document.problems import ConfigurationError
from config.loading.effective import effective_values, mapping_values
from config.loading.loader import inspect, load
from config.secrets.plain_secrets import redact_comments
from config.secrets.secret import MASK, Secret
from config.settings.model import Model
from config.settings.settings import Settings
from config.snapshot import Snapshot

CANARY = "canary-4711-do-not-show"
MAPPING = """\
version: 1
chatwoot: {default: {url: "${URL}"}}
accounts:
  "1":
    domain: retail
    tenant: shop
    webhook_secrets: ["${SECRET}-1", "${file:FILE}"]
    bot_token: "CIPHER"
    user_token: "${USER}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text(f"{CANARY}-2\n")
    key = Fernet.generate_key()
    (tmp_path / "key").write_bytes(key)
    cipher = "ENC:" + Fernet(key).encrypt(f"{CANARY}-3".encode()).decode()
    text = MAPPING.replace("FILE", str(tmp_path / "secret")).replace("CIPHER", cipher)
    (tmp_path / "chatwoot_mapping.yaml").write_text(text)
    layer = tmp_path / "domains/retail/shop/config.yaml"
    layer.parent.mkdir(parents=True)
    layer.write_text('model: {api_key: "${SECRET}-4"}\n')
    return tmp_path


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    key = (folder / "key").read_text()
    return {
        "URL": "http://c",
        "SECRET": CANARY,
        "USER": CANARY,
        "CHATWOOTAI_SECRET_KEY": f"{Fernet.generate_key().decode()}, {key}",
    }


@pytest.fixture
def snapshot(folder: Path, environment: dict[str, str]) -> Snapshot:
    return load(folder, environment)


def test_every_kind_of_reference_leads_to_its_value(snapshot: Snapshot) -> None:
    one = snapshot.accounts["1"]
    assert [each.reveal() for each in one.webhook_secrets] == [f"{CANARY}-1", f"{CANARY}-2"]
    assert one.bot_token.reveal() == f"{CANARY}-3"
    assert one.user_token
    assert one.user_token.reveal() == CANARY
    assert one.settings.model.api_key
    assert one.settings.model.api_key.reveal() == f"{CANARY}-4"


def test_no_canary_in_any_text_made_of_a_snapshot(snapshot: Snapshot, caplog: pytest.LogCaptureFixture) -> None:
    one = snapshot.accounts["1"]
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().info("%s %r %s", snapshot, one, one.bot_token)
    texts = [
        *[repr(snapshot), str(snapshot), f"{snapshot}", pprint.pformat(snapshot), caplog.text],
        *[repr(dataclasses.asdict(one)), repr(copy.deepcopy(one)), repr(copy.copy(one.bot_token))],
        *[
            one.settings.model_dump_json(),
            repr(one.settings.model_dump()),
            str(one.settings),
            str(Settings.model_json_schema()),
        ],
        *[TypeAdapter(Secret).dump_json(one.bot_token).decode(), f"{one.bot_token:>20}", snapshot.digest],
        json.dumps({"one": one}, default=str),
    ]
    assert [text for text in texts if CANARY in text] == []
    assert MASK in texts[0]


def test_no_canary_in_the_effective_view(folder: Path, environment: dict[str, str]) -> None:
    found = inspect(folder, environment)
    shown = repr((effective_values(found, "1"), mapping_values(found, "1")))
    assert CANARY not in shown
    assert MASK in shown


def test_the_effective_view_hides_what_stands_where_there_is_a_problem(
    folder: Path, environment: dict[str, str]
) -> None:
    layer = folder / "domains/retail/shop/config.yaml"
    layer.write_text(f"model: {{api_kee: {CANARY}}}\nsecret: {CANARY}\n")
    mapping = folder / "chatwoot_mapping.yaml"
    mapping.write_text(mapping.read_text() + f"    bot_tokn: {CANARY}\n    priority: {CANARY}\n")
    found = inspect(folder, environment)
    assert {each.rule for each in found.problems} == {"unknown-key", "type"}
    assert CANARY not in repr((effective_values(found, "1"), mapping_values(found, "1"), found.problems))


@pytest.mark.parametrize("broken", ["SECRET", "URL", "CHATWOOTAI_SECRET_KEY"])
def test_no_canary_in_any_error(broken: str, folder: Path, environment: dict[str, str]) -> None:
    for value in ("", "not a key, nor an address"):
        try:
            load(folder, environment | {broken: value})
        except ConfigurationError:
            assert CANARY not in traceback.format_exc()


def test_a_secret_is_not_pickled_and_not_encoded() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps(Secret(CANARY), protocol)
    with pytest.raises(TypeError):
        pickle.dumps(Model(api_key=Secret(CANARY)))
    with pytest.raises(TypeError):
        json.dumps(Secret(CANARY))
    with pytest.raises(TypeError):
        orjson.dumps({"secret": Secret(CANARY)})
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


@given(st.text(min_size=len(MASK) + 1), st.text())
def test_secrets_compare_by_value_and_show_none_of_it(value: str, other: str) -> None:
    try:
        value.encode(), other.encode()
    except UnicodeEncodeError:
        return
    secret = Secret(value)
    assert secret.reveal() == value
    assert (secret == Secret(other)) is (value == other)
    assert (hash(secret) == hash(Secret(value))) is True
    assert value not in f"{secret} {secret!r} {secret!s}"
    assert bool(Secret("")) is False


def test_a_ciphertext_without_its_key_is_a_problem_with_its_line(folder: Path, environment: dict[str, str]) -> None:
    def found(key: str) -> list[tuple[str, int]]:
        return [
            (each.rule, each.line) for each in inspect(folder, environment | {"CHATWOOTAI_SECRET_KEY": key}).problems
        ]

    assert found("") == [("secret-key", 8)]
    assert found("short") == [("secret-key", 8)]
    assert found(Fernet.generate_key().decode()) == [("ciphertext", 8)]


def test_a_value_from_outside_is_not_read_as_a_reference_again(folder: Path, environment: dict[str, str]) -> None:
    mapping = folder / "chatwoot_mapping.yaml"
    text = mapping.read_text().replace('["${SECRET}-1", "${file:', '[&s "${TRICK}", *s, "${file:')
    mapping.write_text(text)
    found = inspect(folder, environment | {"TRICK": "${SECRET}"})
    assert {each.rule for each in found.problems} == {"secret-twice"}
    assert found.snapshot.accounts["1"].webhook_secrets[0].reveal() == "${SECRET}"


@pytest.mark.parametrize(
    "value", ["${", "a ${ b", "${9X}", "${file:relative}", "${file:/dev/zero}", "${file:/}", "${A", "${}"]
)
def test_odd_references_are_problems(value: str, folder: Path, environment: dict[str, str]) -> None:
    layer = folder / "domains/retail/shop/config.yaml"
    layer.write_text(f"tone: '{value}'\n")
    expected = "reference-in-text" if value.startswith("${file:") else "reference"
    assert [(each.rule, each.line) for each in inspect(folder, environment).problems] == [(expected, 1)]
    layer.write_text("")
    (layer.parents[1] / "config.yaml").write_text(f"model: {{api_key: '{value}'}}\n")
    assert [(each.rule, each.line) for each in inspect(folder, environment).problems] in (
        [("reference", 1)],
        [("secret-file", 1)],
    )


def test_a_secret_as_a_default_or_in_any_value_is_a_problem_that_does_not_show_it(
    folder: Path, environment: dict[str, str]
) -> None:
    mapping, layer = folder / "chatwoot_mapping.yaml", folder / "domains/retail/shop/config.yaml"
    mapping.write_text(mapping.read_text().replace("${USER}", "${USER:-" + CANARY + "}"))
    key = "sk-" + CANARY
    layer.write_text(
        f"model: {{api_key: {CANARY}, base_url: 'http://m/?token={CANARY}', quick: {{name: x, api_key: {key}}}}}\n"
        f"company: {{facts: {{wifi: {key}}}}}\n"
        f"tools: {{hosts: [a.b], mcp: {{shop: {{command: [run, {key}], env: {{SHOP_KEY: {CANARY}}}}}}}}}\n"
    )
    (layer.parent / "tools.yaml").write_text(
        f"http: {{x: {{description: d, url: https://a.b, query: {{token: {CANARY}}}, headers: {{X-Key: {CANARY}}}}}}}\n"
    )
    found = inspect(folder, environment)
    assert [(each.rule, Path(each.file).name, each.line) for each in found.problems] == [
        ("plain-secret", "chatwoot_mapping.yaml", 9),
        *[("plain-secret", "config.yaml", line) for line in (1, 1, 1, 2, 3, 3)],
        *[("plain-secret", "tools.yaml", 1)] * 2,
    ]
    shown = repr((found.problems, found.snapshot, effective_values(found, "1"), mapping_values(found, "1")))
    assert CANARY not in shown


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("https://shop.example/sk-ii-facial-treatment-essence-230ml", False),
        ("https://shop.example/p/rk-cadeira-gamer-preta?key=catalogo-verao", False),
        ("SK-1234567890123456", False),
        ("PK-CAMA-QUEEN-CINZA-2024", False),
        ("pk-cadeira-de-escritorio", False),
        ("https://mcp.example/sk-proj-Ab12Cd34Ef56Gh78Ij/mcp", True),
        ("sk-proj-Ab12Cd34Ef56Gh78", True),
        ("https://maps.example/?key=AbCdEf123", True),
    ],
)
def test_products_and_addresses_are_no_secrets(
    value: str, secret: bool, folder: Path, environment: dict[str, str]
) -> None:
    (folder / "domains/retail/shop/config.yaml").write_text(f"company: {{facts: {{one: '{value}'}}}}\n")
    found = inspect(folder, environment).problems
    assert [each.rule for each in found] == ["plain-secret"] * secret


@pytest.mark.parametrize(
    "comment",
    ["bot_token=4711abcd", "CHATWOOT_1_TOKEN: 4711abcd", "client_secret: 4711abcd", "redis://shop:4711abcd@cache/0"],
)
def test_a_secret_under_a_longer_name_in_a_comment_is_read_as_stars(comment: str) -> None:
    assert b"4711" not in redact_comments(f"# {comment}\n".encode())


def test_comments_are_looked_through_in_time_that_grows_with_them_alone() -> None:
    """With a megabyte of blanks, going back over them would take hours."""
    comment = b"# token" + b" " * 1_000_000 + b"\n"
    assert redact_comments(comment) == comment


COMMENTED = f"""\
# bot token: {CANARY}
tone: gentil  # password={CANARY}
greeting: "Oi # token: 4711abc"
company:
  description: |
    # token: 4711abc
  # {CANARY.replace("canary", "sk-canary")}
    # Bearer {CANARY}
  # a remark: the ${{TOKEN}} of the shop, 2 to 3 days, customer_service, https://example.com/a
"""


def test_what_looks_like_a_secret_in_a_comment_is_read_as_stars_and_nothing_else_is() -> None:
    read = redact_comments(COMMENTED.encode()).decode()
    assert CANARY not in read
    assert yaml.safe_load(read) == yaml.safe_load(COMMENTED)
    assert [len(line) for line in read.splitlines()] == [len(line) for line in COMMENTED.splitlines()]
    assert read.splitlines()[8] == COMMENTED.splitlines()[8]
    assert read.count("4711abc") == 2


def test_a_key_that_is_none_is_a_problem_also_where_nothing_is_encrypted(tmp_path: Path) -> None:
    (tmp_path / "chatwoot_mapping.yaml").write_text('accounts: {"1": retail}\n')
    assert inspect(tmp_path, {"CHATWOOTAI_SECRET_KEY": ""}).problems == ()
    assert [each.rule for each in inspect(tmp_path, {"CHATWOOTAI_SECRET_KEY": "short"}).problems] == ["secret-key"]


def test_two_dollars_write_a_reference_that_is_none(folder: Path, environment: dict[str, str]) -> None:
    (folder / "domains/retail/shop/config.yaml").write_text("tone: 'cost: $${PRICE} and $5'\n")
    assert load(folder, environment).accounts["1"].settings.tone == "cost: ${PRICE} and $5"
