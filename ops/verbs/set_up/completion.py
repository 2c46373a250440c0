"""`chatwootai completion`: what makes a shell complete the command line."""

import argparse

SUMMARY = "print what makes a shell complete verbs, options and names"
EXAMPLES = """\
  eval "$(chatwootai completion bash)"                                  in ~/.bashrc
  eval "$(chatwootai completion zsh)"                                   in ~/.zshrc
  chatwootai completion fish > ~/.config/fish/completions/chatwootai.fish"""
SHELLS = ("bash", "zsh", "fish")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Take the shell."""
    parser.add_argument("shell", choices=SHELLS, help="bash, zsh or fish")


def run(arguments: argparse.Namespace) -> int:
    """Print the code; always 0."""
    from argcomplete.shell_integration import shellcode

    print(shellcode(["chatwootai"], shell=arguments.shell))  # type: ignore[no-untyped-call]  # argcomplete types little
    return 0
