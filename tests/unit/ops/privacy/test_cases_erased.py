"""Captured cases of a contact leave their sets, with the accepted results; a person's own cases stay."""

import json
from pathlib import Path

import yaml

from chatwootai.stores.privacy.subject import Subject
from ops.privacy import cases

HERS = {"name": "atraso", "say": ["cadê?"], "conversation": "1:25", "contact": "1:93"}
HIS = {"name": "frete", "say": ["quanto?"], "conversation": "1:26", "contact": "1:94"}
NOBODYS = {"name": "hours", "say": ["when?"]}
SUBJECT = Subject("1", 93, {25})


def folder(config: Path) -> Path:
    made = config / "domains/retail/shop/evals/real"
    made.mkdir(parents=True)
    return made


def test_hers_go_and_all_others_stay(tmp_path: Path) -> None:
    place = folder(tmp_path)
    (place / "several.yaml").write_text(yaml.safe_dump([HERS, HIS, NOBODYS]))
    (place / "one.yaml").write_text(yaml.safe_dump(HERS))
    (place / "lines.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in (HIS, {**HERS, "contact": ""})))
    results = {name: {"answer": "…", "passed": True} for name in ("atraso", "frete")}
    (place / "baseline.json").write_text(json.dumps({"by": "ana", "cases": results}))

    assert cases.count(tmp_path, SUBJECT) == len(cases.found(tmp_path, SUBJECT)) == 3
    assert cases.erase(tmp_path, SUBJECT) == 3
    assert cases.erase(tmp_path, SUBJECT) == cases.count(tmp_path, SUBJECT) == 0
    assert yaml.safe_load((place / "several.yaml").read_text()) == [HIS, NOBODYS]
    assert not (place / "one.yaml").exists()
    assert json.loads((place / "lines.jsonl").read_text()) == HIS
    assert json.loads((place / "baseline.json").read_text()) == {"by": "ana", "cases": {"frete": results["frete"]}}


def test_another_accounts_contact_of_that_number_is_another(tmp_path: Path) -> None:
    (folder(tmp_path) / "one.yaml").write_text(yaml.safe_dump({**HERS, "conversation": "2:25", "contact": "2:93"}))
    assert cases.count(tmp_path, SUBJECT) == 0


def test_what_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    (folder(tmp_path) / "broken.yaml").write_text("a: [")
    assert cases.erase(tmp_path, SUBJECT) == 0
