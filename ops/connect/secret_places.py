"""Judges where a file of secrets may lie: not in a Python package, which travels whole, and not where git takes it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from ops.connect.secrets_file import SecretsFile

DEFAULT = Path(".env")
"""In the working directory, where Docker Compose looks for it."""

OLD_NAME = "secrets.env"
"""What it was called by default in 0.1.0, in the configuration folder: looked into when a connection is undone."""

_PATTERNS = ("*.env", ".env*", "*.env.*", "secrets.*")
_ANSWERED = (0, 1)  # `git check-ignore`: ignored, not ignored; else there is no repository here


def package_around(path: Path) -> Path | None:
    """The Python package that a file lies in, or would lie in; None outside of one."""
    return next((folder for folder in path.absolute().parents if (folder / "__init__.py").exists()), None)


def git_takes(path: Path) -> bool:
    """Tell whether `git add` would take a file; False where there is no git or no repository."""
    where = path.absolute()
    command = ["git", "-C", str(where.parent), "check-ignore", "--quiet", "--", where.name]
    try:
        done = subprocess.run(command, check=False, capture_output=True, timeout=10)  # noqa: S603 - no shell
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode in _ANSWERED and done.returncode != 0


def warnings(path: Path) -> Iterator[str]:
    """Yield what is wrong with the place of a file of secrets, as sentences."""
    if package := package_around(path):
        yield (
            f"{path}: secrets lie in {package.name}/, a Python package, which wheels and images are made of: move "
            f"its lines to {DEFAULT} beside {package.name}/, which Compose reads (chmod 600), and delete it"
        )
    elif git_takes(path):
        yield (
            f"{path}: git does not ignore it, so that `git add` takes it: write `{path.name}` into .gitignore; if it "
            "was committed, `git rm --cached` it and change every secret in it"
        )


def stray_secrets(folder: Path) -> list[Path]:
    """Files below a configuration folder that hold secrets as `NAME=value` and should not lie there."""
    found = (path for path in folder.rglob("*") if any(map(path.match, _PATTERNS)) and path.is_file())
    return sorted(path for path in found if _holds_secrets(path) and any(warnings(path)))


def _holds_secrets(path: Path) -> bool:
    try:
        return any(SecretsFile(path).values().values())
    except (OSError, UnicodeDecodeError):
        return False
