"""Twelve regressions planted in a shop, each of which must close the gate; and none is seen where nothing changed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.document.problems import ConfigurationError
from ops.evaluation.baseline import baseline_path, write_baseline
from ops.evaluation.commands import loaded
from ops.evaluation.publishing import closed_gates
from ops.evaluation.running import Order, run_set
from tests.integration.ops.evaluation.rehearsed_shop import AGENTS, CREW, TENANT, change, open_shop

Plant = Callable[[Path], None]


def _change(path: Path, old: str, new: str) -> Plant:
    return lambda folder: change(folder, path, old, new)


def _rename_crew(folder: Path) -> None:
    (folder / CREW).rename(folder / CREW.with_name("vitrine"))
    change(folder, Path("chatwoot_mapping.yaml"), "crew: balcao", "crew: vitrine")


def _remove_source(folder: Path) -> None:
    (folder / TENANT / "knowledge.yaml").unlink()


CUT = AGENTS.replace("    Say only what the facts below support. Never invent prices. {tone} {emoji}\n", "    {tone}\n")
CONFIG = TENANT / "config.yaml"
REGRESSIONS: dict[str, tuple[Plant, str]] = {
    "a fact removed": (_change(CONFIG, "    garantia: Todo secador tem garantia de 18 meses.\n", ""), "the guarantee"),
    "a crew renamed": (_rename_crew, "the crew"),
    "a rule dropped": (_change(CONFIG, "handoff: {phrases: [quero meu estorno]}\n", ""), "the refund"),
    "a price changed": (_change(CONFIG, "R$ 164,90", "R$ 184,90"), "the price"),
    "a tool unhooked": (_change(CREW / "agents.yaml", "  tools: [pedido]\n", ""), "the order"),
    "a language lost": (_change(CONFIG, "company:\n", "languages: [pt]\ncompany:\n"), "Spanish"),
    "a prompt cut": (_change(CREW / "agents.yaml", AGENTS, CUT), "the manner"),
    "a source gone": (_remove_source, "the manual"),
    "a guard off": (_change(CONFIG, "company:\n", "output_guard: none\ncompany:\n"), "the instructions"),
    "a limit halved": (_change(TENANT / "tools.yaml", "calls_per_turn: 2", "calls_per_turn: 1"), "two orders"),
    "a template broken": (_change(TENANT / "answers.yaml", "{hours}", "{horas}"), "the hours"),
    "a handoff cause off": (
        _change(
            CONFIG, "handoff: {phrases: [quero meu estorno]}", "handoff: {asked: false, phrases: [quero meu estorno]}"
        ),
        "a person",
    ),
}


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the accepted results of the shop as it is, all of which pass."""
    folder = open_shop(tmp_path_factory.mktemp("accepted"))
    snapshot, account = loaded(folder, "1")
    result = asyncio.run(run_set(Order(folder, snapshot, account, "gate")))
    assert [(each.name, each.failures, each.misses) for each in result.cases if each.state != "passed"] == []
    path = baseline_path(folder, account, "gate")
    write_baseline(path, result, by="somebody", at=datetime.now(UTC).isoformat())
    return path.read_text(encoding="utf-8")


@pytest.fixture
def shop(tmp_path: Path, accepted: str) -> Path:
    """Return a folder with the shop and its accepted results."""
    folder = open_shop(tmp_path)
    (folder / TENANT / "evals/gate/baseline.json").write_text(accepted, encoding="utf-8")
    return folder


@pytest.mark.parametrize("planted", REGRESSIONS)
def test_a_planted_regression_closes_the_gate_and_names_the_case(planted: str, shop: Path) -> None:
    plant, case = REGRESSIONS[planted]
    plant(shop)
    try:
        reasons = asyncio.run(closed_gates(shop, {}))
    except ConfigurationError as error:  # pragma: no cover - each of them is a sound configuration
        pytest.fail(str(error))
    assert any(f"`{case}`" in reason for reason in reasons), reasons


def test_twenty_runs_without_a_change_are_twenty_open_gates(shop: Path) -> None:
    assert [reason for _ in range(20) for reason in asyncio.run(closed_gates(shop, {}))] == []
