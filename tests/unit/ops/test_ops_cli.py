"""The command line in processes of its own, as an operator calls it."""

import importlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.loading.effective import effective_values
from config.loading.loader import inspect
from config.schema.descriptions import field_docs
from config.settings.settings import Settings
from ops.access import NotFound
from ops.accounts import resolve_account, suggest_account
from ops.cli import find_verbs, main, verb_parser
from ops.printing import Changes, coloured
from tests.commands import program

PROGRAM = [sys.executable, "-m", "ops.cli"]
ROOT = Path(__file__).resolve().parents[3]
SECRETS = {
    f"CHATWOOT_{number}_{name}": f"canary-{number}-{name}" for number in (1, 2) for name in ("SECRET", "BOT_TOKEN")
}
ENVIRONMENT = {"PATH": os.environ["PATH"], "CHATWOOTAI_CONFIG": str(ROOT / "config"), "OPENAI_API_KEY": "k", **SECRETS}
VERBS = [*find_verbs()]


def run(*words: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return process([*program(), *words], text, {**ENVIRONMENT, **environment})


def process(
    command: list[str], text: str = "", environment: dict[str, str] = ENVIRONMENT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True, input=text, timeout=60
    )


def test_a_missing_model_key_is_named_by_the_variables_name() -> None:
    done = run("check", OPENAI_API_KEY="", OPENAI_BASE_URL="http://llm.example/v1")
    assert done.returncode == 0
    assert "chatwoot_mapping.yaml:1: OPENAI_API_KEY is not set, and gpt-4.1-mini is asked with it" in done.stderr
    done = run("check", OPENAI_API_KEY="")
    assert done.returncode == 1
    assert "Set OPENAI_API_KEY where workers run" in done.stdout
    assert run("check").stderr == ""


def broken(folder: Path) -> Path:
    (folder / "chatwoot_mapping.yaml").write_text('version: 1\naccounts:\n  "1": {domian: retail}\n')
    return folder


def test_help_teaches_and_imports_nothing_slow() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert "chatwootai demo --once" in done.stdout
    assert all(f"\n  {verb} " in done.stdout for verb in VERBS)
    assert run().stdout == done.stdout
    slow = "{'aiohttp', 'crewai', 'cryptography', 'pydantic', 'redis', 'yaml'}"
    looked = f"import sys; from ops.cli import main; main([]); print(*({slow} & sys.modules.keys()), file=sys.stderr)"
    assert process([sys.executable, "-c", looked]).stderr == "\n"


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help_with_examples(verb: str) -> None:
    done = run(verb, "--help")
    assert done.returncode == 0
    assert f"chatwootai {verb}" in done.stdout.split("examples:")[1]


def test_the_examples_of_help_run(tmp_path: Path) -> None:
    for words in ("check", "tenants", "tenants show 1", "tenants show 1 --inbox 17 --json", "crew list",
                  "crew show customer_service --channel whatsapp",
                  "crew show customer_service --account 1 --channel whatsapp --inbox 17",
                  "route --account 1 --inbox 17 --from +5531999990000",
                  f"check --schemas {tmp_path}"):  # fmt: skip
        done = run(*words.split())
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout, words


def test_check_prints_every_problem_with_its_place(tmp_path: Path) -> None:
    done = run("check", CHATWOOTAI_CONFIG=str(broken(tmp_path)))
    assert done.returncode == 1
    assert f"{tmp_path}/chatwoot_mapping.yaml:3:9: unknown-key" in done.stdout
    assert "Did you mean `domain`?" in done.stdout
    listed = run("check", "--json", "--config", str(tmp_path))
    assert listed.returncode == 1
    problems = json.loads(listed.stdout)
    assert {tuple(each) for each in problems} == {("file", "line", "column", "rule", "message", "remedy")}
    assert "unknown-key" in {each["rule"] for each in problems}


def test_check_of_sound_configuration_is_an_empty_list() -> None:
    done = run("check", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_check_reads_the_crews_too(tmp_path: Path) -> None:
    done = run("check", "--json", CHATWOOTAI_CREWS=str(tmp_path / "nowhere"))
    assert done.returncode == 1
    assert json.loads(done.stdout)


def test_tenants_as_a_table_and_as_data() -> None:
    assert "Casa Bela Móveis" in run("tenants").stdout
    listed = json.loads(run("tenants", "list", "--json").stdout)
    assert listed == json.loads(run("tenants", "--json").stdout)
    assert [each["account"] for each in listed] == ["1", "2"]
    shown = run("tenants", "show", "furniture/account_2", "--json")
    settings = {each["path"]: each for each in json.loads(shown.stdout)["settings"]}
    assert settings["company.name"]["value"] == "Casa Bela Móveis"
    assert settings["company.name"]["file"].endswith("furniture/account_2/config.yaml")
    assert settings["tone"]["file"].endswith("furniture/config.yaml")
    assert settings["budget.tokens_per_day" if "budget.tokens_per_day" in settings else "emoji"]["line"] > 0


def test_tenants_show_explains_every_value_also_those_that_are_unset() -> None:
    parts = json.loads(run("tenants", "show", "1", "--explain", "--json").stdout)
    values = [*parts["mapping"], *parts["settings"]]
    assert [each["path"] for each in values if not each["description"].endswith(".")] == []
    explained = {each["path"]: each for each in values}
    assert explained["interim"] == {
        "path": "interim",
        "value": None,
        "file": "default",
        "line": 0,
        "description": field_docs(Settings)["interim"],
    }
    assert all(
        "description" not in each for each in json.loads(run("tenants", "show", "1", "--json").stdout)["mapping"]
    )
    said = run("tenants", "show", "1", "--explain").stdout
    deadline = said.split("\n  deadline_ms = ")[1].split("\n\n")[0]
    assert re.match(r"[0-9]+  \(\S+/_base/config\.yaml:[0-9]+\)$", deadline.splitlines()[0])
    assert " ".join(deadline.splitlines()[1:]).split() == field_docs(Settings)["deadline_ms"].split()
    assert said.count("Whole questions that get this answer") == 1


def test_no_verb_shows_a_secret() -> None:
    for words in (
        "tenants",
        "tenants --json",
        "tenants show 1",
        "tenants show 1 --json",
        "tenants show 1 --explain",
        "check --json",
        "route --account 1",
    ):
        done = run(*words.split())
        assert "canary" not in done.stdout + done.stderr, words


def test_tenants_shows_problems_and_fails(tmp_path: Path) -> None:
    done = run("tenants", "--config", str(broken(tmp_path)))
    assert done.returncode == 1
    assert "unknown-key" in done.stderr
    assert run("tenants", "show", "99").returncode == 3


def test_every_value_shown_stands_where_it_says() -> None:
    found = inspect(ROOT / "config", SECRETS)
    for value in effective_values(found, "1", 17):
        if value.line:
            line = Path(value.file).read_text(encoding="utf-8").splitlines()[value.line - 1]
            written = str(value.value).split(maxsplit=1)[0] if isinstance(value.value, str) else ""
            assert written.strip("\"'") in line or line.rstrip().endswith(">-"), value


def test_wrong_calls_exit_2() -> None:
    assert run("nonsense").returncode == 2
    assert run("check", "--nonsense").returncode == 2
    assert run("route").returncode == 2


def test_crew_show_of_an_unknown_crew_fails() -> None:
    done = run("crew", "show", "costumer_service")
    assert done.returncode == 3
    assert "Did you mean `customer_service`?" in done.stderr


def test_a_secret_is_encrypted_and_rotated_in_place(tmp_path: Path) -> None:
    old, new = run("secret", "key").stdout.strip(), run("secret", "key").stdout.strip()
    written = run("secret", "encrypt", text="canary-token\n", CHATWOOTAI_SECRET_KEY=old).stdout.strip()
    assert written.startswith("ENC:")
    mapping = tmp_path / "chatwoot_mapping.yaml"
    head = 'version: 1\nchatwoot: {default: {url: "http://c"}}\naccounts:\n  "1":   # kept\n'
    mapping.write_text(f'{head}    domain: retail\n    webhook_secrets: ["{written}"]\n    bot_token: {written}\n')
    before = mapping.read_text()
    done = run("secret", "rotate", "--config", str(tmp_path), CHATWOOTAI_SECRET_KEY=f"{new},{old}")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "2 value(s) under the new key")
    assert written not in mapping.read_text()
    assert mapping.read_text().startswith(head)
    loaded = inspect(tmp_path, {"CHATWOOTAI_SECRET_KEY": new})
    assert loaded.problems == ()
    assert loaded.snapshot.accounts["1"].bot_token.reveal() == "canary-token"
    mapping.write_text(before)
    refused = run("secret", "rotate", "--config", str(tmp_path), CHATWOOTAI_SECRET_KEY=new)
    assert (refused.returncode, mapping.read_text()) == (1, before)
    assert run("secret", "encrypt", text="x").returncode == 1


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m ops.cli tenants show 1 --json | head -c 10"
    done = process(["bash", "-c", command])
    assert done.stderr == ""


def test_control_c_is_quiet() -> None:
    command, pipe = [*PROGRAM, "secret", "encrypt"], subprocess.PIPE
    with subprocess.Popen(command, env=ENVIRONMENT, cwd=ROOT, stdin=pipe, stderr=pipe, text=True) as running:
        _until_it_reads(running.pid)
        running.send_signal(signal.SIGINT)
        running.wait(timeout=20)  # before its input ends, which would be an answer of its own
        _, complaint = running.communicate()
    assert (running.returncode, complaint) == (130, "")


def _until_it_reads(pid: int) -> None:
    """Wait until the process sleeps in a read of its standard input."""
    stat = Path(f"/proc/{pid}/wchan")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if "pipe_read" in (stat.read_text() if stat.exists() else ""):
            return
        time.sleep(0.02)
    pytest.skip("this kernel does not tell what a process waits for")


def test_no_verb_imports_crewai_and_help_imports_almost_nothing() -> None:
    script = "import sys; from ops.cli import main; main(['crew', 'list']); main(['check']); print(sorted(sys.modules))"
    done = process([sys.executable, "-c", script])
    assert done.returncode == 0
    assert "'crewai'" not in done.stdout
    script = "import sys, contextlib, io; from ops.cli import main; main([]); print(sorted(sys.modules))"
    done = process([sys.executable, "-c", script])
    assert not {f"'{name}'" for name in ("pydantic", "yaml", "redis", "aiohttp", "config.loading.loader")} & set(
        done.stdout.split()
    )
    assert "'pydantic'" not in done.stdout


def test_main_returns_instead_of_exiting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "usage: chatwootai" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("connect --url chat.example.com --account 1", "write it as https://chat.example.com"),
        ("connect --url https://c/app/accounts/1 --account 1", "write it as https://chat.example.com"),
        ("connect --url https://c --account 1 --inboxes a,b", "write them as 11,12"),
        ("connect --url https://c --account one", "invalid int value"),
        ("sync --ours ai.example.com", "write it as https://chat.example.com"),
        ("route --account 1 --from 31999990000", "as +5531999990000"),
        ("route --account 1 --channel fax", "Known here: "),
        ("crew show sales --channel fax", "Known here: "),
        ("config rollback seven", "invalid int value"),
        ("jobs list --watch 0", "write 2 or 0.5"),
        ("jobs list --watch nan", "write 2 or 0.5"),
        ("knowledge search --account 1 --top 0 frete", "write 1 or more"),
        ("jobs drop --al", "Did you mean --all?"),
    ],
)
def test_what_is_called_wrongly_says_how_it_is_written(
    words: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_rotate_reaches_every_file_and_says_where_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["secret", "rotate", "--config", str(tmp_path)]) == 1
    assert "no configuration is here" in capsys.readouterr().err
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("CHATWOOTAI_SECRET_KEY", f"{new},{old}")
    tools = tmp_path / "domains/retail/shop/tools.yaml"
    tools.parent.mkdir(parents=True)
    written = "ENC:" + Fernet(old).encrypt(b"value").decode()
    tools.write_text(f"http: {{price: {{headers: {{X-Key: '{written}'}}}}}}\n")
    assert main(["secret", "rotate", "--config", str(tmp_path)]) == 0
    assert "1 value(s)" in capsys.readouterr().out
    turned = tools.read_text().partition("ENC:")[2].partition("'")[0]
    assert Fernet(new).decrypt(turned.encode()) == b"value"


