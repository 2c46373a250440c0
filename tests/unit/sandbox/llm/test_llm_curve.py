import statistics
from pathlib import Path

import pytest

from sandbox.llm.curve import Lengths, Pace, named
from tests.data import public

DRAWS = 20_000


def _draws(name: str, median: int | None = None) -> list[Pace]:
    curve = named(name)
    return [curve.pace(f"1:{number}", median) for number in range(DRAWS)]


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * len(values))]


@pytest.mark.parametrize(
    ("name", "median", "p95", "p99", "slowest"),
    [("gpt-4o-mini", 0.536, 0.844, 4.461, 5.9), ("gpt-4.1-mini", 0.661, 1.087, 2.169, 4.3)],
)
def test_time_to_first_token_follows_the_published_quantiles(
    name: str, median: float, p95: float, p99: float, slowest: float
) -> None:
    first = [pace.first for pace in _draws(name)]
    assert _quantile(first, 0.5) == pytest.approx(median, rel=0.03)
    assert _quantile(first, 0.95) == pytest.approx(p95, rel=0.06)
    assert 0.5 * p99 < _quantile(first, 0.99) < 1.6 * p99  # the tail is a fit to one point
    assert max(first) < slowest
    assert sum(value > 2 for value in first) / DRAWS == pytest.approx(0.015, abs=0.004)


@pytest.mark.parametrize(("name", "low", "mode", "high"), [("gpt-4o-mini", 45, 70, 105), ("gpt-4.1-mini", 50, 65, 80)])
def test_speed_is_triangular(name: str, low: float, mode: float, high: float) -> None:
    speeds = [pace.speed for pace in _draws(name)]
    assert low <= min(speeds)
    assert max(speeds) <= high
    assert statistics.fmean(speeds) == pytest.approx((low + mode + high) / 3, rel=0.01)


def test_length_is_lognormal_around_the_median_asked_for() -> None:
    lengths = [float(pace.length or 0) for pace in _draws("gpt-4o-mini", 70)]
    assert _quantile(lengths, 0.5) == pytest.approx(70, rel=0.03)
    assert _quantile(lengths, 0.8413) == pytest.approx(70 * 1.822, rel=0.05)  # e ** 0.6, one sigma up


def test_one_call_of_median_70_capped_at_110_is_as_simulated_elsewhere() -> None:
    """The published simulation (p50 / p95 of 1.81 / 2.76 s) has the POST to Chatwoot and more inside."""
    seconds = [pace.first + min(pace.length or 0, 110) / pace.speed + 0.12 for pace in _draws("gpt-4o-mini", 70)]
    assert _quantile(seconds, 0.5) == pytest.approx(1.81, rel=0.1)
    assert _quantile(seconds, 0.95) == pytest.approx(2.76, rel=0.08)


def test_the_same_seed_draws_the_same() -> None:
    curve = named("gpt-4o-mini")
    assert curve.pace("7:3", 70) == curve.pace("7:3", 70)
    assert curve.pace("7:3", 70) != curve.pace("8:3", 70)
    assert curve.embedding_seconds("7:3") == curve.embedding_seconds("7:3")


def test_embeddings_take_ninety_milliseconds_in_the_middle() -> None:
    curve = named("gpt-4o-mini")
    assert statistics.median(curve.embedding_seconds(str(at)) for at in range(2000)) == pytest.approx(0.09, rel=0.05)


def test_instant_and_fixed_do_what_they_say() -> None:
    assert named("instant").pace("1") == Pace(0, 0, None)
    assert named("fixed:500ms").pace("1").first == 0.5
    assert named("fixed:2s").pace("1").first == 2


def test_an_unknown_curve_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"gpt-4o-mini.*fixed:500ms"):
        named("gpt-9")


def test_a_trace_gives_the_lengths_recorded() -> None:
    lengths = Lengths.read(public("azure_llm_conversation_trace.csv"))
    drawn = [float(named("instant").pace(f"1:{at}", None, lengths).length or 0) for at in range(5_000)]
    assert _quantile(drawn, 0.5) == pytest.approx(129, rel=0.06)
    assert _quantile(drawn, 0.9) == pytest.approx(424, rel=0.06)


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="GeneratedTokens"):
        Lengths.read(tmp_path / "trace.csv")
