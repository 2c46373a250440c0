"""Checks one layer of the settings by itself: secrets, placeholders, keys that would do nothing."""

import re
from collections.abc import Iterator

from chatwootai.model.policy.handoff_cause import Sentence
from chatwootai.model.text.language import DETECTED
from config.document.merge import is_null
from config.document.problems import Note, Problem, suggestion
from config.document.tree import Mark, Node, Scalar, Table, find, leaves
from config.schema.validation import unknown_nulls
from config.secrets.plain_secrets import plain_secrets, secret_values
from config.settings import answers
from config.settings.knowledge import written_folders
from config.settings.localized import matching_language, without_country
from config.settings.settings import PLACEHOLDERS, Settings

_BRACED = re.compile(r"(?<!\$)(?<!\{)\{+[^{}\n]{1,60}\}+")
_FILLED = re.compile(rf"^\{{\s*({'|'.join(PLACEHOLDERS)})\s*\}}$")
_SAID: tuple[tuple[str, ...], ...] = (
    ("sentences",),
    ("greeting",),
    ("signature",),
    ("channels", "*", "signature"),
    ("answers", "*", "answer"),
    ("handoff", "subjects", "*", "sentences"),
)
"""What contacts read word for word, with `PLACEHOLDERS` filled in; `*` is any key."""

_TOLD: tuple[tuple[str, ...], ...] = (
    ("tone",),
    ("company", "description"),
    ("company", "facts"),
    ("promotions",),
    ("channels", "*", "tone"),
)
"""What a crew is told, where nothing is filled in."""


def layer_problems(layer: Table, data: bytes) -> list[Problem]:
    """Every problem of a layer that shows without the layers below it."""
    problems = [*plain_secrets(Settings, layer), *secret_values(layer, data), *written_folders(layer)]
    if any(is_null(scalar) for _, scalar in leaves(layer)):
        problems += unknown_nulls(Settings, layer)
    for place in _SAID:
        problems += [each for path, scalar in _at(layer, place) for each in _unfilled_braces(path, scalar)]
    for place in _TOLD:
        problems += [each for path, scalar in _at(layer, place) for each in _idle(path, scalar)]
    return problems


def _at(node: Node, place: tuple[str, ...], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Scalar]]:
    """The scalars at and below a place."""
    if not place:
        yield from ((".".join((*path, *below)), scalar) for below, scalar in leaves(node))
    elif isinstance(node, Table):
        for key in node.items if place[0] == "*" else (place[0],):
            if key in node.items:
                yield from _at(node.items[key], place[1:], (*path, key))


def _unfilled_braces(path: str, scalar: Scalar) -> Iterator[Problem]:
    """Braces that would be read as they stand."""
    for braced in _BRACED.findall(scalar.value) if isinstance(scalar.value, str) else ():
        if not _FILLED.match(braced):
            name = braced.strip("{} ").split(":")[0].strip()
            near = f"{suggestion(name, PLACEHOLDERS)} " if name not in PLACEHOLDERS else ""
            remedy = f"{near}Placeholders are {', '.join('{' + each + '}' for each in PLACEHOLDERS)}, written so."
            yield Problem(
                *scalar.mark, "placeholder", f"`{path[:120]}`: nothing fills the placeholder {braced}", remedy
            )


def _idle(path: str, scalar: Scalar) -> Iterator[Problem]:
    """Placeholders where none is filled in."""
    for braced in _BRACED.findall(scalar.value) if isinstance(scalar.value, str) else ():
        if _FILLED.match(braced):
            message = f"`{path[:120]}`: nothing is filled in here, also not {braced}"
            yield Problem(*scalar.mark, "placeholder", message, "Write out what shall be said.")


def merged_problems(settings: Settings, above: Settings, tree: Node) -> list[Problem]:
    """Return the problems of merged layers: sentences that are gone, questions with two answers."""
    problems: list[Problem] = []
    if settings.sentences is not above.sentences:
        problems += _silent(settings, tree)
    if settings.answers is not above.answers:
        problems += answers.contradictions(settings.answers, find(tree, ("answers",))[1])
    return problems