def leaves() -> list[tuple[str, ...]]:
    """Every verb, and every action of one, that parses its own arguments."""
    found: list[tuple[str, ...]] = []
    for name, module in find_verbs().items():
        verb = importlib.import_module(module)
        if hasattr(verb, "forward"):
            continue
        actions = [each for each in verb_parser(name, verb)._actions if each.dest == "action"]
        found += [(name, action) for each in actions for action in each.choices or ()] or [(name,)]
    return found


@pytest.mark.parametrize("words", leaves(), ids=" ".join)
def test_every_leaf_says_what_it_does_and_gives_an_example(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    usage, description, *_ = capsys.readouterr().out.split("\n\n")
    assert usage.startswith(f"usage: chatwootai {' '.join(words)} ")
    assert description.endswith(".")
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    assert f"chatwootai {' '.join(words)}" in capsys.readouterr().out.split("examples:\n")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("job", "Did you mean jobs?"),
        ("jobs lst", "Did you mean list?"),
        ("jobs retry 1:25 --acount 3", "usage: chatwootai jobs retry"),
        ("tenants show 1 --explian", "Did you mean --explain?"),
        ("check -o yaml", "Known here: table, json, jsonl."),
    ],
)
def test_what_is_misspelt_is_answered_with_the_nearest_and_the_usage_of_its_own(words: str, said: str) -> None:
    done = run(*words.split())
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_an_account_has_one_flag_and_goes_by_any_of_its_names() -> None:
    by_key = run("route", "-a", "2").stdout
    for name in ("furniture/account_2", "account_2", "Casa Bela Móveis", "casa bela móveis"):
        assert run("route", "--account", name).stdout == by_key, name
    for words in ("route -a 44", "crew list -a 44", "tenants show 44", "understand -a 44 hello", "sync -a 44"):
        done = run(*words.split())
        assert (done.returncode, "there is no account 44" in done.stderr) == (3, True), words


