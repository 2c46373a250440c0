"""The older shape of a crew, one file with everything, rewritten to the present one before anything else looks at it.

`agents` is a list whose entries have an `id`; `tasks` a list whose entries name an `agent`; `style`, `routing`,
`promotions` and `online_channels` stand beside them. It replaces the whole crew of that function.
"""

from config.document.merge import is_null
from config.document.problems import Note, Problem
from config.document.tree import Mark, Node, Scalar, Sequence, Table

AGENT = ("role", "goal", "backstory", "tools", "max_iter")
TASK = ("description", "expected_output", "agent", "context", "async_execution", "tools", "markdown")
IDLE = {"id", "name", "memory", "verbose", "cache", "allow_delegation", "max_rpm", "llm", "human_input"}
_ELSEWHERE = {
    "routing": "`crew:` and `inboxes:` of the mapping decide who answers",
    "promotions": "promotions stand in config.yaml",
    "online_channels": "addresses are facts of the company in config.yaml",
}
_KNOWN = {"id", "name", "description", "agents", "tasks", "style", *_ELSEWHERE}
_MOST_FRIENDLY = 5


class LegacyCrew:
    """One old file read: `base` is what it says in the present shape, `weak` what it leaves to be filled in."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.notes: list[Note] = []
        self.problems: list[Problem] = []
        self._note(table.mark, "old spelling: a crew in one file; write agents.yaml, tasks.yaml and channels/")
        self._note_unknown_keys()
        self.base = self._base()
        self.weak = _words(table.mark, summary="A crew.", tone="write plainly.", length="one to three short sentences.")

    def _note_unknown_keys(self) -> None:
        """Keys that nothing here reads: older systems had more of them than anyone can list."""
        for key in self.table.items.keys() - _KNOWN:
            self._note(self.table.keys[key], f"`{key[:60]}` of a crew is passed over: nothing here reads it")

    def _base(self) -> Table:
        found = {"agents": self._list("agents", AGENT), "tasks": self._list("tasks", TASK)}
        base = Table(self.table.mark, dict(found), {key: self._mark(key) for key in found})
        summary = self.table.items.get("description") or self.table.items.get("name")
        if isinstance(summary, Scalar):
            base.items["summary"], base.keys["summary"] = summary, summary.mark
        tone = self._tone()
        if tone is not None:
            base.items["tone"], base.keys["tone"] = tone, tone.mark
        for key, why in _ELSEWHERE.items():
            if key in self.table.items:
                self._note(self.table.keys[key], f"`{key}` of a crew is passed over: {why}")
        return base

    def _list(self, kind: str, known: tuple[str, ...]) -> Node:
        """A list with ids as a map; it replaces what is inherited."""
        written = self.table.items.get(kind)
        if not isinstance(written, Sequence):
            return written or Table(self.table.mark, fresh=True)
        made = Table(written.mark, fresh=True)
        for number, entry in enumerate(written.items, start=1):
            if not isinstance(entry, Table):
                self._problem(entry.mark, "type", f"`{kind}`: a map is needed", "Write `key: value` lines after `- `.")
                continue
            name = self._name(entry, kind, number)
            if name in made.items:
                message = f"`{kind}`: the id `{name[:60]}` stands twice"
                self._problem(entry.mark, "duplicate-key", message, "Keep one of the two.")
            made.items[name] = self._entry(entry, kind, known)
            made.keys[name] = entry.mark
        return made

    def _name(self, entry: Table, kind: str, number: int) -> str:
        for key in ("id", "name"):
            node = entry.items.get(key)
            if node is not None and not isinstance(node, Scalar):
                self._problem(entry.keys[key], "type", f"`{kind}.{key}`: text is needed", "Write one word.")
            if isinstance(node, Scalar) and node.value not in {None, ""}:
                return str(node.value)
        return f"{kind.removesuffix('s')}_{number}"

    def _entry(self, entry: Table, kind: str, known: tuple[str, ...]) -> Table:
        idle = [key for key in entry.items if key in IDLE - set(known) - {"id", "name"}]
        if idle:
            self._note(entry.keys[idle[0]], f"`{', '.join(idle)}` of {kind} are passed over: nothing here reads them")
        kept = {key: node for key, node in entry.items.items() if key in known or key not in IDLE}
        return Table(entry.mark, kept, {key: entry.keys[key] for key in kept})

    def _tone(self) -> Scalar | None:
        """`style.tone`, a text or marks from 0 to 5 for manners, as a sentence."""
        style = self.table.items.get("style")
        if not isinstance(style, Table):
            if style is not None and not is_null(style):
                self._problem(self._mark("style"), "type", "`style`: a map is needed", "Write `style: {tone: warm}`.")
            return None
        others = ", ".join(key for key in style.items if key != "tone")
        if others:
            self._note(self._mark("style"), f"`style: {others}` is passed over: config.yaml says greeting and emoji")
        tone = style.items.get("tone")
        if isinstance(tone, Scalar) and isinstance(tone.value, str):
            return tone
        if not isinstance(tone, Table):
            if tone is not None and not is_null(tone):
                remedy = "Write a sentence, or marks as `{friendly: 4}`."
                self._problem(style.keys["tone"], "type", "`style.tone`: text or marks are needed", remedy)
            return None
        marks = {key: node.value for key, node in tone.items.items() if isinstance(node, Scalar)}
        said = [f"{key} {value} of {_MOST_FRIENDLY}" for key, value in marks.items()]
        text = f"manner, as marks from 0 to {_MOST_FRIENDLY}: {', '.join(said)}."
        return Scalar(tone.mark, text, text)

    def _mark(self, key: str) -> Mark:
        return self.table.keys.get(key, self.table.mark)

    def _note(self, mark: Mark, message: str) -> None:
        if all(each.message != message for each in self.notes):
            self.notes.append(Note(mark.file, mark.line, message))

    def _problem(self, mark: Mark, rule: str, message: str, remedy: str) -> None:
        self.problems.append(Problem(*mark, rule, message, remedy))


def is_legacy(table: Table) -> bool:
    """Tell whether a file holds a whole crew in the older shape."""
    return any(isinstance(table.items.get(kind), Sequence) for kind in ("agents", "tasks"))


def _words(mark: Mark, **texts: str) -> Table:
    return Table(mark, {key: Scalar(mark, text, text) for key, text in texts.items()}, dict.fromkeys(texts, mark))
