"""The operator's command line: finds the verbs, teaches them, and turns what they return into an exit code."""

import importlib
import os
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from typing import cast

from ops import verbs
from ops.parsing import USAGE_ERROR, CommandParser, Verb, examples_block, nearest, sentence

PROGRAM = "chatwootai"
BROKEN_PIPE = 141  # 128 + SIGPIPE, as a shell reports it
INTERRUPTED = 130  # 128 + SIGINT

GROUPS = {
    "set_up": "set up",
    "configure": "look at what is written",
    "operate": "look at what runs, and put it right",
    "try_out": "try and measure",
}
"""The rooms of ops.verbs and their headings in the help, in its order."""

_USAGE = f"usage: {PROGRAM} [--help] [--version] [--config DIR] VERB ..."
_INTRODUCTION = "ChatwootAI answers customers in Chatwoot: signed webhooks in, a crew's answer in the conversation."
_START = """\
start here:
  chatwootai demo --once          one signed message through the whole system, on embedded parts
  chatwootai check                lint all configuration: every problem at once, with file, line and remedy
  chatwootai tenants              who is served, by which crew
  chatwootai jobs                 what waits, runs and died, in numbers"""
_END = """\
options:
  --config DIR     the configuration's folder, as CHATWOOTAI_CONFIG (default: config)
  --version        versions of the program, of Python and of Redis

`chatwootai VERB --help` says more; `chatwootai completion bash|zsh|fish` completes verbs, options and names.
Exit codes: 0 done, 1 failed or found fault, 2 called wrongly, 3 not found, 4 Chatwoot refuses, 5 Redis is away."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. Returns the exit code: docs/reference/command-line.md lists them."""
    words = list(sys.argv[1:] if argv is None else argv)
    # pydantic would read the metadata of every installed package for plugins, of which none is used.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    if "_ARGCOMPLETE" in os.environ:
        return _complete()
    try:
        code = _dispatch(_take_config(words))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes stdout once more while it exits; a reader that has gone must not make that a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return code


def _take_config(words: list[str]) -> list[str]:
    """Take `--config` before the verb out of the words: it becomes the verb's default."""
    if words and words[0].startswith("--config="):
        words = ["--config", words[0].partition("=")[2], *words[1:]]
    if len(words) > 1 and words[0] == "--config":
        os.environ["CHATWOOTAI_CONFIG"] = words[1]
        return words[2:]
    return words


def _dispatch(words: list[str]) -> int:
    modules = find_verbs()
    if not words or words[0] in {"-h", "--help", "help"}:
        print(_help(modules))
        return 0
    if words[0] in {"--version", "version"}:
        from ops.version import print_version

        return print_version(as_json="--json" in words)
    if words[0] not in modules:
        near = nearest(words[0], modules)
        remedy = f"Did you mean {near}?" if near else f"`{PROGRAM} --help` lists them."
        print(f"{_USAGE}\n{PROGRAM}: there is no verb {words[0][:80]!r}. {remedy}", file=sys.stderr)
        return USAGE_ERROR
    return _run_verb(words[0], _load(modules[words[0]]), words[1:])


def find_verbs() -> dict[str, str]:
    """Return the modules of the verbs by the verbs' names, group by group; none of them is imported."""
    found = {}
    for group in GROUPS:
        folder = [os.path.join(path, group) for path in verbs.__path__]  # noqa: PTH118 - pathlib is 5 ms of the start
        for module in sorted(each.name for each in pkgutil.iter_modules(folder)):
            found[module.replace("_", "-")] = f"ops.verbs.{group}.{module}"
    return found


def _load(module: str) -> Verb:
    return cast("Verb", importlib.import_module(module))


def _run_verb(name: str, verb: Verb, words: list[str]) -> int:
    if forward := getattr(verb, "forward", None):
        return int(forward(words))
    parser = verb_parser(name, verb)
    actions = next((each for each in parser._actions if each.dest == "action"), None)
    default = getattr(verb, "DEFAULT", None)
    if actions is not None and not words and default is None and actions.required:
        parser.print_help()
        return 0
    if default and (not words or (words[0].startswith("-") and not {*words} & {"-h", "--help"})):
        words = [default, *words]
    arguments = parser.parse_args(words)
    if output := getattr(arguments, "output", None):
        from ops import printing

        printing.choose_format(output)
        arguments.json = output != "table"
    from ops.access import CommandError
    from ops.shards.run import run_on_shards

    try:
        return run_on_shards(name, verb.run, arguments)
    except CommandError as error:
        from ops.printing import complain

        complain(error)
        return error.code


def verb_parser(name: str, verb: Verb) -> CommandParser:
    """Return the parser of one verb, with all that its help says."""
    from ops.shards.reach import add_shard_options

    parser = CommandParser(
        prog=f"{PROGRAM} {name}", description=sentence(verb.SUMMARY), epilog=examples_block(verb.EXAMPLES)
    )
    verb.arguments(parser)
    add_shard_options(parser, name)
    return parser


def _help(modules: Mapping[str, str]) -> str:
    lines = [_USAGE, "", _INTRODUCTION]
    for group, title in GROUPS.items():
        lines += ["", f"{title}:"]
        for name, module in modules.items():
            if module.split(".")[2] == group:
                lines.append(f"  {name:<12}  {_load(module).SUMMARY}")
    return "\n".join([*lines, "", _START, "", _END])


def _complete() -> int:
    from ops.completion import complete

    complete({name: _load(module) for name, module in find_verbs().items()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
