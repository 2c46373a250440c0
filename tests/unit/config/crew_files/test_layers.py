"""A folder of crews read as one layer, of bytes in memory: which file says what, and what is not read."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.crew_files.layers import DEFAULT, CrewLayer, FunctionLayer, read_crew_layer
from config.document.problems import Problem
from config.document.tree import Table, plain
from config.files.sources import Folder
from config.schema.channels import CHANNELS


def folder(files: dict[str, str], troubles: dict[str, Problem] | None = None) -> Folder:
    """Return a folder `crews` with these files, as it would have been read from a disk."""
    folders: dict[str, set[str]] = {"": set()}
    for path in files:
        parts = path.split("/")
        for depth in range(len(parts)):
            folders.setdefault("/".join(parts[:depth]), set()).add(parts[depth])
    listed = {path: tuple(sorted(names)) for path, names in folders.items()}
    data = {path: text.encode() for path, text in files.items()}
    return Folder(Path("crews"), data, listed, troubles or {})


def layer(**files: str) -> CrewLayer:
    """Return a layer of the files of a crew `sales`; `__` stands for `/`."""
    return read_crew_layer(folder({f"sales/{name.replace('__', '/')}.yaml": text for name, text in files.items()}))


def sales(**files: str) -> FunctionLayer:
    found = layer(**files)
    assert found.problems == ()
    return found.functions["sales"]


def told(found: CrewLayer) -> list[tuple[str, int, str]]:
    return [(each.file.removeprefix("crews/"), each.line, each.rule) for each in found.problems]


def test_agents_and_tasks_are_read_of_files_of_those_names() -> None:
    found = sales(agents="seller: {role: r}\n", tasks="sell: {agent: seller}\n")
    assert plain(found.base) == {"agents": {"seller": {"role": "r"}}, "tasks": {"sell": {"agent": "seller"}}}
    assert found.base.keys["agents"].file == "crews/sales/agents.yaml"
    assert (found.channels, found.weak) == ({}, None)


def test_a_channels_file_is_that_channels_alone() -> None:
    found = sales(channels__email="tone: formal\n", channels__default="tone: warm\n")
    assert {name: plain(table) for name, table in found.channels.items()} == {
        "email": {"tone": "formal"}, "default": {"tone": "warm"},
    }  # fmt: skip
    assert found.channel("email") == "email"
    assert {found.channel(name) for name in CHANNELS if name != "email"} == {DEFAULT}


def test_a_channel_without_any_file_is_answered_by_the_default_all_the_same() -> None:
    assert sales(agents="seller: {role: r}\n").channel("email") == DEFAULT


def test_what_concerns_the_whole_crew_stands_in_its_config_and_parts_in_their_files_win() -> None:
    found = sales(config="fuse: always\nagents: {old: {role: o}}\n", agents="new: {role: r}\n")
    assert plain(found.base) == {"fuse": "always", "agents": {"new": {"role": "r"}}}


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("tone: warm\n", "Write it in channels/default.yaml, or in the file of one channel."),
        ("fuze: always\n", "Did you mean `fuse`?"),
    ],
)
def test_a_key_that_the_config_does_not_have_is_told_with_where_it_belongs(text: str, remedy: str) -> None:
    found = layer(config=text)
    (problem,) = found.problems
    assert (problem.rule, problem.line) == ("unknown-key", 1)
    assert remedy in (problem.remedy or "")


def test_a_folder_with_nothing_in_it_is_no_crew() -> None:
    assert read_crew_layer(folder({"sales/notes.yaml": "x: 1\n"})).functions == {}
    assert read_crew_layer(Folder(Path("crews"))) == CrewLayer({})


def test_an_empty_file_says_nothing_and_its_crew_is_one() -> None:
    found = layer(agents="", channels__email="# later\n")
    assert found.problems == ()
    assert plain(found.functions["sales"].base) == {"agents": {}}
    assert plain(found.functions["sales"].channels["email"]) == {}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"agents": "- seller\n"}, ("sales/agents.yaml", 1, "type")),
        ({"channels__email": "formal\n"}, ("sales/channels/email.yaml", 1, "type")),
        ({"channels__emial": "tone: x\n"}, ("sales/channels/emial.yaml", 1, "unknown-channel")),
        ({"agent": "seller: {role: r}\n"}, ("sales/agent.yaml", 1, "unknown-file")),
        ({"email": "tone: x\n"}, ("sales/email.yaml", 1, "unknown-file")),
        ({"channels__email__more": "tone: x\n"}, ("sales/channels/email/more.yaml", 1, "unknown-file")),
        ({"agents": "seller: {role: a}\nseller: {role: b}\n"}, ("sales/agents.yaml", 2, "duplicate-key")),
        ({"agents": "seller:\n  role: ${KEY}\n"}, ("sales/agents.yaml", 2, "reference-in-text")),
        ({"channels__email": "tone: ENC[gAAAAA]\n"}, None),
    ],
)
def test_a_mistake_is_told_at_its_file_and_line(files: dict[str, str], expected: tuple[str, int, str] | None) -> None:
    found = told(layer(**files))
    assert expected is None or expected in found


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("agent", "Rename it to agents.yaml."),
        ("task", "Rename it to tasks.yaml."),
        ("email", "Rename it to channels/email.yaml."),
        ("inventory", "Remove it, or put it where it is read."),
        ("deep__agents", "Remove it, or put it where it is read."),
    ],
)
def test_a_file_that_is_not_read_is_told_with_its_likely_name(name: str, remedy: str) -> None:
    (problem,) = layer(**{name: "x: 1\n"}).problems
    assert problem.rule == "unknown-file"
    assert problem.remedy == remedy


def test_a_file_beside_the_folders_of_crews_is_not_read() -> None:
    found = read_crew_layer(folder({"agents.yaml": "x: 1\n", "sales/agents.yaml": "seller: {role: r}\n"}))
    assert told(found) == [("agents.yaml", 1, "unknown-file")]
    assert list(found.functions) == ["sales"]


@pytest.mark.parametrize("name", ["Sales", "my sales", "-sales", "ação"])
def test_a_crew_that_no_mapping_can_name_is_told(name: str) -> None:
    found = read_crew_layer(folder({f"{name}/agents.yaml": "seller: {role: r}\n"}))
    assert told(found) == [(name, 1, "folder-name")]


def test_what_could_not_be_read_is_a_problem_of_the_layer() -> None:
    trouble = Problem("crews/sales/agents.yaml", 1, 1, "unreadable", "cannot be read", "Make it readable.")
    found = read_crew_layer(folder({"sales/tasks.yaml": "sell: {agent: s}\n"}, {"sales/agents.yaml": trouble}))
    assert found.problems == (trouble,)
    assert "sales" in found.functions


def test_a_whole_crew_in_one_file_is_read_in_its_old_shape_beside_its_channels() -> None:
    found = layer(config="agents: [{id: seller, role: r}]\ntasks: [{agent: seller, description: d}]\n",
                  channels__email="tone: formal\n")  # fmt: skip
    one = found.functions["sales"]
    assert plain(one.base) == {
        "agents": {"seller": {"role": "r"}}, "tasks": {"task_1": {"agent": "seller", "description": "d"}},
    }  # fmt: skip
    assert one.weak is not None
    assert plain(one.channels["email"]) == {"tone": "formal"}
    assert [note.message[:12] for note in found.notes] == ["old spelling"]


@given(
    st.dictionaries(
        st.sampled_from(
            ["a/agents.yaml", "a/tasks.yaml", "a/config.yaml", "a/channels/email.yaml", "b/x.yaml", "y.yaml"]
        ),
        st.text(alphabet="ab: {}[]-\n#'\"&*!|>\t", max_size=30),
        max_size=4,
    )
)
def test_whatever_files_hold_the_layer_is_read_and_every_problem_names_one_of_them(files: dict[str, str]) -> None:
    found = read_crew_layer(folder(files))
    assert {each.file.removeprefix("crews/") for each in found.problems} <= set(files)
    assert all(isinstance(one.base, Table) for one in found.functions.values())
