"""Starts a program of somebody else's: `python -I -S confined.py <our pid> <home or ''> <program> [<argument>...]`.

It ends with us, gains no rights, and where we are root runs as a user of its own who can look into nobody: neither
into us nor into another such program. A program that only root can reach (in /root, say) stays root, without any of
root's powers: then it cannot look into us either, but can still write what is root's.
"""

import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Sequence

_USERS = 1_870_000_000
"""Ids from here on are nobody's anywhere; with its process id added, each program has one that no other has."""
_NOBODY = 65_534
_PDEATHSIG, _DROP_FROM_BOUND, _SECUREBITS, _NO_NEW_PRIVS = 1, 24, 28, 38
_NO_ROOT = 0b11
"""Root's user id gains no powers by starting a program, and that for good."""


def launch(home: str = "") -> tuple[str, ...]:
    """Return what stands before a program's own words to start it so. `home`: a folder that becomes its own."""
    return sys.executable, "-I", "-S", __file__, str(os.getpid()), home


async def ask(program: str, given: bytes) -> bytes:
    """Return what one of our files, run by Python without our secrets, says to what it is given.

    A caller that stops waiting has killed it.
    """
    import asyncio  # not above: what is started here reads this file too, and starts in a blink

    child = await asyncio.create_subprocess_exec(
        *launch(),
        *(sys.executable, "-I", program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        said, _ = await child.communicate(given)
        return said
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def main(parent: int, home: str, command: Sequence[str]) -> None:
    """Become the program; return only where we have ended meanwhile.

    Raises:
        OSError: there is no such program, or it may not be run.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "linux":
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        if os.geteuid() == 0:
            _drop_capabilities(prctl)
            if _is_reachable_by_others(command):
                _become_other_user(home)
        prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # after the user has changed, which would clear it
        if os.getppid() != parent:
            return
    os.execvp(command[0], list(command))  # noqa: S606 - a program with its arguments


def _drop_capabilities(prctl: "ctypes._NamedFuncPointer") -> None:
    """Drop all capabilities for whatever is started from now on.

    None to trace others, none to read what is not its own.
    """
    for capability in range(64):
        prctl(_DROP_FROM_BOUND, capability, 0, 0, 0)
    prctl(_SECUREBITS, _NO_ROOT, 0, 0, 0)


def _is_reachable_by_others(command: Sequence[str]) -> bool:
    """Tell whether another user may run the program, and use the files and folders that it is given."""
    program, groups = shutil.which(command[0]), os.getgroups()
    given = [*command[1:], *(value for value in os.environ.values() if value.startswith("/"))]
    uses = [use for word in given if (use := _path_and_use(word)) is not None]
    os.setgroups([])
    os.setegid(_NOBODY)
    os.seteuid(_NOBODY)
    try:
        runs = program is not None and os.access(program, os.X_OK, effective_ids=True)
        return runs and all(os.access(path, mode, effective_ids=True) for path, mode in uses)
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def _path_and_use(word: str) -> tuple[str, int] | None:
    """Return a path among a program's words, and what it would do there.

    Read a file, write in a folder or make something.
    """
    folder = os.path.dirname(word)  # noqa: PTH120 - this starts in a blink, and pathlib does not
    if word == os.environ.get("HOME"):
        return None
    if os.path.isdir(word):  # noqa: PTH112 - as above
        return word, os.R_OK | os.W_OK | os.X_OK
    if os.path.exists(word):  # noqa: PTH110 - as above
        return word, os.R_OK
    return (folder, os.W_OK | os.X_OK) if word.startswith("/") and os.path.isdir(folder) else None  # noqa: PTH112 - this starts in a blink, and pathlib does not


def _become_other_user(home: str) -> None:
    user = _USERS + os.getpid()
    if home:
        os.chown(home, user, user)
        os.environ["HOME"] = home
    os.setgroups([])
    try:
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    except OSError:  # a container may know few ids
        if home:
            os.chown(home, _NOBODY, _NOBODY)
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
