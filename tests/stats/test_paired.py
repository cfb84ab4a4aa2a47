"""Differences between two raters: the difference of the single scores, narrower for being paired, antisymmetric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from stats.tolerances import TOLERANCE
from vlmrate.stats import (
    Bootstrap,
    ClassificationDifference,
    DimensionalDifference,
    ccc_bootstrap,
    classification,
    compare_classification,
    compare_dimensional,
    mae,
    paired_difference,
    pearson_bootstrap,
    rmse,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, TestResult

LABELS = ["a", "b", "c"]


def answers(seed: int, n: int = 240) -> tuple[Any, Any, Any, Any]:
    """Truth, a better and a worse rater with some invalid answers, identities."""
    rng = np.random.default_rng(seed)
    truth = np.resize(LABELS, n)
    first, second = (
        np.where(rng.random(n) < share, truth, rng.choice([*LABELS, "invalid"], n)) for share in (0.8, 0.5)
    )
    return truth, first, second, np.arange(n) // 6


def test_scores_differ_as_the_single_scores_do(
    estimated: Callable[[object], Estimate], tolerance: Tolerances, quick: Bootstrap
) -> None:
    """Accuracy, macro-F1, balanced accuracy and kappa: first minus second of `classification`."""
    truth, first, second, identity = answers(0)
    told = compare_classification(truth, first, second, LABELS, clusters=identity, bootstrap=quick)
    one, other = (classification(truth, a, LABELS, bootstrap=quick) for a in (first, second))
    assert isinstance(told, ClassificationDifference)
    for score in ("accuracy", "macro_f1", "balanced_accuracy", "kappa"):
        expected = estimated(getattr(one, score)).value - estimated(getattr(other, score)).value
        assert estimated(getattr(told, score)).value == pytest.approx(expected, abs=tolerance.same_algorithm)
    assert "40 clusters" in estimated(told.accuracy).method


def test_any_metric_has_the_fast_ones_interval(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """sklearn's macro-F1, called on every resample, gives the interval of the sums."""
    truth, first, second, identity = answers(1, 60)

    def macro_f1(given: Any, reference: Any) -> float:
        return float(f1_score(reference, given, labels=LABELS, average="macro", zero_division=0))

    slow = estimated(
        paired_difference(macro_f1, first, second, truth, name="macro-F1", clusters=identity, bootstrap=quick)
    )
    fast = compare_classification(truth, first, second, LABELS, clusters=identity, bootstrap=quick)
    assert isinstance(fast, ClassificationDifference)
    difference = estimated(fast.macro_f1)
    assert [slow.value, slow.ci_low, slow.ci_high] == pytest.approx(
        [difference.value, difference.ci_low, difference.ci_high], abs=TOLERANCE.same_algorithm
    )


