"""A turn's draft as a case beside its tenant: where it stands, when it is one already, why it is not written."""

from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from chatwootai.stores.server.connection import Connection
from config.settings.settings import Settings
from config.snapshot import Secret
from ops.access import CommandError
from ops.console.data.cases import CaseDesk, command_line, sets_of, why_off
from ops.evaluation.capture import NothingToCapture
from ops.evaluation.origins import Origin
from tests.builders import account

OWN = "domains/retail/acme"
CASE = {
    "name": "captured-25-7", "conversation": "1:25", "message": 7, "purpose": "late orders", "reviewed": False,
    "say": ["Cadê meu pedido?"], "expect": {"outcome": "reply"},
}  # fmt: skip
ALLOWED = Settings.model_validate({"evals": {"capture": {"purpose": "late orders"}}})


def desk(config: Path) -> CaseDesk:
    return CaseDesk(cast(Connection, None), config, "1", "ana")


def write(config: Path, case: dict[str, Any] | None = None, name: str = "real") -> Any:
    return desk(config)._write(account(), case or CASE, name)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / OWN).mkdir(parents=True)
    return tmp_path


def test_a_draft_is_written_into_a_set_beside_the_tenants_settings(config: Path) -> None:
    made = write(config)
    assert (made.why, made.file) == ("", f"{OWN}/evals/real/captured_25_7.yaml")
    assert (config / made.file).read_text(encoding="utf-8") == made.text
    assert yaml.safe_load(made.text) == [CASE]
    assert sets_of(config, account()) == ["real"]


def test_it_is_told_as_json_with_whether_it_was_written(config: Path) -> None:
    found = write(config).as_json()
    assert (found["written"], found["why"], found["reviewed"]) == (True, None, False)
    assert found["yaml"].startswith("- name: captured-25-7")


def test_a_tenant_without_a_folder_of_its_own_gets_none(tmp_path: Path) -> None:
    made = write(tmp_path)
    assert made.why == f"there is no folder {OWN}"
    assert list(tmp_path.iterdir()) == []
    assert made.as_json()["written"] is False
    assert "Cadê meu pedido?" in made.text  # to be copied by hand


def test_a_folder_that_takes_no_file_is_told(config: Path) -> None:
    (config / OWN / "evals").write_text("a file in its place")
    made = write(config)
    assert made.why.startswith(f"{OWN}/evals/real: ")


def test_the_same_message_makes_no_second_case_in_whichever_set(config: Path) -> None:
    write(config, name="older")
    with pytest.raises(NothingToCapture, match=r"it is a case already: .*older/captured_25_7\.yaml"):
        write(config)
    assert write(config, {**CASE, "message": 8, "name": "captured-25-8"}).why == ""


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (None, "no_account"),
        (account(), "no_purpose"),
        (account(settings=ALLOWED), "no_user_token"),
        (account(settings=ALLOWED, user_token=Secret("u")), ""),
    ],
)
def test_turns_become_cases_only_where_the_tenant_says_for_what(known: Any, why: str) -> None:
    assert why_off(known) == why


@pytest.mark.parametrize("name", ["", "Real", "../x", "-x", "a b", "x" * 49, "a/b"])
async def test_a_name_that_is_none_of_a_set_is_refused_before_anything_is_read(config: Path, name: str) -> None:
    with pytest.raises(CommandError, match="set: small letters"):
        await desk(config).make(account(), Origin(25), name)


async def test_a_turn_with_a_name_longer_than_any_is_nobodys(config: Path) -> None:
    assert await desk(config).origin("t" * 101) is None


def test_its_line_on_a_terminal_names_turn_and_set() -> None:
    assert command_line("1", Origin(25, turn="t 1"), "real") == "chatwootai eval capture 1:25 --turn 't 1' --set real"


def test_an_account_that_is_not_known_has_no_sets(config: Path) -> None:
    assert sets_of(config, None) == []
