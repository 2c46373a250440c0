"""`chatwootai understand`: what is told of messages, as scripts read it."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"language", "person", "angry", "person_score", "anger_score", "answer", "documents"}


def understand(*words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "chatwootai"
    environ = {**os.environ, "CHATWOOTAI_CONFIG": str(ROOT / "config"), "REDIS_URL": "redis://127.0.0.1:1/0"}
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
    assert understand("--account", "nobody", "oi").returncode == 1
