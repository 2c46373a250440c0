"""Peers beside us: their environment, made by `make peers` when it is first asked for, and a process for each run.

They are worth a look, not a failure: where they cannot be installed, or one of them fails, its rows are missing and a
line says why.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatwootai.stores.server.embedded import dies_with_us
from sandbox.installation.processes import Failed

_ROOT = Path(__file__).parents[1]
_PYTHON = Path("var", "peers", "bin", "python")
_INSTALL_SECONDS = 600.0
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")

Measured = dict[str, Any]


class Peers:
    """Peers that a bench compares with beyond the plain way. `say` gets a line for the terminal."""

    def __init__(self, say: Callable[[str], None], *, wanted: bool = True, root: Path = _ROOT) -> None:
        self._say = say
        self._root = root
        self._ready = None if wanted else False

    async def measured(self, peer: str, *arguments: str, given: bytes = b"", seconds: float = 60.0) -> Measured | None:
        """Return what `bench.peers.<peer>` printed; None without peers, or if this one failed (said, not raised)."""
        if not await self._is_installed():
            return None
        try:
            return await self._run(peer, arguments, given, seconds)
        except Failed as failed:
            self._say(f"  {peer} could not be measured: {failed}")
            return None

    async def _is_installed(self) -> bool:
        if self._ready is None:
            try:
                await self._install()
                self._ready = True
            except (Failed, OSError) as error:
                self._say(f"  peers are left out, they could not be installed: {error}")
                self._ready = False
        return self._ready

    async def _install(self) -> None:
        """Have `make` do it: it knows whether anything is to be done.

        Raises:
            Failed: this is no checkout, or the packages could not be had.
            OSError: there is no make.
        """
        if not (self._root / "requirements" / "peers.txt").exists():
            raise Failed("requirements/peers.txt is only in a checkout")
        if not (self._root / _PYTHON).exists():
            self._say("  installing peers into var/peers (170 MB; --no-peers leaves them out) ...")
        command = ("make", "--silent", "--no-print-directory", "peers", f"PYTHON={sys.executable}")
        await _output_of(command, self._root, {**os.environ}, b"", _INSTALL_SECONDS)

    async def _run(self, peer: str, arguments: tuple[str, ...], given: bytes, seconds: float) -> Measured:
        command = (str(self._root / _PYTHON), "-m", f"bench.peers.{peer}", *arguments)
        environ = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        said = await _output_of(command, self._root, environ, given, seconds)
        measured: Measured = json.loads(said)
        return measured


async def _output_of(
    command: tuple[str, ...], folder: Path, environ: dict[str, str], given: bytes, seconds: float
) -> bytes:
    """Return what a command prints.

    Raises:
        Failed: it ended with an error, or was not done after `seconds`.
    """
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdin=PIPE, stdout=PIPE, stderr=PIPE, preexec_fn=dies_with_us()
    )
    try:
        said, complaints = await asyncio.wait_for(process.communicate(given), seconds)
    except TimeoutError:
        raise Failed(f"not done after {seconds:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise Failed(f"exit code {process.returncode}: {last[0][-300:]}")
    return said
