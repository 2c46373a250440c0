"""`connect` and `sync` as an operator calls them, against a sandbox Chatwoot over HTTP."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from config.loader import inspect
from config.mapping_edit import MappingEdit, NotEditable
from ops.secrets_file import SecretsFile
from sandbox.chatwoot import app, seed
from sandbox.chatwoot.world import World
from workers.sync import compare

OURS = "https://ai.example.com"
ADDRESS = f"{OURS}/webhooks/chatwoot/1"
COMMENTED = """\
# Our shops. Do not touch the second one!
version: 1

chatwoot:
  default:   {url: "http://elsewhere"}   # the old machine

accounts:
  # the furniture shop
  "2":                       # Casa Bela
    chatwoot:  default
    domain: furniture        # and nothing else
    webhook_secrets: ["${S}"]
    bot_token: "${T}"


inboxes:
  # their front door
  "2/21": {account: "2",   name: 'WhatsApp'}  # busiest
  # the mail, answered
  # within a day
  "2/23": {account: "2", name: "Mail", priority: 8}
  # last
  "2/24": {account: "2", name: "Insta"}
# the end
"""


@dataclass
class Operator:
    world: World
    url: str
    folder: Path
    token: str

    async def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        environ = {"PATH": os.environ["PATH"], "CHATWOOTAI_CONFIG": str(self.folder), "S": "s", "T": "t"}
        environ |= {"CHATWOOT_ADMIN_TOKEN": self.token, **self.secrets, **environment}
        command = [sys.executable, "-m", "ops.cli", *words]
        return await asyncio.to_thread(
            subprocess.run, command, check=False, env=environ, capture_output=True, text=True, timeout=60
        )

    async def connect(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        fixed = ("connect", "--url", self.url, "--account", "1", "--ours", OURS, "--domain", "retail")
        return await self.run(*fixed, *words, **environment)

    @property
    def secrets(self) -> dict[str, str]:
        path = self.folder / "secrets.env"
        return SecretsFile(path).values() if path.exists() else {}

    @property
    def mapping(self) -> str:
        return (self.folder / "chatwoot_mapping.yaml").read_text(encoding="utf-8")

    def state(self) -> object:
        bots = {key: (bot.name, bot.outgoing_url) for key, bot in self.world.agent_bots.items()}
        hooks = {key: (hook.url, tuple(hook.subscriptions)) for key, hook in self.world.webhooks.items()}
        return bots, hooks, {key: box.agent_bot_id for key, box in self.world.inboxes.items()}


@pytest.fixture
async def operator(tmp_path: Path) -> AsyncIterator[Operator]:
    world = seed.plant(World(seed=7))
    for inbox in world.inboxes.values():
        inbox.agent_bot_id = None
    world.agent_bots.clear()
    admin = next(user for user in world.users_of(1) if user.role == "administrator")
    async with app.serve(app.create(world), world, "127.0.0.1", 0) as served:
        yield Operator(world, served.url, tmp_path, admin.token)


async def test_connect_shows_then_does_then_has_nothing_to_do_and_undoes(operator: Operator) -> None:
    before = operator.state()
    shown = await operator.connect("--inboxes", "11,13")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"create the agent bot `ChatwootAI` that reports to {ADDRESS}" in shown.stdout
    assert "Nothing was changed" in shown.stdout
    assert operator.state() == before
    assert list(operator.folder.iterdir()) == []

    done = await operator.connect("--inboxes", "11,13", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    (bot,) = operator.world.agent_bots.values()
    (hook,) = operator.world.webhooks.values()
    assert (bot.outgoing_url, hook.url) == (ADDRESS, ADDRESS)
    assert [key for key, box in operator.world.inboxes.items() if box.agent_bot_id == bot.id] == [11, 13]
    assert "conversation_created" in hook.subscriptions
    assert "message_created" not in hook.subscriptions
    assert (operator.folder / "secrets.env").stat().st_mode & 0o777 == 0o600
    assert not any(secret in done.stdout + operator.mapping for secret in (bot.secret, bot.token, hook.secret))
    found = inspect(operator.folder, operator.secrets)
    assert found.problems == ()
    account = found.snapshot.accounts["1"]
    assert [each.reveal() for each in account.webhook_secrets] == [bot.secret, hook.secret]
    assert (account.bot_token.reveal(), account.name, set(account.inboxes)) == (
        bot.token,
        "Sandra Cosmeticos",
        {11, 13},
    )

    mapping, state = operator.mapping, operator.state()
    again = await operator.connect("--inboxes", "11,13", "--yes")
    assert again.stdout == "Nothing to do.\n"
    assert (operator.mapping, operator.state()) == (mapping, state)

    undone = await operator.run("connect", "--url", operator.url, "--account", "1", "--remove", "--yes")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert operator.state() == before
    assert operator.secrets == {}
    assert '"1"' not in operator.mapping


async def test_connect_adds_to_a_mapping_and_leaves_every_other_byte(operator: Operator) -> None:
    (operator.folder / "chatwoot_mapping.yaml").write_text(COMMENTED, encoding="utf-8")
    done = await operator.connect("--inboxes", "12", "--installation", "new", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    kept = iter(operator.mapping.splitlines())
    assert all(line in kept for line in COMMENTED.splitlines())
    undone = await operator.run("connect", "--url", operator.url, "--account", "1", "--remove", "--yes")
    assert undone.returncode == 0
    without = [line for line in operator.mapping.splitlines() if "new: {url:" not in line]
    assert without == COMMENTED.splitlines()


async def test_secrets_may_be_encrypted_into_the_mapping(operator: Operator) -> None:
    key = (await operator.run("secret", "key")).stdout.strip()
    done = await operator.connect("--encrypt", "--yes", CHATWOOTAI_SECRET_KEY=key)
    assert (done.returncode, done.stderr) == (0, "")
    assert operator.mapping.count("ENC:") == 3
    assert operator.secrets == {}
    found = inspect(operator.folder, {"CHATWOOTAI_SECRET_KEY": key})
    assert found.problems == ()
    (bot,) = operator.world.agent_bots.values()
    assert found.snapshot.accounts["1"].bot_token.reveal() == bot.token
    mapping = operator.mapping
    again = await operator.connect("--encrypt", "--yes", CHATWOOTAI_SECRET_KEY=key)
    assert (again.stdout, operator.mapping) == ("Nothing to do.\n", mapping)


async def test_a_moved_address_is_followed_by_bot_and_webhook(operator: Operator) -> None:
    await operator.connect("--yes")
    moved = ("connect", "--url", operator.url, "--account", "1", "--ours", "https://new.example.com/ai")
    done = await operator.run(*moved, "--yes")
    assert done.returncode == 0
    (bot,) = operator.world.agent_bots.values()
    (hook,) = operator.world.webhooks.values()
    assert bot.outgoing_url == hook.url == "https://new.example.com/ai/webhooks/chatwoot/1"


async def test_refusals_are_sentences_without_the_token(operator: Operator) -> None:
    agent = next(user for user in operator.world.users_of(1) if user.role == "agent")
    for words, token, said in (
        ((), "wrong-token-canary", "HTTP 401"),
        (("--yes",), agent.token, "administrator"),
        (("--inboxes", "99"), operator.token, "there is no inbox 99"),
    ):
        done = await operator.connect(*words, CHATWOOT_ADMIN_TOKEN=token)
        assert done.returncode == 1
        assert said in done.stderr
        assert token not in done.stderr + done.stdout
        assert "Traceback" not in done.stderr
    nowhere = await operator.run("connect", "--url", "http://127.0.0.1:9", "--account", "1", "--ours", OURS)
    assert (nowhere.returncode, "no answer" in nowhere.stderr) == (1, True)


async def test_sync_finds_and_settles_what_moved_in_chatwoot(operator: Operator) -> None:
    await operator.connect("--yes")
    clean = await operator.run("sync", "--check", "--ours", OURS)
    assert (clean.returncode, clean.stdout) == (0, "no difference\n")
    before = operator.mapping
    commented = before.replace('  "12":', '  # the site\n  "12":').replace('  "13":', '  # the mail\n  "13":')
    (operator.folder / "chatwoot_mapping.yaml").write_text(commented, encoding="utf-8")
    operator.world.inboxes[11].name = "WhatsApp da Sandra"
    operator.world.inboxes[13].agent_bot_id = None
    del operator.world.inboxes[12]
    bot = next(iter(operator.world.agent_bots.values()))
    bot.outgoing_url = "https://old.example.com/webhooks/chatwoot/1"
    checked = await operator.run("sync", "--check", "--ours", OURS)
    assert checked.returncode == 1
    assert operator.mapping == commented
    for said in (
        "is called `WhatsApp da Sandra` now",
        "inbox 12: the mapping names it",
        "not by our bot",
        "reports to",
    ):
        assert said in checked.stdout
    done = await operator.run("sync", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    old, new = commented.splitlines(), operator.mapping.splitlines()
    assert [line for line in old if line not in new] == [line for line in old if '"11":' in line or '"12":' in line]
    (renamed,) = [line for line in new if line not in old]
    assert 'name: "WhatsApp da Sandra"' in renamed
    assert "  # the site" in new
    assert inspect(operator.folder, operator.secrets).problems == ()


def test_a_comment_about_the_next_entry_outlives_the_one_before() -> None:
    edit = MappingEdit(COMMENTED)
    edit.remove_inbox("2", 21)
    edit.inbox("2", 24, "Instagram")
    new = COMMENTED.replace('  "2/21": {account: "2",   name: \'WhatsApp\'}  # busiest\n', "")
    assert edit.text().splitlines()[:-2] == new.splitlines()[:-2]
    assert 'name: "Instagram"' in edit.text()
    assert edit.text().endswith("# the end\n")
    assert MappingEdit(COMMENTED).text() == COMMENTED


@pytest.mark.parametrize("text", ["- a\n", "a: [\n", "mappings: {accounts: {}}\n"])
def test_what_cannot_be_edited_is_refused(text: str) -> None:
    with pytest.raises(NotEditable):
        MappingEdit(text)


async def test_a_worker_reports_and_writes_only_where_the_operator_said_so(operator: Operator) -> None:
    await operator.connect("--yes")
    mapping = operator.folder / "chatwoot_mapping.yaml"
    head = operator.mapping.replace('bot_token: "${', 'user_token: "${ADMIN}"\n    bot_token: "${')
    operator.world.inboxes[11].name = "WhatsApp da Sandra"
    environ = {**operator.secrets, "ADMIN": operator.token}
    for write in (False, True):
        text = f"sync: {{every_minutes: 60, write: {str(write).lower()}}}\n{head}"
        mapping.write_text(text, encoding="utf-8")
        snapshot = inspect(operator.folder, environ).snapshot
        assert snapshot.sync
        assert (snapshot.sync.seconds, snapshot.sync.write) == (3600, write)
        async with aiohttp.ClientSession() as session:
            found = await compare(snapshot, snapshot.sync, mapping, session)
        assert [each.kind for each in found] == ["renamed"]
        assert (operator.mapping != text) is write
    assert 'name: "WhatsApp da Sandra"' in operator.mapping
