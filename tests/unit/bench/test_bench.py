import json

import pytest

from bench.command import entries, main, table
from bench.figure import Figure, compared, quantile, rounded


def test_the_list_names_every_entry_with_what_it_measures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = {line.split()[0]: line.split(maxsplit=1)[1] for line in capsys.readouterr().out.splitlines()}
    assert set(listed) == set(entries())
    assert {"ingress", "path"} <= set(listed)
    assert all(len(about) > 20 for about in listed.values())


def test_an_unknown_entry_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    assert "ingress" in capsys.readouterr().err


def test_a_ratio_is_the_median_of_pairs_not_of_sums() -> None:
    figure = compared("x", "ms", [10, 20, 300], [10, 10, 100], "plainly")
    assert figure.value == 20
    assert figure.ratio == 2
    assert figure.against == "plainly: 10.0 ms"


def test_figures_are_shown_with_exactly_five_keys() -> None:
    shown = json.loads(json.dumps(Figure("a", 1.5, "ms").shown()))
    assert shown == {"name": "a", "value": 1.5, "unit": "ms", "against": None, "ratio": None}


def test_a_table_lines_up_and_holds_all() -> None:
    lines = table([Figure("a", 1.5, "ms", "b: 3 ms", 0.5), Figure("longer.name", 1000, "requests/s")]).splitlines()
    assert "x 0.5" in lines[0]
    assert lines[0].index("1.5 ms") + len("1.5 ms") == lines[1].index("1000 requests/s") + len("1000 requests/s")


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 3), (0.95, 5), (1.0, 5)])
def test_a_quantile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert quantile([5, 3, 1, 2, 4], share) == value


def test_the_99th_of_a_hundred_is_not_the_worst_of_them() -> None:
    assert quantile(list(range(1, 101)), 0.99) == 99


@pytest.mark.parametrize(("value", "shown"), [(0.012345, 0.0123), (12.345, 12.3), (12345.6, 12346)])
def test_three_digits_are_kept(value: float, shown: float) -> None:
    assert rounded(value) == shown