def test_data_comes_as_a_table_as_json_as_lines_and_as_names() -> None:
    rows = json.loads(run("tenants", "-o", "json").stdout)
    assert [json.loads(line) for line in run("tenants", "-o", "jsonl").stdout.splitlines()] == rows
    assert run("tenants", "list", "-o", "name").stdout.split() == [row["account"] for row in rows]
    assert run("tenants", "show", "2", "-o", "name").stdout == "2\n"
    crews = [row["function"] for row in json.loads(run("crew", "list", "--json").stdout)]
    assert run("crew", "list", "-o", "name").stdout.split() == crews


def test_a_name_in_place_of_a_key_is_answered_with_the_key() -> None:
    accounts = inspect(Path("config"), {}).snapshot.accounts
    for name in ("Casa Bela Móveis", "furniture/account_2", "2"):
        assert suggest_account(accounts, name) == "Did you mean `2`?", name
    with pytest.raises(NotFound, match="Did you mean `Casa Bela Móveis`"):
        resolve_account(accounts, "Casa Bela Movies")


def test_the_version_says_what_runs() -> None:
    done = run("--version", REDIS_URL="unix:///nowhere/redis.sock")
    assert done.returncode == 0
    assert re.fullmatch(r"chatwootai \d+\.\d+\.\d+( \(\w+\))?, Python 3\.\S+, Redis does not answer\n", done.stdout)
    assert json.loads(run("--version", "--json", REDIS_URL="unix:///nowhere/redis.sock").stdout)["redis"] is None


