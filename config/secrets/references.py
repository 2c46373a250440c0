"""Values that stand elsewhere: `${NAME}`, `${NAME:-default}`, `${file:/path}` and `ENC:<ciphertext>`.

What comes from elsewhere is marked hidden in the tree, and no message here holds it.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from config.document.problems import Problem, nearest
from config.document.tree import Node, Scalar, leaves

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_VARIABLE = "CHATWOOTAI_SECRET_KEY"
CIPHER = "ENC:"
MAX_FILE = 64 * 1024
_KERNELS = ("/proc", "/sys", "/dev/fd", "/dev/pts", "/dev/mqueue")

REFERENCE = re.compile(
    r"\$(?P<escaped>\$)\{"
    r"|\$\{file:(?P<file>[^}]*)\}"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}"
    r"|(?P<broken>\$\{)"
)


class Unresolved(Exception):
    """Reason why a reference leads nowhere: rule, message and remedy of the problem."""


class Allowed(Protocol):
    """Things that may be named in one place."""

    def name(self, name: str) -> None:
        """Let a variable be named.

        Raises:
            Unresolved: it may not.
        """

    def file(self, name: str) -> tuple[str, ...]:
        """The folders of which one must hold the file.

        Raises:
            Unresolved: none of them may.
        """


class References:
    """Resolves references against one environment; a file or a key is read once a run."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.used: set[str] = set()
        self._files: dict[tuple[str, tuple[str, ...]], str] = {}
        self._cipher: MultiFernet | None = None
        self._allowed: Allowed | None = None

    def resolve(self, node: Node, allowed: "Allowed | None" = None) -> list[Problem]:
        """Resolve every scalar of a tree in place; what cannot be resolved is a problem and marked failed.

        `allowed`: what may be named here; None: everything.
        """
        self._allowed = allowed
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
        if self._allowed is not None:
            self._allowed.name(name)
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
        if ".." in name.split("/"):
            raise Unresolved("reference", "the path of a `${file:}` leads back up", "Write it without `..`.")
        folders = self._allowed.file(name) if self._allowed is not None else ()
        if (name, folders) not in self._files:
            self._files[name, folders] = _read_secret(name, folders)
        return self._files[name, folders]

    def _decrypt(self, text: str) -> str:
        from cryptography.fernet import InvalidToken

        try:
            return self.cipher().decrypt(text.removeprefix(CIPHER).strip().encode()).decode()
        except (InvalidToken, UnicodeError):
            message = f"this ciphertext opens with no key of {KEY_VARIABLE}"
            raise Unresolved("ciphertext", message, "Encrypt it anew: `chatwootai secret encrypt`.") from None

    def unusable_key(self) -> Unresolved | None:
        """Return why the key of the environment is of no use; None where it is, or where there is none."""
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


def reference_in_text(path: str, scalar: Scalar) -> Problem | None:
    """A problem where a text that people or a model read stands elsewhere; it counts as failed, and is not resolved."""
    if not isinstance(scalar.value, str) or scalar.hidden:
        return None
    named = any(match["name"] or match["file"] is not None for match in REFERENCE.finditer(scalar.value))
    if not named and not scalar.value.startswith(CIPHER):
        return None
    scalar.value, scalar.hidden, scalar.failed = None, True, True
    message = f"`{path[:120]}`: this is read by people or a model, and a reference may stand for a secret"
    remedy = "Write the words themselves, with $${ for the characters ${."
    return Problem(*scalar.mark, "reference-in-text", message, remedy)


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


def _read_secret(name: str, folders: tuple[str, ...]) -> str:
    try:
        data = _bytes(name, folders)
        text = data.decode()
    except (OSError, ValueError):
        message = f"the file {name} cannot be read as text"
        raise Unresolved("secret-file", message, "Make it readable to this process, as UTF-8.") from None
    if len(data) > MAX_FILE:
        raise Unresolved("secret-file", f"the file {name} is over 64 KB", "A secret is one short line.")
    if not text.strip():
        raise Unresolved("secret-file", f"the file {name} is empty", "Write the secret into it.")
    return text.rstrip("\r\n")


def _bytes(name: str, folders: tuple[str, ...]) -> bytes:
    """Read a file, one byte more than it may hold. Links are followed once, and no further than `folders`, if any.

    A file of the kernel's looks like any other and may be ourselves: /proc/self/environ.
    """
    real = Path(os.path.realpath(name))
    if folders and not any(real.is_relative_to(os.path.realpath(each)) for each in folders):
        message = f"the file {name} is a link that leads out of {' and '.join(folders)}"
        raise Unresolved("not-allowed", message, "Put the file itself there.")
    if not real.is_file() or any(real.is_relative_to(each) for each in _KERNELS):
        raise Unresolved("secret-file", f"there is no file {name}", "Create it, or mend the path.")
    handle = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(handle, "rb") as file:  # noqa: PTH123 - a handle, which nobody can exchange any more
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unresolved("secret-file", f"{name} is no regular file", "Name a file.")
        return file.read(MAX_FILE + 1)
