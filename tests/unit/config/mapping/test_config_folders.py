"""No account gets a folder that is not its own by accident: not a shipped example's, nor another account's."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.inheritance.library import EXAMPLES
from config.loading.effective import effective_values
from config.loading.loader import Inspection, inspect

SHIPPED = Path(__file__).parents[4] / "config"
ENVIRON = {"A": "secret-a", "B": "secret-b", "T": "token"}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The configuration as a clone has it: the examples among its own folders."""
    shutil.copytree(SHIPPED / "domains", tmp_path / "domains")
    return tmp_path


def looked(folder: Path, **accounts: dict[str, Any]) -> Inspection:
    known = {
        key.removeprefix("a"): {"id": number, "webhook_secrets": [f"${{{name}}}"], "bot_token": "${T}", **said}
        for number, (key, said), name in zip((71, 72), accounts.items(), "AB", strict=False)
    }
    mapping = {"version": 1, "chatwoot": {"default": {"url": "http://127.0.0.1:1"}}, "accounts": known}
    (folder / "chatwoot_mapping.yaml").write_text(yaml.safe_dump(mapping))
    return inspect(folder, ENVIRON)


def company(found: Inspection, key: str) -> str:
    return found.snapshot.accounts[key].settings.company.name


def test_the_examples_are_those_that_ship() -> None:
    files = (SHIPPED / "domains").glob("*/account_*/config.yaml")
    assert {yaml.safe_load(file.read_text())["company"]["name"] for file in files} == EXAMPLES


def test_a_shop_of_another_name_does_not_speak_for_the_example_of_its_number(clone: Path) -> None:
    for said in ({}, {"name": "Padaria Sol"}):
        found = looked(clone, a1={"domain": "retail", **said})
        assert found.problems == ()
        assert company(found, "1") == said.get("name", "")
        facts = found.snapshot.accounts["1"].settings
        assert not facts.answers
        assert "Sandra" not in facts.model_dump_json()
        (note,) = [each for each in found.snapshot.notes if "example tenant" in each.message]
        assert note.file.endswith("chatwoot_mapping.yaml")


@pytest.mark.parametrize("said", [{"tenant": "account_1"}, {"name": "Sandra Cosméticos"}])
def test_who_names_the_example_or_is_it_has_it(clone: Path, said: dict[str, str]) -> None:
    found = looked(clone, a1={"domain": "retail", **said})
    assert company(found, "1") == "Sandra Cosmeticos"
    assert found.snapshot.accounts["1"].settings.answers


def test_a_folder_that_became_its_own_is_its_own(clone: Path) -> None:
    file = clone / "domains/retail/account_1/config.yaml"
    file.write_text(file.read_text().replace("Sandra Cosmeticos", "Padaria Sol"))
    assert company(looked(clone, a1={"domain": "retail"}), "1") == "Padaria Sol"


def test_what_is_shown_is_what_is_served(clone: Path) -> None:
    found = looked(clone, a1={"domain": "retail", "name": "Padaria Sol"})
    values = {each.path: each.value for each in effective_values(found, "1")}
    assert values["company.name"] == "Padaria Sol"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ({}, {"tenant": "account_5"}, True),
        ({"tenant": "account_5"}, {"tenant": "account_5"}, False),  # on purpose
        ({}, {}, False),
        ({}, {"tenant": "account_5", "domain": "health"}, False),
    ],
)
def test_a_folder_is_shared_by_who_names_it_alone(
    tmp_path: Path, first: dict[str, str], second: dict[str, str], shared: bool
) -> None:
    own = tmp_path / "domains/retail/account_5"
    own.mkdir(parents=True)
    (own / "config.yaml").write_text("tone: warm\n")
    found = looked(tmp_path, a5={"domain": "retail", **first}, a6={"domain": "retail", **second})
    assert [each.rule for each in found.problems] == (["shared-folder"] if shared else [])


def test_keys_that_are_written_alike_get_no_folder_together(tmp_path: Path) -> None:
    own = tmp_path / "domains/retail/account_a_b"
    own.mkdir(parents=True)
    (own / "config.yaml").write_text("tone: warm\n")
    found = looked(tmp_path, **{"aa.b": {"domain": "retail"}, "aa_b": {"domain": "retail"}})
    assert "shared-folder" in {each.rule for each in found.problems}
