"""`connect` and `sync` as an operator calls them, against a sandbox Chatwoot over HTTP."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from chatwootai.stores.operators.audit import AuditLog
from chatwootai.stores.server.connection import Connection
from config.loading.loader import inspect
from config.mapping.mapping_edit import MappingEdit, NotEditable
from config.secrets.encryption import encrypt, new_key
from ops.connect.secrets_file import SecretsFile
from sandbox.chatwoot import app
from sandbox.chatwoot.world import seed
from sandbox.chatwoot.world.world import World
from sandbox.installation.processes import free_port
from tests.commands import program
from workers.account.sync import compare

KEY = "CHATWOOTAI_SECRET_KEY"
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
        environ |= {"PYTHONSAFEPATH": "1", "CHATWOOT_ADMIN_TOKEN": self.token, **self.secrets, **environment}
        command = [*program(), *words]
        return await asyncio.to_thread(
            subprocess.run,
            command,
            check=False,
            env=environ,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    async def connect(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        fixed = ("connect", "--url", self.url, "--account", "1", "--ours", OURS, "--domain", "retail")
        return await self.run(*fixed, *words, **environment)

    @property
    def secrets(self) -> dict[str, str]:
        path = self.folder / ".env"
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
    assert (operator.folder / ".env").stat().st_mode & 0o777 == 0o600
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
    again = await operator.run("connect", "--url", operator.url, "--account", "1", "--remove", "--yes")
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n")


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


async def test_addresses_that_lead_elsewhere_are_told_in_a_sentence(operator: Operator) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"https://chat.example.com{request.path}?token=canary")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    async def guarded(_: web.Request) -> web.Response:
        return web.Response(status=403, text="<html>Forbidden canary</html>", content_type="text/html")

    async def headless(request: web.Request) -> web.Response:
        """As Chatwoot behind a proxy that drops both headers."""
        assert request.headers["Api-Access-Token"] == request.headers["api_access_token"] == operator.token
        return web.json_response({"errors": ["You need to sign in or sign up before continuing."]}, status=401)

    site = web.Application()
    site.router.add_get("/guarded/{rest:.*}", guarded)
    site.router.add_get("/headless/{rest:.*}", headless)
    site.router.add_get("/moved/{rest:.*}", moved)
    site.router.add_get("/page/{rest:.*}", page)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
    for url, said in (
        (f"http://127.0.0.1:{port}/moved/", "it has moved to https://chat.example.com: write that address"),
        (f"http://127.0.0.1:{port}/page", "is the address Chatwoot's?"),
        (f"http://127.0.0.1:{port}/gone", "HTTP 404: that is not Chatwoot's answer"),
        (f"http://127.0.0.1:{port}/guarded", "HTTP 403: that is not Chatwoot's answer, but a proxy's"),
        (f"http://127.0.0.1:{port}/headless", "does a proxy drop the headers"),
    ):
        done = await operator.run("connect", "--url", url, "--account", "1", "--ours", OURS, "--domain", "retail")
        assert done.returncode in {1, 2}
        assert said in done.stderr
        assert "canary" not in done.stderr
        assert operator.token not in done.stderr
    await runner.cleanup()
    slashed = await operator.run(
        "connect", "--url", f"{operator.url}/", "--account", "1", "--ours", f"{OURS}/", "--domain", "retail", "--yes"
    )
    assert (slashed.returncode, slashed.stderr) == (0, "")
    assert f'url: "{operator.url}"' in operator.mapping
    assert {bot.outgoing_url for bot in operator.world.agent_bots.values()} == {ADDRESS}


async def test_what_is_called_wrongly_changes_nothing(operator: Operator) -> None:
    before = operator.state()
    for words, said in (
        (("--domain", "reatil"), "Did you mean `retail`?"),
        (("--account", "99"), "HTTP 404"),
    ):
        done = await operator.connect(*words, "--yes")
        assert done.returncode in {1, 2}
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert operator.state() == before
    assert list(operator.folder.iterdir()) == []
    await operator.connect("--yes")
    unknown = await operator.run("sync", "--account", "77")
    assert (unknown.returncode, "there is no account 77" in unknown.stderr) == (3, True)


async def test_whoever_is_killed_on_the_way_ends_it_the_next_time(operator: Operator) -> None:
    command = [*program(), "connect", "--url", operator.url, "--account", "1", "--ours", OURS]
    environ = {
        "PATH": os.environ["PATH"], "CHATWOOTAI_CONFIG": str(operator.folder), "CHATWOOT_ADMIN_TOKEN": operator.token
    }  # fmt: skip
    killed = await asyncio.create_subprocess_exec(
        *command, "--domain", "retail", "--yes", env=environ, cwd=operator.folder, stdout=asyncio.subprocess.DEVNULL
    )
    while not operator.world.agent_bots:  # noqa: ASYNC110 - the sandbox tells of messages, not of bots
        await asyncio.sleep(0.001)
    killed.kill()
    await killed.wait()
    again = await operator.connect("--yes", "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["account"] == "1"
    assert (len(operator.world.agent_bots), len(operator.world.webhooks)) == (1, 1)
    assert {box.agent_bot_id for box in operator.world.inboxes.values() if box.account_id == 1} == {
        *operator.world.agent_bots
    }
    assert inspect(operator.folder, operator.secrets).problems == ()


async def test_a_chatwoot_that_signs_nothing_is_written_as_such(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "token", _unsigned(World.token))
    done = await operator.connect("--yes")
    assert done.returncode == 0
    assert "signature: optional" in done.stderr
    assert list(operator.secrets) == ["CHATWOOT_1_BOT_TOKEN"]
    found = inspect(operator.folder, operator.secrets)
    assert found.problems == ()
    assert found.snapshot.accounts["1"].signature == "optional"


def _unsigned(token: Callable[..., str]) -> Callable[..., str]:
    """Chatwoot before 4.13 has no secrets of bots and webhooks."""

    def drawn(world: World, *words: object) -> str:
        return token(world, *words) if words[0] == "bot_token" else ""

    return drawn


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


async def test_what_sync_and_a_new_key_wrote_is_in_the_audit(
    operator: Operator, redis_url: str, redis: Connection
) -> None:
    connected = await operator.connect("--yes", REDIS_URL=redis_url)
    assert "audit" not in connected.stdout + connected.stderr
    mapping = operator.folder / "chatwoot_mapping.yaml"
    key = new_key()
    mapping.write_text(re.sub("bot_token: .*", f"bot_token: {encrypt('t', {KEY: key})}", operator.mapping, count=1))
    operator.world.inboxes[11].name = "WhatsApp da Sandra"
    assert (await operator.run("sync", "--yes", REDIS_URL=redis_url, **{KEY: key})).returncode == 0
    turned = await operator.run("secret", "rotate", REDIS_URL=redis_url, **{KEY: f"{new_key()},{key}"})
    assert turned.returncode == 0, turned.stderr
    told = [(one.what, one.count) async for one in AuditLog(redis).entries(0.0, None)]
    assert [what for what, _ in told] == ["connect", "sync", "secret-rotate"]
    assert told[2][1] == 1


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


@pytest.fixture
def clone(operator: Operator) -> Operator:
    """A checkout whose config/ is a package and holds the shipped mapping; the operator stands at its top."""
    subprocess.run(["git", "init", "-q", operator.folder], check=True)
    (operator.folder / "config").mkdir()
    (operator.folder / "config/__init__.py").touch()
    shipped = Path(__file__).resolve().parents[3] / "config/chatwoot_mapping.yaml"
    (operator.folder / "config/chatwoot_mapping.yaml").write_bytes(shipped.read_bytes())
    (operator.folder / ".gitignore").write_text("*.env\n")
    return operator


async def test_after_connecting_what_compose_reads_is_enough_to_start(clone: Operator) -> None:
    shown = await clone.connect("--inboxes", "11", CHATWOOTAI_CONFIG="config")
    assert "take the example account 2 `Casa Bela Móveis` out of config/chatwoot_mapping.yaml" in shown.stdout
    done = await clone.connect("--inboxes", "11", "--yes", CHATWOOTAI_CONFIG="config")
    assert (done.returncode, done.stderr) == (0, "")
    assert "set -a; . ./.env; set +a" in done.stdout
    assert sorted(path.name for path in (clone.folder / "config").iterdir()) == ["__init__.py", "chatwoot_mapping.yaml"]
    found = inspect(clone.folder / "config", clone.secrets)  # as Compose's `env_file: .env`
    assert found.problems == ()
    (account,) = found.snapshot.accounts.values()
    assert (account.installation.url, account.name, set(account.inboxes)) == (clone.url, "Sandra Cosmeticos", {11})
    again = await clone.connect("--inboxes", "11", "--yes", CHATWOOTAI_CONFIG="config")
    assert again.stdout == "Nothing to do.\n"


async def test_connect_takes_a_user_token_and_ends_with_what_is_on_and_off(clone: Operator) -> None:
    without = await clone.connect("--yes", CHATWOOTAI_CONFIG="config")
    assert "On: answers, signatures." in without.stdout
    assert "Off: catch-up, history (no user_token" in without.stdout
    assert "chatwootai doctor --account 1" in without.stdout
    done = await clone.connect("--user-token", "--yes", CHATWOOTAI_CONFIG="config")
    assert (done.returncode, done.stderr) == (0, "")
    assert "On: answers, catch-up, history, signatures." in done.stdout
    assert clone.secrets["CHATWOOT_1_USER_TOKEN"] == clone.token
    (account,) = inspect(clone.folder / "config", clone.secrets).snapshot.accounts.values()
    assert account.user_token is not None
    again = await clone.connect("--user-token", "--yes", CHATWOOTAI_CONFIG="config")
    assert again.stdout == "Nothing to do.\n"
    removed = ("connect", "--url", clone.url, "--account", "1", "--remove", "--yes")
    assert (await clone.run(*removed, CHATWOOTAI_CONFIG="config")).returncode == 0
    assert "CHATWOOT_1_USER_TOKEN" not in clone.secrets


async def test_an_example_that_somebody_uses_stays(clone: Operator) -> None:
    await clone.connect("--inboxes", "11", "--yes", CHATWOOTAI_CONFIG="config", CHATWOOT_2_BOT_TOKEN="in use")
    mapping = (clone.folder / "config/chatwoot_mapping.yaml").read_text()
    assert "Casa Bela" in mapping
    assert "domain: furniture" in mapping


async def test_another_chatwoot_is_no_installation_of_the_same_name(operator: Operator) -> None:
    (operator.folder / "chatwoot_mapping.yaml").write_text(COMMENTED, encoding="utf-8")
    before = operator.state()
    done = await operator.connect("--yes")
    assert (done.returncode, "name another with --installation" in done.stderr) == (2, True)
    assert operator.state() == before


@pytest.mark.parametrize("place", ["config/secrets.env", "config/domains/retail/x.env"])
async def test_secrets_never_go_into_a_package(clone: Operator, place: str) -> None:
    before = clone.state()
    done = await clone.connect("--secrets", place, "--yes", CHATWOOTAI_CONFIG="config")
    assert (done.returncode, "config/ is a Python package" in done.stderr) == (2, True)
    assert clone.state() == before
    assert not (clone.folder / place).exists()


async def test_secrets_of_an_older_connect_are_to_be_moved(clone: Operator) -> None:
    old = clone.folder / "config/secrets.env"
    old.write_text("CHATWOOT_1_SECRET='canary'\nCHATWOOT_2_SECRET='other'\n")
    done = await clone.connect("--yes", CHATWOOTAI_CONFIG="config")
    assert done.returncode == 0
    assert "config/secrets.env: secrets lie in config/" in done.stderr
    checked = await clone.run("check", CHATWOOTAI_CONFIG="config", OPENAI_API_KEY="k")
    assert (checked.returncode, checked.stdout) == (0, "no problems: 1 account\n")
    assert "note: config/secrets.env: secrets lie in config/, a Python package" in checked.stderr
    assert "canary" not in checked.stderr + done.stderr + done.stdout
    arguments = ("connect", "--url", clone.url, "--account", "1", "--remove", "--yes")
    assert (await clone.run(*arguments, CHATWOOTAI_CONFIG="config")).returncode == 0
    assert SecretsFile(old).values() == {"CHATWOOT_2_SECRET": "other"}
    old.unlink()
    assert "secrets" not in (await clone.run("check", CHATWOOTAI_CONFIG="config")).stderr


async def test_connect_says_where_git_would_take_the_secrets(clone: Operator) -> None:
    (clone.folder / ".gitignore").write_text("")
    done = await clone.connect("--inboxes", "11", "--yes", CHATWOOTAI_CONFIG="config")
    assert done.returncode == 0
    assert "git does not ignore it" in done.stderr
    (clone.folder / ".gitignore").write_text(".env\n")
    assert "git does not" not in (await clone.connect(CHATWOOTAI_CONFIG="config")).stderr


def test_a_file_of_secrets_keeps_what_others_wrote_into_it(tmp_path: Path) -> None:
    real, link = tmp_path / "real.env", tmp_path / ".env"
    real.write_text("# ours\nOPENAI_API_KEY=sk # the team's\nMOTTO=it's\nCHATWOOT_1_SECRET=old\n")
    link.symlink_to(real)
    file = SecretsFile(link)
    assert file.values() == {"OPENAI_API_KEY": "sk", "MOTTO": "it's", "CHATWOOT_1_SECRET": "old"}
    assert file.set({"CHATWOOT_1_SECRET": "new"}) == ["CHATWOOT_1_SECRET"]
    file.save()
    assert real.read_text() == "# ours\nOPENAI_API_KEY=sk # the team's\nMOTTO=it's\nCHATWOOT_1_SECRET=new\n"
    assert (link.is_symlink(), real.stat().st_mode & 0o777) == (True, 0o600)


async def test_sync_asks_with_the_token_that_may(operator: Operator) -> None:
    await operator.connect("--yes")
    agent = next(user for user in operator.world.users_of(1) if user.role == "agent")
    mapping = operator.mapping.replace('bot_token: "${', 'user_token: "${AGENT}"\n    bot_token: "${')
    (operator.folder / "chatwoot_mapping.yaml").write_text(mapping, encoding="utf-8")
    both = await operator.run("sync", "--check", AGENT=agent.token)
    assert (both.returncode, both.stdout, both.stderr) == (0, "no difference\n", "")
    alone = await operator.run("sync", "--check", AGENT=agent.token, CHATWOOT_ADMIN_TOKEN="")
    assert (alone.returncode, "administrator's" in alone.stderr) == (1, True)
    assert agent.token not in alone.stderr
