"""Options of a canary: what they are read as, and what means nothing together."""

import pytest

from ops.access import UsageError
from ops.cli import verb_parser
from ops.verbs.configure import config
from ops.versions.canary_options import refuse_idle_options


def test_they_are_read_as_shares_seconds_and_rules() -> None:
    said = ["publish", "--canary", "2.5%", "--account", "1", "--inbox", "17", "--for", "2h", "--back-if", "slow > 10 %"]
    read = verb_parser("config", config).parse_args(said)  # type: ignore[arg-type]  # a module is a verb
    refuse_idle_options(read)
    assert (read.canary, read.account, read.inbox, read.seconds, read.back_if) == (250, "1", 17, 7200.0, ["slow>10%"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--account", "1"), "--account: only with --canary"),
        (("--canary", "10%", "--inbox", "3"), "name its account"),
        (("--canary", "100%"), "that is `config publish`"),
        (("--canary", "100%", "--account", "1"), "leaves none of it to compare with"),
        (("--canary", "5%", "--draft", "1"), "made of a folder"),
    ],
)
def test_what_means_nothing_together_is_refused(words: tuple[str, ...], said: str) -> None:
    read = verb_parser("config", config).parse_args(["publish", *words])  # type: ignore[arg-type]  # a module is a verb
    with pytest.raises(UsageError, match=said):
        refuse_idle_options(read)


@pytest.mark.parametrize("words", [("--canary", "0%"), ("--for", "soon"), ("--back-if", "anger>3%")])
def test_what_cannot_be_read_is_refused(words: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verb_parser("config", config).parse_args(["publish", *words])  # type: ignore[arg-type]  # a module is a verb
    assert words[1] in capsys.readouterr().err
