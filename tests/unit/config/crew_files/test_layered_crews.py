"""Crews of layers laid on each other, of files in memory: what holds where, whose problem it is, and what is shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.crew_files.layered_crews import LayeredCrews
from config.crew_files.layers import read_crew_layer
from config.document.problems import ConfigurationError
from config.schema.channels import CHANNELS
from tests.unit.config.crew_files.test_layers import folder

AGENTS = "seller: {role: r, goal: g, backstory: b}\n"
TASKS = "sell: {description: d, expected_output: e, agent: seller}\n"
WORDS = "{summary: s, tone: t, length: l}\n"
WHOLE = {"agents": AGENTS, "tasks": TASKS, "channels/default": WORDS}
"""The least that a crew is made of."""


def files(function: str, parts: dict[str, str]) -> dict[str, str]:
    return {f"{function}/{name}.yaml": text for name, text in parts.items()}


def crews(*layers: dict[str, str], function: str = "sales", tools: tuple[str, ...] = ()) -> LayeredCrews:
    """Return the crews of layers of one function's files, the weakest first."""
    found = LayeredCrews.of(folder(files(function, layers[0])), tools)
    for each in layers[1:]:
        found = found.with_layer(read_crew_layer(folder(files(function, each))))
    return found


def rules(found: LayeredCrews) -> list[tuple[str, str]]:
    return [(each.file.removeprefix("crews/"), each.rule) for each in found.problems()]


def test_a_crew_is_what_its_files_say() -> None:
    found = crews(WHOLE).blueprint("sales", "email")
    assert (found.function, found.channel, found.implementation) == ("sales", "email", "default")
    assert (found.summary, found.tone, found.length) == ("s", "t", "l")
    assert [(one.name, one.role) for one in found.agents] == [("seller", "r")]
    assert [(one.name, one.agent, one.context) for one in found.tasks] == [("sell", "seller", None)]


def test_a_channels_own_file_stands_above_the_whole_crews_and_answers_for_it_alone() -> None:
    found = crews({**WHOLE, "channels/email": "tone: formal\nsummary: s\nlength: l\nagents: {seller: {max_iter: 2}}\n"})
    mail, sms = found.blueprint("sales", "email"), found.blueprint("sales", "sms")
    assert (mail.tone, mail.implementation, mail.agents[0].max_iter) == ("formal", "email", 2)
    assert (sms.tone, sms.implementation, sms.agents[0].max_iter) == ("t", "default", 4)
    assert found.channels("sales") == ("default", "email")


def test_a_default_says_nothing_to_a_channel_with_a_file_of_its_own() -> None:
    found = crews({**WHOLE, "channels/email": "tone: formal\n"})
    with pytest.raises(ConfigurationError) as error:
        found.blueprint("sales", "email")
    assert {each.rule for each in error.value.problems} == {"missing-key"}
    assert found.blueprint("sales", "sms").tone == "t"


def test_a_stronger_layer_changes_single_values_and_the_rest_stays() -> None:
    found = crews(WHOLE, {"agents": "seller: {goal: to please}\n"}, {"channels/default": "tone: brisk\n"})
    one = found.blueprint("sales", "whatsapp")
    assert (one.tone, one.length) == ("brisk", "l")
    assert (one.agents[0].goal, one.agents[0].role) == ("to please", "r")


def test_null_removes_what_is_inherited() -> None:
    found = crews(
        {**WHOLE, "agents": AGENTS + "helper: {role: a, goal: b, backstory: c}\n"}, {"agents": "helper: null\n"}
    )
    assert [one.name for one in found.blueprint("sales", "email").agents] == ["seller"]


def test_a_layer_that_says_nothing_of_a_crew_shares_it() -> None:
    below = crews(WHOLE)
    above = below.with_layer(read_crew_layer(folder(files("other", WHOLE))))
    assert above.functions == ("other", "sales")
    assert above._merge("sales", "email") is below._merge("sales", "email")
    assert above.blueprint("sales", "email") == below.blueprint("sales", "email")


def test_channels_with_the_same_files_are_merged_once() -> None:
    found = crews(WHOLE)
    assert found._merge("sales", "email") is found._merge("sales", "sms")


def test_equal_meaning_is_equal_whatever_layers_it_came_in() -> None:
    one = crews({**WHOLE, "channels/default": "{summary: s, tone: brisk, length: l}\n"})
    two = crews(WHOLE, {"channels/default": "tone: brisk\n"})
    assert one == two
    assert hash(one) == hash(two)
    assert one != crews(WHOLE)
    assert one != "crews"


