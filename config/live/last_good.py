"""The last good configuration: as it was published in Redis, else a copy of it on this machine's disk."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from chatwootai.stores.installation.config_versions import ConfigVersions
from chatwootai.stores.server.connection import StoreUnavailable
from chatwootai.telemetry import log
from config.document.problems import ConfigurationError, Problem
from config.files.packing import CannotDecrypt, pack, unpack
from config.files.sources import MAPPING, Sources
from config.secrets.references import KEY_VARIABLE

_log = log.get("config")


class LastGood:
    """Finds and keeps the last good configuration of one process.

    `copy` is its file: `last` for a process without a folder, whose configuration is the installation's; else a name
    made from the folder's path, so that two folders on one machine never stand in for each other.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], shards: list[ConfigVersions]) -> None:
        place = Path(environ.get("JOURNAL_DIR") or "var/journal").parent / "config"
        own = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]
        self.copy = place / (f"last-{own}" if (folder / MAPPING).exists() else "last")
        self._environ = environ
        self.shards = shards

    async def find(self) -> Sources | None:
        """Return what is in force elsewhere, on the first shard that tells, or the copy; None: there is neither.

        Raises:
            ConfigurationError: it is encrypted, and no key here opens it; or the copy is broken.
        """
        away: StoreUnavailable | None = None
        for versions in self.shards:
            try:
                current = await versions.current()
                packed = await versions.read(current.number) if current else None
                if packed is not None:
                    return unpack(packed, self._environ)
            except CannotDecrypt as error:
                raise _cannot_decrypt("Redis", error) from None
            except StoreUnavailable as error:
                away = error
        if away is not None:
            _log.warning("config_from_copy", error=str(away), copy=str(self.copy))
        return self._read_sources()

    async def find_sound(self) -> Sources | None:
        """Return what `find` does; None too where it cannot be read: what is said is what the folder's problems are."""
        with contextlib.suppress(ConfigurationError):
            return await self.find()
        return None

    def _read_sources(self) -> Sources | None:
        try:
            return unpack(self.copy.read_bytes(), self._environ)
        except FileNotFoundError:
            return None
        except CannotDecrypt as error:
            raise _cannot_decrypt(str(self.copy), error) from None
        except (OSError, ValueError) as error:
            remedy = "Remove it, and start while Redis is there, or give this process the folder."
            problem = Problem(str(self.copy), 1, 1, "broken-copy", str(error), remedy)
            raise ConfigurationError([problem]) from None

    def keep(self, sources: Sources) -> None:
        """Write the copy for a start without Redis; where that cannot be done, a warning says so."""
        beside = self.copy.with_name(f".{self.copy.name}.{secrets.token_hex(4)}")
        try:
            packed = pack(sources, self._environ)
            self.copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
                file.write(packed)
            beside.replace(self.copy)
        except (OSError, CannotDecrypt) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            _log.warning("config_copy_not_kept", path=str(self.copy), error=reason)


def _cannot_decrypt(where: str, error: CannotDecrypt) -> ConfigurationError:
    remedy = f"Give this process the {KEY_VARIABLE} of the process that published it, or the folder."
    return ConfigurationError([Problem(where, 1, 1, "secret-key", str(error), remedy)])
