"""Places of a source's files: always below the folder of the YAML that names them, links included."""

from pathlib import Path
from typing import Final

from config.files.sources import SHIPPED
from crews.knowledge.reading.reader import SourceFailed

MOST_FILES: Final = 20_000


def folder_of(configuration: Path, below: str) -> Path:
    """Return the folder that a source's paths begin in: of the configuration, or else of what ships."""
    own = configuration / below
    return own if own.is_dir() else SHIPPED / below


def file_in(folder: Path, path: str) -> Path:
    """Return the file at a path below a folder.

    Raises:
        SourceFailed: it is not there, or a link leads out of the folder.
    """
    found = folder / path
    try:
        if not found.resolve().is_relative_to(folder.resolve()):
            raise SourceFailed(f"{path} leads out of {folder}: put the file itself there")
        if not found.is_file():
            raise SourceFailed(f"{found} is not there, or is no file")
    except OSError as error:
        raise SourceFailed(f"{found}: {error.strerror}") from None
    return found


def files_in(folder: Path, patterns: tuple[str, ...]) -> list[str]:
    """Return the paths below a folder that fit a pattern, sorted; `*` and `**` as in shells. Hidden ones do not.

    Raises:
        SourceFailed: there are more than 20,000.
    """
    found: set[str] = set()
    real = folder.resolve()
    for pattern in patterns:
        for path in folder.glob(pattern):
            name = path.relative_to(folder).as_posix()
            hidden = any(part.startswith(".") for part in Path(name).parts)
            if not hidden and path.is_file() and path.resolve().is_relative_to(real):
                found.add(name)
            if len(found) > MOST_FILES:
                raise SourceFailed(f"more than {MOST_FILES:,} files fit: name fewer of them")
    return sorted(found)
