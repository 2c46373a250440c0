"""`chatwootai secret`: make a key, encrypt a value, put all ciphertexts under a new key."""

import argparse
import os
import sys
from getpass import getpass
from os import environ
from pathlib import Path

from ops.options import takes_config
from ops.parsing import add_action
from ops.printing import complain

SUMMARY = "make a key, encrypt a value for the YAML, or put all ciphertexts under a new key"
EXAMPLES = """\
  export CHATWOOTAI_SECRET_KEY="$(chatwootai secret key)"
  printf %s "$TOKEN" | chatwootai secret encrypt       prints ENC:...; write that into the YAML
  CHATWOOTAI_SECRET_KEY="$NEW,$OLD" chatwootai secret rotate"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """`key`, `encrypt` and `rotate`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    example = 'export CHATWOOTAI_SECRET_KEY="$(chatwootai secret key)"'
    add_action(actions, "key", "print a new key for CHATWOOTAI_SECRET_KEY", example)
    what = "read a value from the terminal or stdin and print ENC:<ciphertext>"
    add_action(actions, "encrypt", what, 'printf %s "$TOKEN" | chatwootai secret encrypt')
    what, example = "encrypt every ENC: value anew with the first key", "chatwootai secret rotate --config nimbus"
    takes_config(add_action(actions, "rotate", what, example))


def run(arguments: argparse.Namespace) -> int:
    """Do one of the three; 1 where there is no usable key."""
    from config.secrets.encryption import EncryptionError, encrypt, new_key

    try:
        if arguments.action == "key":
            print(new_key())
        elif arguments.action == "encrypt":
            print(encrypt(_value(), environ))
        else:
            return _rotate(arguments.config)
    except EncryptionError as error:
        complain(error)
        return 1
    return 0


def _value() -> str:
    """Never an argument: those stand in the process list and the shell's history."""
    return getpass("Value: ") if sys.stdin.isatty() else sys.stdin.read().rstrip("\r\n")


def _rotate(folder: Path) -> int:
    """All files or none: each is encrypted anew before the first is written."""
    from config.secrets.encryption import rotate

    files = [folder / "chatwoot_mapping.yaml", *sorted((folder / "domains").rglob("*.yaml"))]
    texts = {path: path.read_bytes().decode() for path in files if path.is_file()}
    if not texts:
        complain(f"{folder}: no configuration is here; --config or CHATWOOTAI_CONFIG names its folder")
        return 1
    turned = {path: rotate(text, environ) for path, text in texts.items()}
    for path, (text, count) in turned.items():
        if count:
            _write(path, text)
            print(f"{path}: {count}")
    total = sum(count for _, count in turned.values())
    print(f"{total} value(s) under the new key")
    if total:
        import asyncio

        from ops.events.audit import write_down_apart

        asyncio.run(write_down_apart("secret-rotate", count=total, details={"folder": folder}))
    return 0


def _write(path: Path, text: str) -> None:
    """In one step, so that a watcher never reads half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(text.encode())
    beside.chmod(path.stat().st_mode)
    os.replace(beside, path)  # noqa: PTH105 - the atomic one, by the name that says so