def test_the_configuration_may_be_named_before_the_verb(tmp_path: Path) -> None:
    assert "unknown-key" in run("--config", str(broken(tmp_path)), "check").stdout


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("chatwootai ro", {"route"}),
        ("chatwootai jobs dr", {"drop"}),
        ("chatwootai jobs list --state d", {"dead"}),
        ("chatwootai route --account ", {"1", "2"}),
        ("chatwootai crew show cust", {"customer_service"}),
    ],
)
def test_a_shell_completes_verbs_options_and_names(line: str, expected: set[str], tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    process(PROGRAM, environment={**ENVIRONMENT, **asked, "_ARGCOMPLETE_STDOUT_FILENAME": str(answer)})
    assert {word.strip() for word in answer.read_text().split("\n")} == expected


def test_completion_is_printed_for_each_shell() -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "chatwootai" in run("completion", shell).stdout


def test_pages_that_are_watched_mark_what_is_new_and_not_what_only_grew_older() -> None:
    changes = Changes()
    assert changes.mark("1  waiting  3.2 s\n") == "1  waiting  3.2 s\n"
    assert changes.mark("1  waiting  5.2 s\n2  waiting  0.1 s\n") == "1  waiting  5.2 s\n* 2  waiting  0.1 s\n"
    assert changes.mark("1  running  7.2 s\n2  waiting  2.1 s\n") == "* 1  running  7.2 s\n2  waiting  2.1 s\n"


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured("dead", "bad", io.StringIO()) == "dead"
    assert coloured("dead", "bad", Terminal()) == "\x1b[31mdead\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("dead", "bad", Terminal()) == "dead"