def _silent(settings: Settings, tree: Node) -> list[Problem]:
    """Sentences that are removed in every language a turn could fall back to."""
    gone: dict[Mark, list[str]] = {}
    for name in Sentence:
        try:
            settings.sentence(name)
        except KeyError:
            mark = find(tree, ("sentences", settings.language, name))[0]
            gone.setdefault(mark, []).append(f"`{name}`")
    remedy = f"Write it under `sentences.{settings.language}`."
    return [
        Problem(*mark, "missing-sentence", f"no sentence is left for {', '.join(names)}", remedy)
        for mark, names in gone.items()
    ]


def _spoken_instead(settings: Settings, name: Sentence) -> str:
    """Return the language of a sentence that a contact's own has not: the tenant's, else English."""
    having = [each for each, block in settings.sentences.items() if block.get(name)]
    return matching_language(having, settings.language) or "en"


def language_notes(settings: Settings, above: Settings, tree: Node) -> Iterator[Note]:
    """Yield notes on a layer's sentences that nobody reads, or that are read in another language."""
    yield from _unprepared(settings, above, tree)
    if settings.sentences is above.sentences and settings.languages is above.languages:
        return
    for language, block in settings.sentences.items():
        mark, _ = find(tree, ("sentences", language))
        if not settings.speaks(language):
            if above.sentences.get(language) != block:
                message = f"nobody is answered in `{language}`: it is not among `languages`"
                yield Note(mark.file, mark.line, f"`sentences.{language}`: {message}")
            continue
        if above.sentences.get(language) == block:
            continue
        if without_country(language) not in DETECTED and without_country(language) != without_country(
            settings.language
        ):
            message = (
                "no words of it are known here: it is spoken where Chatwoot names it as the conversation's or the "
                "browser's language, and nowhere else"
            )
            yield Note(mark.file, mark.line, f"`sentences.{language}`: {message}")
        yield from _untranslated(settings, above, language, tree)
        if missing := [name for name in Sentence if name not in block]:
            said = dict.fromkeys(_spoken_instead(settings, name) for name in missing)
            message = f"it lacks {', '.join(missing)}, which are said in {' or '.join(f'`{each}`' for each in said)}"
            yield Note(mark.file, mark.line, f"`sentences.{language}`: {message}")


def _unprepared(settings: Settings, above: Settings, tree: Node) -> Iterator[Note]:
    """Yield a note on each language of `language` and `languages` that has no sentences at all.

    Of a company's own settings only: below a line of business there may still be some.
    """
    unchanged = settings.language == above.language and settings.languages is above.languages
    if unchanged or not settings.company.name:
        return
    named = {
        settings.language: ("language",),
        **{each: ("languages", number) for number, each in enumerate(settings.languages)},
    }
    for language, path in named.items():
        if matching_language(settings.sentences, language) is None:
            mark, _ = find(tree, path)
            said = _spoken_instead(settings, Sentence.HANDOFF)
            message = f"no prepared sentences ship in it, so those in `{said}` are said: write them below"
            yield Note(mark.file, mark.line, f"`{language}`: {message} `sentences.{language}`")


def _untranslated(settings: Settings, above: Settings, language: str, tree: Node) -> Iterator[Note]:
    """Yield a note on sentences that are word for word those that ship in another language, as `init` writes them."""
    others = [block for each, block in above.sentences.items() if without_country(each) != without_country(language)]
    block = settings.sentences[language]
    same = [name for name in block if any(block[name] == other.get(name) for other in others)]
    if same and matching_language(above.sentences, language) is None:
        mark, _ = find(tree, ("sentences", language))
        message = f"not translated yet: {', '.join(same)} are word for word those of another language"
        yield Note(mark.file, mark.line, f"`sentences.{language}`: {message}")
