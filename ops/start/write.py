"""Writes a new configuration's files, all of them or none, and says what comes next."""

import os
import shlex
from pathlib import Path

from ops.access import CommandError
from ops.connect.secret_places import package_around
from ops.start.starter import Start
from ops.start.texts import texts


def write(folder: Path, start: Start) -> list[str]:
    """Write the files below a folder. Returns their paths below it.

    Raises:
        CommandError: one of them is there already, the folder lies in a Python package, or it cannot be written.
    """
    if package := package_around(folder / "chatwoot_mapping.yaml"):
        raise CommandError(
            f"{folder}: nothing was written, since {package.name}/ is a Python package, which wheels and images are "
            "made of: name a folder outside of it"
        )
    files = texts(start)
    if there := [name for name in files if (folder / name).exists()]:
        raise CommandError(f"{folder}: nothing was written, for these are there already: {', '.join(there)}")
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from error
    return list(files)


def next_steps(folder: Path, start: Start) -> list[str]:
    """Return what to do next, a line each."""
    named, account = shlex.quote(str(folder.absolute())), start.account
    shown = start.url or "https://chat.example.com"
    return [
        f"1. Put right what you know better: {folder / start.place}/config.yaml (facts, hours), answers.yaml",
        f"2. export CHATWOOTAI_CONFIG={named}",
        "3. chatwootai check --no-secrets",
        f'4. chatwootai ask --account {account} "..."      what it would answer; needs OPENAI_API_KEY, and no Chatwoot',
        f"   chatwootai demo --config {named}      the same with a page to talk to, on embedded parts",
        f"5. chatwootai connect --url {shown} --account {account} --ours https://ai.example.com",
    ]


def machine_zone() -> str:
    """Return this machine's time zone by its name, as `Europe/Berlin`; UTC where it has none."""
    from zoneinfo import available_timezones

    named = os.environ.get("TZ", "").lstrip(":")
    try:
        linked = str(Path("/etc/localtime").readlink()).partition("zoneinfo/")[2]
    except OSError:
        linked = ""
    return next((each for each in (named, linked) if each in available_timezones()), "UTC")
