"""The configuration guide says nothing that is not so: its YAML loads, its keys and defaults are the real ones."""

import re
from pathlib import Path

import pytest
import yaml

from chatwootai.model.policy.handoff_cause import Sentence
from config.document.yaml_events import MAX_DEPTH as DEPTH
from config.document.yaml_source import MAPPING, SMALL
from config.loading.loader import inspect, load
from config.mapping.entries import AccountEntry
from config.settings.settings import Settings
from docs import tables

GUIDE = (Path(__file__).resolve().parents[4] / "docs/guides/configuration.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
ENVIRONMENT = {"CHATWOOT_1_SECRET": "s", "CHATWOOT_1_BOT_TOKEN": "t"}


def _keys(heading: str) -> set[str]:
    section = GUIDE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}


def test_its_yaml_loads_and_does_what_it_says(tmp_path: Path) -> None:
    mapping, allowing, layer = BLOCKS
    (tmp_path / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    before = load(tmp_path, ENVIRONMENT).accounts["1"]
    assert (before.installation.url, before.id, before.folder) == ("http://127.0.0.1:3000", 1, "account_1")
    (tmp_path / "domains/retail/account_1").mkdir(parents=True)
    (tmp_path / "domains/retail/account_1/config.yaml").write_text(layer, encoding="utf-8")
    after = load(tmp_path, ENVIRONMENT).accounts["1"].settings
    assert after.company.facts.keys() == (before.settings.company.facts.keys() - {"rastreio"}) | {"frete"}
    assert after.handoff.phrases == (*before.settings.handoff.phrases, "quero meu dinheiro de volta")
    assert after.company.name == "Loja Azul"
    mapping = f'version: 1\n{allowing}    webhook_secrets: ["${{S}}"]\n    bot_token: "${{T}}"\n'
    (tmp_path / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    assert load(tmp_path, {"S": "s", "T": "t", **ENVIRONMENT}).accounts["2"].folder == "nimbus"


def test_its_tables_name_every_key_and_no_other() -> None:
    assert _keys("The mapping") == set(AccountEntry.model_fields)
    assert _keys("Settings") == set(Settings.model_fields)
    assert all(f"`{name}`" in GUIDE for name in Sentence)


def test_its_numbers_are_the_real_ones() -> None:
    assert f"beyond {SMALL.values:,} values" in GUIDE
    assert f"{DEPTH} levels, a settings file over {SMALL.megabytes} MB or a mapping over {MAPPING.megabytes} MB" in (
        GUIDE.replace("\n", " ")
    )


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: page.stem)
def test_its_tables_of_settings_are_as_the_code_says(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == tables.pages()[page], "run `make docs`"


def test_what_ships_is_sound_and_speaks_three_languages() -> None:
    folder = Path(__file__).resolve().parents[4] / "config"
    found = inspect(folder, {})
    assert {each.rule for each in found.problems} == {"unset-variable"}  # its secrets are the operator's to set
    assert found.library.names() == ["cosmetics", "furniture", "health", "retail"]
    for domain in found.library.names():
        settings = found.library.domain(domain).settings
        assert settings.company.facts
        assert {(language, *names) for language, names in settings.sentences.items()}
        assert all(set(settings.sentences[language]) == set(Sentence) for language in ("pt", "es", "en"))


def test_the_base_that_ships_says_the_defaults_of_the_code() -> None:
    folder = Path(__file__).resolve().parents[4] / "config"
    written = yaml.safe_load((folder / "domains/_base/config.yaml").read_text(encoding="utf-8"))
    defaults = Settings().model_dump()
    for key in ("language", "emoji", "burst", "deadline_ms", "context", "rate_per_minute"):
        assert written[key] == defaults[key], key
