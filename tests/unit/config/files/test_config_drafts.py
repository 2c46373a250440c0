"""A draft laid upon what is in force: its files, and no others; what was changed meanwhile is told, not overwritten."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.files.drafts import CannotApply, ConfigDraft, apply_draft, pack_draft, unpack_draft
from config.files.sources import Folder, Sources
from config.secrets.references import KEY_VARIABLE

PATH = "domains/retail/loja/answers.yaml"
BEFORE = Sources(
    Folder(
        Path("c"),
        {"chatwoot_mapping.yaml": b"version: 1\n", PATH: b"a: 1\n"},
        {
            "": ("chatwoot_mapping.yaml", "domains"),
            "domains": ("retail",),
            "domains/retail": ("loja",),
            "domains/retail/loja": ("answers.yaml",),
        },
    )
)


def test_a_draft_changes_its_files_and_folders_alone() -> None:
    other = "domains/retail/outra/answers.yaml"
    draft = (
        ConfigDraft().change(PATH, b"a: 2\n", BEFORE).change(other, b"b: 1\n", BEFORE).change(PATH, b"a: 3\n", BEFORE)
    )
    after = apply_draft(draft, BEFORE)
    assert after.folder.files == {"chatwoot_mapping.yaml": b"version: 1\n", PATH: b"a: 3\n", other: b"b: 1\n"}
    assert after.folder.folders["domains/retail"] == ("loja", "outra")
    assert after.folder.folders["domains/retail/outra"] == ("answers.yaml",)
    assert after.digest() != BEFORE.digest()
    assert apply_draft(ConfigDraft(), BEFORE).digest() == BEFORE.digest()


def test_what_was_changed_meanwhile_is_not_overwritten() -> None:
    draft = ConfigDraft().change(PATH, b"a: 2\n", BEFORE)
    moved = apply_draft(ConfigDraft().change(PATH, b"a: 9\n", BEFORE), BEFORE)
    with pytest.raises(CannotApply, match=PATH):
        apply_draft(draft, moved)
    elsewhere = apply_draft(ConfigDraft().change("domains/x/config.yaml", b"{}\n", BEFORE), BEFORE)
    assert apply_draft(draft, elsewhere).folder.files[PATH] == b"a: 2\n"


def test_a_draft_is_kept_encrypted_where_there_is_a_key() -> None:
    draft = ConfigDraft().change(PATH, b"secret words\n", BEFORE)
    assert unpack_draft(pack_draft(draft, {}), {}) == draft
    environ = {KEY_VARIABLE: Fernet.generate_key().decode()}
    packed = pack_draft(draft, environ)
    assert packed.startswith(b"ENC:")
    assert unpack_draft(packed, environ) == draft
    with pytest.raises(ValueError, match="encrypted"):
        unpack_draft(packed, {KEY_VARIABLE: Fernet.generate_key().decode()})
    with pytest.raises(ValueError, match="no draft"):
        unpack_draft(b"x", {})
