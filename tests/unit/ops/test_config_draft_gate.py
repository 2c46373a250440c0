"""A draft of an account that demands green cases is not published where they cannot be run."""

from pathlib import Path

import pytest

from config.loading.loader import inspect
from ops.access import CommandError
from ops.versions.drafts import _refuse_gated

MAPPING = """\
version: 1
chatwoot: {default: {url: "https://chat.example"}}
accounts:
  "1": {id: 1, name: A, domain: retail, tenant: a, webhook_secrets: [x1], bot_token: b1}
  "2": {id: 2, name: B, domain: retail, tenant: b, webhook_secrets: [x2], bot_token: b2}
"""


def test_the_account_s_gate_decides(tmp_path: Path) -> None:
    folder = tmp_path / "domains/retail/a"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("gate: {sets: [smoke]}\n")
    (tmp_path / "chatwoot_mapping.yaml").write_text(MAPPING)
    found = inspect(tmp_path, {})
    assert set(found.snapshot.accounts) == {"1", "2"}
    with pytest.raises(CommandError, match=r"the cases of smoke: `chatwootai config publish --draft 1`"):
        _refuse_gated(found.snapshot, "1")
    _refuse_gated(found.snapshot, "2")
