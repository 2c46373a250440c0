"""Values that stand elsewhere: `${NAME}`, `${NAME:-default}`, `${file:/path}` and `ENC:<ciphertext>`.

What comes from elsewhere is marked hidden in the tree, and no message here holds it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from config.problems import Problem, nearest
from config.tree import Node, Scalar, leaves

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_VARIABLE = "CHATWOOTAI_SECRET_KEY"
CIPHER = "ENC:"
MAX_FILE = 64 * 1024

REFERENCE = re.compile(
    r"\$(?P<escaped>\$)\{"
    r"|\$\{file:(?P<file>[^}]*)\}"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|(?P<broken>\$\{)"
)


class Unresolved(Exception):
    """Why a reference leads nowhere: rule, message and remedy of the problem."""


class References:
    """Resolves references against one environment; a file or a key is read once a run."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.used: set[str] = set()
        self._files: dict[str, str] = {}
        self._cipher: MultiFernet | None = None

    def resolve(self, node: Node) -> list[Problem]:
        """Resolve every scalar of a tree in place; what cannot be resolved is a problem and marked failed."""
        problems: list[Problem] = []
        for path, scalar in leaves(node):
            if scalar.hidden or not isinstance(scalar.value, str):  # hidden: met before, through an alias
                continue
            if "${" in scalar.value or scalar.value.startswith(CIPHER):
                problems += self._scalar(".".join(path), scalar)
        return problems

    def _scalar(self, key: str, scalar: Scalar) -> list[Problem]:
        text = str(scalar.value)
        try:
            scalar.value = self._decrypt(text) if text.startswith(CIPHER) else REFERENCE.sub(self._lookup, text)
        except Unresolved as why:
            rule, message, remedy = why.args
            scalar.failed = True
            scalar.value = None
            return [Problem(*scalar.mark, rule, f"`{key}`: {message}", remedy)]
        finally:
            scalar.hidden = True
        return []

    def _lookup(self, match: re.Match[str]) -> str:
        if match["escaped"]:
            return "${"
        if match["broken"] or "${" in (match["default"] or ""):
            raise Unresolved(
                "reference",
                "`${` begins no reference that can be read",
                "Write ${NAME}, ${NAME:-default} or ${file:/path}; $${ for the characters themselves.",
            )
        return self._file(match["file"]) if match["file"] is not None else self._variable(match["name"], match)

    def _variable(self, name: str, match: re.Match[str]) -> str:
        self.used.add(name)
        value = self.environ.get(name)
        if value:
            return value
        if match["default"] is not None:
            return str(match["default"])
        state = "is empty" if value == "" else "is not set"
        near = nearest(name, [other for other in self.environ if other.startswith(name[:4])]) if value is None else None
        hint = f" `{near}` is set: is that the one meant?" if near else ""
        raise Unresolved("unset-variable", f"the environment variable `{name}` {state}", f"Set it.{hint}")

    def _file(self, name: str) -> str:
        if not name.startswith("/"):
            raise Unresolved("reference", "the path of a `${file:}` must be absolute", "Write ${file:/run/secrets/x}.")
        if name not in self._files:
            self._files[name] = _read(name)
        return self._files[name]

    def _decrypt(self, text: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return self.cipher().decrypt(text.removeprefix(CIPHER).strip().encode()).decode()
        except (InvalidToken, UnicodeError):
            message = f"this ciphertext opens with no key of {KEY_VARIABLE}"
            raise Unresolved("ciphertext", message, "Encrypt it anew: `chatwootai secret encrypt`.") from None

    def unusable_key(self) -> Unresolved | None:
        """Why the key of the environment is of no use; None where it is, or where there is none."""
        try:
            if self.environ.get(KEY_VARIABLE, "").strip(", "):
                self.cipher()
        except Unresolved as why:
            return why
        return None

    def cipher(self) -> "MultiFernet":
        """The keys of the environment, newest first, separated by commas: the first encrypts, all decrypt."""
        if self._cipher is None:
            self._cipher = _keys(self.environ.get(KEY_VARIABLE, ""))
        return self._cipher


def _keys(text: str) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet

    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        message = f"there is no key to encrypt or decrypt with: {KEY_VARIABLE} is not set"
        raise Unresolved("secret-key", message, f"Set {KEY_VARIABLE}; make one with `chatwootai secret key`.")
    try:
        return MultiFernet([Fernet(name) for name in names])
    except ValueError:
        message = f"{KEY_VARIABLE} holds something that is no key"
        remedy = "Keys are 32 bytes in url-safe base64, separated by commas; make one with `chatwootai secret key`."
        raise Unresolved("secret-key", message, remedy) from None


def _read(name: str) -> str:
    path = Path(name)
    try:
        if not path.is_file():
            raise Unresolved("secret-file", f"there is no file {name}", "Create it, or mend the path.")
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        text = data.decode()
    except (OSError, ValueError):
        message = f"the file {name} cannot be read as text"
        raise Unresolved("secret-file", message, "Make it readable to this process, as UTF-8.") from None
    if len(data) > MAX_FILE:
        raise Unresolved("secret-file", f"the file {name} is over 64 KB", "A secret is one short line.")
    if not text.strip():
        raise Unresolved("secret-file", f"the file {name} is empty", "Write the secret into it.")
    return text.rstrip("\r\n")