def test_a_crew_that_there_is_not_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(ConfigurationError) as error:
        crews(WHOLE).blueprint("sals", "email")
    (problem,) = error.value.problems
    assert (problem.rule, problem.file) == ("unknown-crew", "crews/sales")
    assert "`sales`" in (problem.remedy or "")
    with pytest.raises(ConfigurationError, match="there is no crew"):
        LayeredCrews(()).values("sales", "email")


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"agents": AGENTS}, "no tasks.yaml and no channels/default.yaml"),
        ({"tasks": TASKS}, "no agents.yaml and no channels/default.yaml"),
        ({"agents": AGENTS, "tasks": TASKS}, "no channels/default.yaml"),
        ({"channels/default": WORDS}, "no agents.yaml and no tasks.yaml"),
    ],
)
def test_a_crew_that_lacks_whole_files_is_told_once_with_all_of_them(parts: dict[str, str], missing: str) -> None:
    (problem,) = crews(parts).problems()
    assert problem.rule == "incomplete-crew"
    assert problem.message == f"the crew `sales` has {missing}"


def test_one_whose_name_is_nearly_anothers_is_asked_for_it() -> None:
    both = {**files("sales", WHOLE), **files("salse", {"agents": AGENTS})}
    (problem,) = LayeredCrews.of(folder(both)).problems()
    assert "Did you mean `sales`?" in (problem.remedy or "")


def test_a_channel_that_is_left_out_of_a_crew_in_files_of_channels_alone_is_no_crew_there() -> None:
    found = crews({"agents": AGENTS, "tasks": TASKS, "channels/email": WORDS})
    assert found.blueprint("sales", "email").tone == "t"
    with pytest.raises(ConfigurationError):
        found.blueprint("sales", "sms")


def test_problems_of_all_channels_are_told_once_each() -> None:
    found = crews({**WHOLE, "tasks": TASKS.replace("agent: seller", "agent: clerk")})
    assert rules(found) == [("sales/tasks.yaml", "unknown-agent")]
    with pytest.raises(ConfigurationError) as error:
        found.blueprint("sales", "email")
    assert [each.rule for each in error.value.problems] == ["unknown-agent"]


def test_what_follows_of_a_file_that_could_not_be_read_is_not_told_as_well() -> None:
    found = crews({**WHOLE, "agents": "\tseller: {role: r}\n"})
    assert {rule for _, rule in rules(found)} == {"tab"}


def test_only_what_a_layer_touches_is_told_of_it_when_asked_for_afresh() -> None:
    wrong = {**WHOLE, "tasks": TASKS.replace("agent: seller", "agent: clerk")}
    below = crews(wrong)
    above = below.with_layer(read_crew_layer(folder(files("other", {"agents": AGENTS}))))
    assert {each.rule for each in above.problems(fresh=True)} == {"incomplete-crew"}
    assert {each.rule for each in above.problems()} == {"incomplete-crew", "unknown-agent"}


def test_an_overlay_that_changes_an_agent_that_there_is_not_is_told_at_its_own_line() -> None:
    found = crews(WHOLE, {"agents": "\nclerk: {goal: x}\n"})
    (problem,) = [each for each in found.problems() if each.rule == "unknown-agent"]
    assert problem.line == 2
    assert "`seller`" in (problem.remedy or "") or "A new one needs" in (problem.remedy or "")


def test_tools_that_a_layer_brings_are_known_from_there_on() -> None:
    asks = {"agents": "seller: {tools: [stock]}\n"}
    below = crews(WHOLE)
    assert {each.rule for each in below.with_layer(read_crew_layer(folder(files("sales", asks)))).problems()} == {
        "unknown-tool"
    }
    known = below.with_layer(read_crew_layer(folder(files("sales", asks))), ("stock",))
    assert known.problems() == []
    assert known.blueprint("sales", "email").agents[0].tools == ("stock",)


def test_each_value_is_shown_with_its_file_and_line() -> None:
    found = crews(WHOLE, {"agents": "\nseller: {goal: to please, tools: []}\n"})
    values = {one.path: one for one in found.values("sales", "email")}
    goal = values["agents.seller.goal"]
    assert (goal.value, goal.file, goal.line) == ("to please", "crews/sales/agents.yaml", 2)
    assert values["agents.seller.tools"].value == []
    assert values["agents.seller.role"].line == 1
    assert list(values) == sorted(values)


def test_all_channels_have_a_crew_once_problems_were_asked_for() -> None:
    found = crews(WHOLE)
    assert found.problems() == []
    assert {(function, channel) for function, channel in found._blueprints} == {("sales", one) for one in CHANNELS}
    assert {found.blueprint("sales", one).channel for one in CHANNELS} == set(CHANNELS)


TONES = st.lists(st.sampled_from(["a", "b", "null", ""]), min_size=1, max_size=5)


@given(TONES)
def test_the_strongest_layer_that_says_something_holds(tones: list[str]) -> None:
    said = [f"tone: {tone}\n" if tone else "# nothing\n" for tone in tones]
    found = crews(WHOLE, *({"channels/default": text} for text in said))
    expected = next((tone for tone in reversed(tones) if tone), "t")
    if expected == "null":
        assert {each.rule for each in found.problems()} == {"missing-key"}
    else:
        assert found.blueprint("sales", "email").tone == expected