def test_pairing_narrows_the_interval_and_swapping_turns_it(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """Two raters who err on the same images differ more surely than their own intervals say."""
    rng = np.random.default_rng(2)
    human = rng.normal(5, 2, 150)
    hard = rng.normal(0, 1.5, 150)
    first, second = human + hard, human + hard + rng.normal(0.3, 0.3, 150)
    told, turned = compare_dimensional(first, second, human), compare_dimensional(second, first, human)
    assert isinstance(told, DimensionalDifference)
    assert isinstance(turned, DimensionalDifference)
    for score, single in (("pearson", pearson_bootstrap), ("ccc", ccc_bootstrap), ("mae", mae), ("rmse", rmse)):
        ours, back = estimated(getattr(told, score)), estimated(getattr(turned, score))
        alone, other = estimated(single(first, human)), estimated(single(second, human))
        assert ours.value == pytest.approx(alone.value - other.value, abs=TOLERANCE.reference)
        assert [back.value, back.ci_low] == pytest.approx([-ours.value, -ours.ci_high], abs=tolerance.same_algorithm)
        assert ours.ci_high - ours.ci_low < alone.ci_high - alone.ci_low


def test_same_rater_twice_differs_by_nothing(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """A difference of 0 with an interval of no width, and it says so."""
    told = compare_dimensional([1, 2, 4, 5.0], [1, 2, 4, 5], [2, 2, 3, 6], bootstrap=quick)
    assert isinstance(told, DimensionalDifference)
    for outcome in (told.mae, told.rmse):
        ours = estimated(outcome)
        assert (ours.value, ours.ci_low, ours.ci_high) == (0, 0, 0)
        assert "no width" in ours.method


def test_only_images_that_all_three_rated_count(quick: Bootstrap) -> None:
    """A rating missing on any side leaves the image out."""
    told = compare_dimensional([1, 2, None, 4, 5], [1, 2, 3, 4, None], [2, None, 3, 4, 4], bootstrap=quick)
    assert isinstance(told, DimensionalDifference)
    assert told.n == 2


def test_what_cannot_be_compared_is_skipped(skipped: Callable[[object], str], quick: Bootstrap) -> None:
    """No image, one cluster, a constant rater, a label without an image."""
    assert "an image" in skipped(paired_difference(lambda *_: 0.0, [], [], []))
    assert "no image" in skipped(compare_classification([], [], [], LABELS))
    assert "all three" in skipped(compare_dimensional([None], [1], [1]))
    assert "two clusters" in skipped(compare_classification(["a"], ["a"], ["b"], LABELS))
    assert "two clusters" in skipped(compare_dimensional([1, 2], [1, 2], [1, 2], clusters=["x", "x"]))
    told = compare_dimensional([3, 3, 3, 3], [1, 2, 3, 4], [1, 3, 2, 4], bootstrap=quick)
    assert isinstance(told, DimensionalDifference)
    assert "Pearson" in skipped(told.pearson)
    named = compare_classification(["a", "b"] * 3, ["a", "b"] * 3, ["a"] * 6, LABELS, bootstrap=quick)
    assert isinstance(named, ClassificationDifference)
    assert "macro-F1" in skipped(named.macro_f1)


def test_tests_of_differences_are_jackknifes(tested: Callable[[object], TestResult]) -> None:
    """t = difference / jackknife SE over identities, left out one by one: told here by a loop."""
    rng = np.random.default_rng(3)
    human = rng.normal(5, 1.5, 120)
    a, b, identity = human + rng.normal(0, 0.5, 120), human + rng.normal(0, 0.6, 120), np.arange(120) // 4
    told = compare_dimensional(a, b, human, clusters=identity, bootstrap=Bootstrap(resamples=20))
    assert isinstance(told, DimensionalDifference)

    def fisher_z(kept: Any) -> float:
        return float(np.subtract(*(np.arctanh(np.corrcoef(x[kept], human[kept])[0, 1]) for x in (a, b))))

    def error(kept: Any) -> float:
        return float(np.subtract(*(np.abs(x - human)[kept].mean() for x in (a, b))))

    for test, statistic in ((told.pearson_test, fisher_z), (told.mae_test, error)):
        left_out = np.array([statistic(identity != one) for one in range(30)])
        se = np.sqrt(29 / 30 * ((left_out - left_out.mean()) ** 2).sum())
        assert tested(test).statistic == pytest.approx(statistic(identity >= 0) / se)
        assert tested(test).df == 29


@pytest.mark.slow
def test_tests_of_differences_keep_their_level() -> None:
    """Two raters equally good, images of one identity alike: one test in twenty comes out, of r, MAE and kappa."""
    quick, hits = Bootstrap(resamples=2), np.zeros(3)
    for seed in range(500):
        rng = np.random.default_rng(seed)
        identity = np.arange(160) // 4
        human = rng.normal(5, 1.5, 160)
        raters = [human + rng.normal(0, 0.5, 40)[identity] + rng.normal(0, 0.7, 160) for _ in range(2)]
        truth = np.resize(LABELS, 160)
        labels = [
            np.where(rng.random(40)[identity] + rng.random(160) < 1.3, truth, rng.choice(LABELS, 160)) for _ in range(2)
        ]
        told = compare_dimensional(*raters, human, clusters=identity, bootstrap=quick)
        named = compare_classification(truth, *labels, LABELS, clusters=identity, bootstrap=quick)
        assert isinstance(told, DimensionalDifference)
        assert isinstance(named, ClassificationDifference)
        p_values = [test.p_value for test in (told.pearson_test, told.mae_test, named.kappa_test)]  # type: ignore[union-attr]
        hits += np.array(p_values) < 0.05
    assert (hits / 500 > 0.025).all(), hits
    assert (hits / 500 < 0.085).all(), hits


def test_raters_that_agree_in_everything_cannot_be_tested(skipped: Callable[[object], str]) -> None:
    """A difference of 0 whichever identity is left out has no error: the reason says so, and p is not 1."""
    truth, first, _, identity = answers(0)
    told = compare_classification(truth, first, first, LABELS, clusters=identity, bootstrap=Bootstrap(resamples=20))
    assert isinstance(told, ClassificationDifference)
    assert "no error" in skipped(told.kappa_test)
