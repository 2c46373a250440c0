"""A new operator's first day: `init`, `check`, `doctor`, as they are called, on a whole installation."""

import asyncio
import os
from pathlib import Path

import pytest

from ops.start.starter import languages
from sandbox.chatwoot.world import seed
from sandbox.installation.system import System
from tests.integration.ops.test_ops_jobs import Desk

AGENT = "an agent: catch-up and history, but no sync"


def clerk(folder: Path, **environ: str) -> Desk:
    return Desk({"CHATWOOTAI_CONFIG": str(folder), "OPENAI_API_KEY": "sk-none", **environ})


@pytest.mark.parametrize("language", languages())
async def test_what_init_writes_is_sound_in_every_language(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    desk = clerk(folder)
    name = 'Padaria "do" João: 50 %'
    done = await desk.says("init", str(folder), "--name", name, "--language", language, "--time-zone", "Europe/Berlin")
    assert (done.code, done.err) == (0, "")
    checked = await desk.says("check", "--no-secrets")
    assert (checked.code, checked.err) == (0, "")
    assert "no problems: 1 account" in checked.out
    assert "not looked up: CHATWOOT_1_BOT_TOKEN, CHATWOOT_1_SECRET, CHATWOOT_1_WEBHOOK_SECRET" in checked.out


async def test_init_of_several_languages_answers_in_each(tmp_path: Path) -> None:
    folder = tmp_path / "nimbus"
    names = {f"CHATWOOT_3_{each}": each * 3 for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")}
    desk = clerk(folder, **names)
    words = ("--name", "Nimbus", "--language", "en,de", "--domain", "software", "--account", "3")
    assert (await desk.says("init", str(folder), *words)).code == 0
    checked = await desk.says("check")
    assert (checked.code, checked.err) == (0, "")
    told = await desk.says("understand", "--account", "3", "--json", "Wann habt ihr geöffnet?")
    assert '"language": "de"' in told.out
    assert '"answer": "hours_de"' in told.out


async def test_init_in_a_language_without_texts_leaves_them_to_be_translated(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    desk = clerk(folder)
    done = await desk.says("init", str(folder), "--name", "Nimbus", "--language", "nl,en", "--domain", "software")
    tenant = folder / "domains/software/nimbus/config.yaml"
    assert (done.code, f"No texts ship in nl: {tenant}" in done.out) == (0, True), done.err
    checked = await desk.says("check", "--no-secrets")
    assert (checked.code, checked.err.count("\n")) == (0, 1), checked.err
    assert "`sentences.nl`: not translated yet: greeting, handoff" in checked.err
    text = tenant.read_text(encoding="utf-8")
    tenant.write_text(text.replace('handoff: "', 'handoff: "Een ogenblik. '), encoding="utf-8")
    fewer = (await desk.says("check", "--no-secrets")).err
    assert ("greeting, human_requested" in fewer, "handoff" in fewer) == (True, False)
    tenant.write_text(text.partition("# Said when")[0], encoding="utf-8")
    bare = (await desk.says("check", "--no-secrets")).err
    assert "config.yaml:3: `nl`: no prepared sentences ship in it, so those in `en` are said" in bare


async def test_init_overwrites_nothing_and_stays_out_of_packages(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    desk = clerk(folder)
    words = ("--name", "Nimbus", "--language", "en")
    assert (await desk.says("init", str(folder), *words)).code == 0
    (folder / "chatwoot_mapping.yaml").write_text("mine")
    again = await desk.says("init", str(folder), *words)
    assert again.code == 1
    assert "are there already: chatwoot_mapping.yaml" in again.err
    assert (folder / "chatwoot_mapping.yaml").read_text() == "mine"
    (tmp_path / "__init__.py").touch()
    inside = await desk.says("init", str(tmp_path / "other"), *words)
    assert "is a Python package" in inside.err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--language", "xx"), "there is no xx to begin with"),
        (("--language", "en", "--channels", "whatsap"), "Did you mean `whatsapp`?"),
        (("--language", "en", "--domain", "My Shop"), "write small letters"),
        (("--language", "en", "--time-zone", "Europe/Berln"), "Did you mean Europe/Berlin?"),
    ],
)
async def test_init_called_wrongly_writes_nothing(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = await clerk(tmp_path).says("init", str(tmp_path / "own"), "--name", "Nimbus", *words)
    assert done.code == 2
    assert said in done.err
    assert not (tmp_path / "own").exists()


async def test_check_without_secrets_still_finds_what_is_wrong_and_annotates_it(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    desk = clerk(folder)
    await desk.says("init", str(folder), "--name", "Nimbus", "--language", "en")
    place = folder / "domains/business/nimbus/config.yaml"
    place.write_text(place.read_text().replace("languages:", "langages:"))
    checked = await desk.says("check", "--no-secrets", "--format", "github")
    assert checked.code == 1
    assert f"::error file={place},line=3,col=1,title=unknown-key::`langages`: there is no such key." in checked.out


async def test_no_key_is_a_problem_at_openai_and_a_note_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    names = {f"CHATWOOT_1_{each}": each * 3 for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")}
    desk = Desk({"CHATWOOTAI_CONFIG": str(folder), "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "", **names})
    await desk.says("init", str(folder), "--name", "Nimbus", "--language", "en")
    checked = await desk.says("check")
    assert checked.code == 1
    assert "no-api-key" in checked.out
    own = Desk({**names, "CHATWOOTAI_CONFIG": str(folder), "OPENAI_API_KEY": "", "OPENAI_BASE_URL": "http://llm/v1"})
    checked = await own.says("check")
    assert checked.code == 0
    assert "OPENAI_API_KEY is not set" in checked.err


def installation(system: System, **environ: str) -> Desk:
    model = {"OPENAI_API_KEY": "sk-sandbox", "OPENAI_BASE_URL": f"{system.url('llm')}/v1"}
    known = seed.environ(system.world, system.url("chatwoot"))
    own = {"REDIS_URL": system.redis_url, "CHATWOOTAI_CONFIG": str(system.configuration)}
    return Desk({**own, **model, **known, **environ})


async def test_doctor_finds_a_whole_installation_well(system: System) -> None:
    done = await installation(system).says("doctor")
    assert done.code == 0, done.out
    for said in (
        "model gpt-4.1-mini", "doors: 1 live", "workers: 1 live", "version 4.16.2", "clock: within",
        "account 1, bot_token: Chatwoot takes it", "account 1, user_token: Sandra Reis's, an administrator",
        "verified by our door", "account 1, answer: a worker answered a question in", "account 2, answer: a worker",
        "account 1, inboxes: our bot answers 11 `WhatsApp Sandra`",
    ):  # fmt: skip
        assert said in done.out


async def test_doctor_names_what_is_wrong_and_what_to_do(system: System) -> None:
    agent = next(user.token for user in system.world.users_of(1) if user.role == "agent")
    wrong = installation(
        system, CHATWOOT_1_BOT_TOKEN="revoked", CHATWOOT_1_USER_TOKEN=agent, CHATWOOT_2_SECRET="another",
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
    )  # fmt: skip
    done = await wrong.says("doctor", "--problems")
    assert done.code == 1
    assert "account 1, bot_token: Chatwoot refuses it: Invalid Access Token" in done.out
    assert AGENT in done.out
    assert "account 2, bot: the secret of" in done.out
    assert "account 2, delivery to" in done.out
    assert "401" in done.out
    assert "does not answer" in next(line for line in done.out.splitlines() if "model" in line)
    assert "revoked" not in done.out.replace("refused", "")


async def test_check_online_asks_models_and_tokens(system: System) -> None:
    done = await installation(system).says("check", "--online")
    assert done.code == 0, done.err
    assert "account 2, bot_token: Chatwoot takes it" in done.err
    refused = await installation(system, CHATWOOT_2_BOT_TOKEN="another").says("check", "--online")
    assert refused.code == 1


async def test_the_doctor_of_an_installation_that_is_down_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    names = {f"CHATWOOT_1_{each}": each * 3 for each in ("SECRET", "WEBHOOK_SECRET", "BOT_TOKEN")}
    desk = clerk(folder, **names, REDIS_URL="redis://127.0.0.1:9/0", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    await desk.says("init", str(folder), "--name", "Nimbus", "--language", "en", "--url", "http://127.0.0.1:9")
    done = await asyncio.wait_for(desk.says("doctor", "--ours", "http://127.0.0.1:9"), 60)
    assert done.code == 1
    assert "Redis does not answer" in done.out
    assert "delivery to http://127.0.0.1:9/webhooks/chatwoot/1: nobody answers" in done.out
    assert "Traceback" not in done.err + done.out
    assert os.sep in done.out
