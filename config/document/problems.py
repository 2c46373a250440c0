"""One mistake in the configuration, said so that an operator can mend it without reading our code."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake: where it stands (`line` and `column` count from 1), the rule broken, and what to write instead.

    `message` and `remedy` never hold a value that came from the environment, a file or a ciphertext.
    """

    file: str
    line: int
    column: int
    rule: str
    message: str
    remedy: str

    def __str__(self) -> str:
        """`file:line:column: rule: message. remedy`, as compilers say it."""
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth saying that is no mistake, such as an old spelling."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        """`file:line: message`."""
        return f"{self.file}:{self.line}: {self.message}"


class ConfigurationError(Exception):
    """The configuration cannot be used; `problems` lists every mistake found in one run."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(f"{len(self.problems)} problem(s) in the configuration")

    def __str__(self) -> str:
        """One line a problem, after a line that counts them."""
        count = f"{len(self.problems)} problem{'' if len(self.problems) == 1 else 's'} in the configuration"
        return "\n".join([count, *map(str, self.problems)])


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, or None."""
    names = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word[:100].casefold(), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """A remedy for an unknown word: the nearest known one, or the list of all."""
    names = sorted(known)
    match = nearest(word, names)
    if match:
        return f"Did you mean `{match}`?"
    return f"Known here: {', '.join(names)}." if names else "Nothing can stand here."
