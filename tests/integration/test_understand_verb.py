"""`chatwootai understand`: what is told of messages, as scripts read it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"language", "person", "angry", "person_score", "anger_score", "answer", "documents"}


def understand(*words: str, said: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "chatwootai"
    environ = {
        **os.environ,
        "CHATWOOTAI_CONFIG": str(ROOT / "config"),
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **variables,
    }
    return subprocess.run(
        [str(program), "understand", *words],
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        env=environ,
        check=False,
    )


def test_a_line_in_is_an_object_out() -> None:
    lines = ["tem como um vendedor me ligar?", "", "vocês são uns ladrões", "je veux parler à un humain"]
    done = understand("--account", "1", "-", said="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == 3
    assert all(set(one) >= KEYS for one in told)
    assert [one["person"] for one in told] == [True, False, True]
    assert [one["angry"] for one in told] == [False, True, False]
    assert [one["language"] for one in told] == ["pt", "pt", "fr"]
    assert all(0 <= one["person_score"] <= 1 and 0 <= one["anger_score"] <= 1 for one in told)


def test_one_message_as_json_and_an_account_that_is_not_there() -> None:
    done = understand("--account", "1", "--json", "quanto custa o frete?")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) >= KEYS
    assert understand("--account", "nobody", "oi").returncode == 3


def test_an_inbox_has_settings_of_its_own(tmp_path: Path) -> None:
    mapping = """\
version: 1
accounts:
  "1": {domain: retail, tenant: one, webhook_secrets: [s], bot_token: t}
inboxes:
  "17": {account: "1"}
"""
    (tmp_path / "chatwoot_mapping.yaml").write_text(mapping.replace("[s]", '["${S}"]').replace(": t}", ': "${S}"}'))
    for place, answer in (("", "do cliente"), ("/inbox_17", "da caixa")):
        folder = tmp_path / f"domains/retail/one{place}"
        folder.mkdir(parents=True)
        name = answer.split()[-1]
        (folder / "answers.yaml").write_text(f"{name}:\n  questions: [qual {name}]\n  answer: {answer}\n")
    (tmp_path / "domains/_base").mkdir()
    for config in ("domains/_base", "domains/retail"):
        (tmp_path / config).mkdir(exist_ok=True)
        (tmp_path / config / "config.yaml").write_text("language: pt\n")

    def answer(*words: str) -> object:
        done = understand("--account", "1", "--config", str(tmp_path), "--json", *words, "qual caixa", S="secret")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["answer"]

    assert answer() is None
    assert answer("--inbox", "17") == "caixa"
    missing = understand("--account", "1", "--config", str(tmp_path), "--inbox", "18", "oi", S="secret")
    assert missing.returncode == 1
    assert "17" in missing.stderr
