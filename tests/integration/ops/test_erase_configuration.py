"""A contact's words in files and drafts of the configuration, which people wrote, are told and left alone."""

import os
from pathlib import Path

from chatwootai.stores.installation.config_drafts import ConfigDrafts
from chatwootai.stores.privacy.subject import Subject
from chatwootai.stores.server.connection import Connection
from config.files.drafts import ConfigDraft, pack_draft
from ops.privacy.configuration_mentions import find_in_configuration

HER = Subject("1", 93, names={"Ana Maria Lopes", "Ana"}, phones={"+5531987654321"})


async def test_files_and_the_draft_that_name_them_are_told_with_what_to_do(redis: Connection, tmp_path: Path) -> None:
    assert await find_in_configuration(redis, tmp_path, HER) == []
    (tmp_path / "answers.yaml").write_text("answers: {a: {answer: Como à Ana Maria Lopes}}", encoding="utf-8")
    (tmp_path / "other.yaml").write_text("answers: {a: {answer: Ana Banana}}", encoding="utf-8")
    draft = ConfigDraft({"domains/retail/account_1/answers.yaml": b"Ligue: +5531987654321"}, {})
    await ConfigDrafts(redis).write("1", pack_draft(draft, os.environ), by="ana")
    told = await find_in_configuration(redis, tmp_path, HER)
    assert told == [
        f"{tmp_path / 'answers.yaml'} holds one of their names: edit it, and publish",
        "the draft of account 1 (console, Drafts) holds one of their phones: drop it, or write it anew",
    ]
    assert await ConfigDrafts(redis).read("1") is not None
    assert len(await find_in_configuration(redis, tmp_path, Subject("2", 93, names=HER.names))) == 1
