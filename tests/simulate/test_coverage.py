"""Inject and recover: what is planted in simulated studies comes out, and 95 % intervals hold it."""

from __future__ import annotations

import pytest

from vlmrate.simulate.coverage import Coverage, Target, coverage, enlarge
from vlmrate.simulate.planted import ANSWERS_A, STUDY, PlantedLabels
from vlmrate.simulate.studies import simulate_study
from vlmrate.simulate.targets import targets
from vlmrate.stats import Bootstrap, Estimate, Outcome, Skipped, classification


def estimate(value: float, half: float) -> Outcome:
    """An interval around a value."""
    return Estimate(value, value - half, value + half, 0.95, 10, "made up")


def test_planted_values_are_those_of_the_statistics() -> None:
    """The closed forms of accuracy, kappa, F1 and precision agree with the statistics on answers laid out exactly."""
    planted = PlantedLabels.of(ANSWERS_A)
    truth, answers = [], []
    for true, row in ANSWERS_A.items():
        given = [label for label, share in row.items() for _ in range(round(100 * share))]
        answers += given + [None] * (100 - len(given))
        truth += [true] * 100
    told = classification(truth, answers, list(ANSWERS_A), bootstrap=Bootstrap(resamples=2))
    assert not isinstance(told, Skipped)
    assert planted.accuracy == pytest.approx(told.accuracy.value)  # type: ignore[union-attr]
    assert planted.kappa == pytest.approx(told.kappa.value)  # type: ignore[union-attr]
    assert planted.f1[1] == pytest.approx(told.labels[1].f1.value)  # type: ignore[union-attr]
    assert planted.precision("sad") == pytest.approx(told.labels[1].precision.value)  # type: ignore[union-attr]
    assert planted.recall("sad") == pytest.approx(told.labels[1].recall.value)  # type: ignore[union-attr]


def test_large_studies_are_the_small_one_enlarged() -> None:
    """So many times the identities and people, as many ratings an image."""
    small, large = simulate_study(STUDY), simulate_study(enlarge(STUDY, 2))
    assert len(large.stimuli) == 2 * len(small.stimuli)
    assert large.people.groupby("image_id").size().eq(24).all()
    assert small.people.groupby("image_id").size().eq(24).all()


def test_intervals_that_miss_are_counted_by_side() -> None:
    """Three studies of four have an interval: one holds the truth, one lies above it, one below."""
    outcomes = iter([estimate(1.0, 0.5), estimate(3.0, 0.5), Skipped("no"), estimate(-2.0, 0.5)])
    large = estimate(1.2, 0.1)

    def statistic(_: object, bootstrap: Bootstrap) -> Outcome:
        return large if bootstrap.resamples == 2 else next(outcomes)

    (told,) = coverage(STUDY, [Target("t", "g", statistic)], studies=4, resamples=7, enlarged=1, large_studies=1)
    assert (told.studies, told.below, told.above) == (3, 1, 1)
    assert told.share == pytest.approx(1 / 3)
    assert (told.truth, told.large, told.bias) == (1.2, 1.2, pytest.approx(2 / 3 - 1.2))
    assert told.width == pytest.approx(1.0)
    assert told.monte_carlo_error == pytest.approx((0.95 * 0.05 / 3) ** 0.5)


def test_truth_is_what_was_planted_or_the_expected_value_at_this_size() -> None:
    """A planted truth overrides the large studies', and what is fitted on the data is held against its own mean."""
    planted = Target("p", "g", lambda _, __: estimate(1.0, 0.5), planted=4.0)
    sized = Target("s", "g", lambda _, b: estimate(9.0 if b.resamples == 2 else 1.0, 0.5), of_this_size=True)
    told = coverage(STUDY, [planted, sized], studies=2, resamples=7, enlarged=1, large_studies=1)
    assert [(c.truth, c.large, c.share) for c in told] == [(4.0, 1.0, 0.0), (1.0, 9.0, 1.0)]


def test_statistics_that_are_never_defined_stop_the_examination() -> None:
    """Skipped on a large study, or in every small one: an error and not a coverage of nothing."""
    never = Target("never", "g", lambda _, __: Skipped("not today"))
    with pytest.raises(ValueError, match="never has no value on a large study: not today"):
        coverage(STUDY, [never], studies=1, enlarged=1, large_studies=1)
    small = Target("small", "g", lambda _, b: estimate(1, 1) if b.resamples == 2 else Skipped("too small"))
    with pytest.raises(ValueError, match="small was skipped in every study"):
        coverage(STUDY, [small], studies=1, enlarged=1, large_studies=1)


def test_every_statistic_examined_has_a_value_and_an_interval() -> None:
    """On one study of the examination each gives an estimate whose ends enclose it, under a name of its own."""
    study, names = simulate_study(STUDY), [target.name for target in targets()]
    assert len(set(names)) == len(names) > 50
    for target in targets():
        told = target.statistic(study, Bootstrap(resamples=60))
        assert isinstance(told, Estimate), (target.name, told)
        assert told.ci_low <= told.value <= told.ci_high, target.name


@pytest.fixture(scope="module")
def examined() -> tuple[Coverage, ...]:
    """Every statistic in 600 simulated studies."""
    return coverage(STUDY, targets(), studies=600, resamples=400, enlarged=50, large_studies=4)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_was_planted_is_recovered(examined: tuple[Coverage, ...]) -> None:
    """On the large studies every statistic whose truth is planted lies close to it, within a sixth of an interval."""
    planted = [told for told in examined if told.target.planted is not None]
    assert len(planted) >= 25
    for told in planted:
        assert told.large == pytest.approx(told.truth, abs=told.width / 6), told.target.name


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_intervals_hold_the_truth_as_often_as_they_say(examined: tuple[Coverage, ...]) -> None:
    """95 % intervals hold it in 92 to 98 % of 600 studies, for every statistic, and none was skipped in many."""
    for told in examined:
        assert told.studies >= 590, told.target.name
        assert 0.92 <= told.share <= 0.98, f"{told.target.name}: {told.share:.3f}"
