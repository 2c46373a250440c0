"""`chatwootai eval`: rehearse sets of cases, accept their results, take cases from elsewhere."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ops.options import a_count, takes_account, takes_config, takes_json
from ops.parsing import add_action

if TYPE_CHECKING:
    from collections.abc import Callable

SUMMARY = "rehearse a set of cases: whole turns with the outside recorded, and the gate"
EXAMPLES = """\
  chatwootai eval list --account 1
  chatwootai eval run examples --account 1                 no model is asked; exit 1 where the gate is not passed
  chatwootai eval run examples --account 1 --junit var/eval.xml --html var/eval.html
  chatwootai eval run examples --account 1 --live --repeat 3 --most-cost 0.50
  chatwootai eval accept examples --account 1              what it does now is what it is compared with from now on
  chatwootai eval import promptfooconfig.yaml --account 1 --set imported
  chatwootai eval capture 1:25 --set real                  a draft, off unless the tenant says what for
  chatwootai eval capture --account 1 --label eval --set real --dry-run"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`run`, `accept`, `list`, `judge`, `import` and `capture`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    _run_arguments(actions)
    what = "make the present results those that later ones are compared with"
    accept = _of_set(actions, "accept", what, "chatwootai eval accept examples --account 1")
    takes_json(accept)
    what = "list an account's sets, and how many cases each has"
    takes_json(_of_account(actions, "list", what, "chatwootai eval list --account 1"), names=True)
    what = "ask the model about a set's labelled answers, and keep how far it agrees with them"
    judge = _of_set(actions, "judge", what, "chatwootai eval judge examples --account 1 --most-cost 0.20")
    _takes_cost(judge)
    takes_json(judge)
    _capture_arguments(actions)
    what = "take over the common part of promptfoo's tests as cases"
    taken = _of_account(
        actions, "import", what, "chatwootai eval import promptfooconfig.yaml --account 1 --set imported"
    )
    taken.add_argument("file", type=Path, metavar="FILE", help="promptfoo's configuration, or a list of tests")
    taken.add_argument("--set", required=True, dest="name", metavar="SET", help="the set that the cases come into")


def _run_arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    examples = "chatwootai eval run examples --account 1 --json\nchatwootai eval run examples --account 1 --live"
    run = _of_set(actions, "run", "rehearse a set; 1 where its gate is not passed", examples)
    takes_json(run)
    run.add_argument("--live", action="store_true", help="ask the real model; tools stay recorded")
    run.add_argument("--judge", action="store_true", help="with --live: ask it for rubrics and same facts, too")
    run.add_argument("--repeat", type=a_count, default=1, metavar="N", help="run each case N times: pass^k up to N")
    _takes_cost(run)
    run.add_argument("--junit", type=Path, metavar="FILE", help="write JUnit's XML there")
    run.add_argument("--html", type=Path, metavar="FILE", help="write one HTML page there")
    run.add_argument("--events", type=Path, metavar="FILE", help="write OpenTelemetry's evaluation events there")


def _capture_arguments(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    what = "write redacted drafts of real conversations, which are run once a person has reviewed them"
    examples = (
        "chatwootai eval capture 1:25 --set real\n"
        "chatwootai eval capture 1:25 --turn 0f6c7f0e --set real\n"
        "chatwootai eval capture --account 1 --label eval --set real --dry-run\n"
        "chatwootai eval capture --account 1 --corrected --most 50 --set corrections"
    )
    captured = add_action(actions, "capture", what, examples)
    takes_config(captured)
    takes_account(captured, "of this one, where no conversation is named")
    of = captured.add_mutually_exclusive_group(required=True)
    named = "a conversation, as 1:25: its last answered messages"
    of.add_argument("conversation", nargs="?", metavar="ACCOUNT:CONVERSATION", help=named)
    of.add_argument("--label", metavar="LABEL", help="conversations with this label in Chatwoot")
    of.add_argument("--dead-letters", action="store_true", help="messages of turns that gave up")
    of.add_argument("--corrected", action="store_true", help="answers with a thumb down in the console")
    captured.add_argument("--turn", metavar="TURN", help="of the conversation: this turn, as the console names it")
    captured.add_argument("--set", required=True, dest="name", metavar="SET", help="the set that the drafts come into")
    captured.add_argument("--most", type=a_count, default=20, metavar="N", help="drafts at most (default: 20)")
    captured.add_argument("--dry-run", action="store_true", help="only say what would be captured")
    takes_json(captured)


def _takes_cost(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--most-cost", type=float, default=1.0, metavar="DOLLARS", help="where a model is asked: stop at (default: 1)"
    )


def _of_account(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str, examples: str
) -> argparse.ArgumentParser:
    parser = add_action(actions, name, what, examples)
    takes_config(parser)
    takes_account(parser, required=True)
    return parser


def _of_set(
    actions: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, what: str, examples: str
) -> argparse.ArgumentParser:
    parser = _of_account(actions, name, what, examples)
    parser.add_argument("name", metavar="SET", help="the set: a folder under evals/")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do it; 1 where the gate is not passed, or a set is broken."""
    from chatwootai.telemetry import log
    from ops.access import CommandError
    from ops.evaluation import capture_command, commands
    from ops.printing import complain

    log.configure("CRITICAL", None, process="ops")  # what fails is said in a sentence
    verbs: dict[str, Callable[[argparse.Namespace], int]] = {
        "run": commands.run,
        "accept": commands.accept,
        "list": commands.list_sets,
        "judge": commands.judge,
        "import": commands.take_over,
        "capture": capture_command.run,
    }
    try:
        return verbs[arguments.action](arguments)
    except CommandError as error:
        complain(error)
        return error.code
