"""Gwet's AC1 and AC2: Gwet's own example, a slow calculation by hand, and what must not change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, agreement_weights, gwet_ac, gwet_ac_bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

_ = np.nan
FOUR_RATERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
)
SCALE = [1, 2, 3, 4, 5]


def long(matrix: Any) -> tuple[Any, Any, Any]:
    """Units, raters and values of a table of raters by units."""
    raters, units = np.indices(matrix.shape)
    return units.ravel(), raters.ravel(), matrix.ravel()


def test_gwets_four_raters(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """AC1 .77544 with the interval .461 to 1 over twelve units: the example table of Gwet's package irrCAC."""
    ac1 = estimated(gwet_ac(*long(FOUR_RATERS), SCALE))
    assert ac1.value == pytest.approx(0.77544, abs=TOLERANCE.printed5)
    assert [ac1.ci_low, ac1.ci_high, ac1.n] == pytest.approx([0.461, 1, 12], abs=tolerance.printed3)


@pytest.mark.parametrize("weights", ["identity", "linear", "quadratic"])
def test_value_is_that_of_counting_pairs(
    weights: Literal["identity", "linear", "quadratic"], estimated: Callable[[object], Estimate], quick: Bootstrap
) -> None:
    """The same from its definition: the mean weight of every two raters of a unit, and chance from the shares."""
    w = agreement_weights(5, weights)
    agreeing, shares = [], []
    for unit in FOUR_RATERS.T:
        given = unit[~np.isnan(unit)].astype(int) - 1
        pairs = [w[given[i], given[j]] for i in range(len(given)) for j in range(len(given)) if i != j]
        shares.append(np.bincount(given, minlength=5) / len(given))
        if pairs:
            agreeing.append(np.mean(pairs))
    pi = np.mean(shares, axis=0)
    chance = w.sum() / 20 * (pi * (1 - pi)).sum()
    expected = (np.mean(agreeing) - chance) / (1 - chance)
    assert estimated(gwet_ac(*long(FOUR_RATERS), SCALE, weights=weights)).value == pytest.approx(
        expected, abs=TOLERANCE.same_algorithm
    )
    resampled = estimated(gwet_ac_bootstrap(*long(FOUR_RATERS), SCALE, weights=weights, bootstrap=quick))
    assert resampled.value == pytest.approx(expected, abs=TOLERANCE.same_algorithm)


def test_both_intervals_agree_on_many_units(estimated: Callable[[object], Estimate]) -> None:
    """On 1,500 units the bootstrap has Gwet's standard error to a tenth."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 1500)
    table = np.where(rng.random((3, 1500)) < 0.6, true, rng.integers(0, 3, (3, 1500)))
    by_formula = estimated(gwet_ac(*long(table), [0, 1, 2]))
    resampled = estimated(gwet_ac_bootstrap(*long(table), [0, 1, 2]))
    width = by_formula.ci_high - by_formula.ci_low
    assert resampled.ci_high - resampled.ci_low == pytest.approx(width, rel=0.1)


def test_common_label_does_not_break_it(estimated: Callable[[object], Estimate]) -> None:
    """Where 95 of 100 images get the same label from both, AC1 stays near the agreement; all alike gives 1."""
    first, second = ["no"] * 97 + ["yes"] * 3, ["no"] * 95 + ["yes"] * 2 + ["no"] * 3
    units, raters = list(range(100)) * 2, ["A"] * 100 + ["B"] * 100
    assert estimated(gwet_ac(units, raters, first + second, ["no", "yes"])).value > 0.9
    assert estimated(gwet_ac_bootstrap(units, raters, ["no"] * 200, ["no", "yes"])).value == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.randoms())
def test_rows_names_and_duplicated_units(seed: int, random: Any) -> None:
    """Shuffled rows and renamed raters leave AC2; turned labels too; every unit twice leaves the value."""
    rng = np.random.default_rng(seed)
    units, raters, values = long(rng.integers(1, 6, (3, 10)))
    told = gwet_ac(units, raters, values, SCALE, weights="linear")
    order = random.sample(range(30), 30)
    again = gwet_ac(units[order], [f"rater {r}" for r in raters[order]], 6 - values[order], SCALE, weights="linear")
    twice = gwet_ac(
        np.concatenate([units, units + 10]), np.tile(raters, 2), np.tile(values, 2), SCALE, weights="linear"
    )
    for other in (again, twice):
        assert other.value == pytest.approx(told.value, abs=TOLERANCE.same_algorithm)  # type: ignore[union-attr]


def test_whole_clusters_are_drawn(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """The method names as many clusters as there are identities, and a unit in two of them is refused."""
    units, raters, values = long(FOUR_RATERS)
    told = estimated(gwet_ac_bootstrap(units, raters, values, SCALE, clusters=units // 3, bootstrap=quick))
    assert "4 clusters" in told.method
    with pytest.raises(AnalysisError, match="more than one cluster"):
        gwet_ac_bootstrap(units, raters, values, SCALE, clusters=np.arange(48), bootstrap=quick)


def test_what_cannot_be_computed(skipped: Callable[[object], str], quick: Bootstrap) -> None:
    """Single ratings, one unit, a repeat: Skipped. Undeclared values and a single label: refused."""
    assert "two ratings" in skipped(gwet_ac([1, 2], ["A", "B"], ["x", "y"], ["x", "y"]))
    assert "two units" in skipped(gwet_ac_bootstrap([1, 1], ["A", "B"], ["x", "y"], ["x", "y"], bootstrap=quick))
    assert "more than once" in skipped(gwet_ac([1, 1], ["A", "A"], ["x", "y"], ["x", "y"]))
    with pytest.raises(AnalysisError, match="not declared: 'z'"):
        gwet_ac([1, 1], ["A", "B"], ["x", "z"], ["x", "y"])
    with pytest.raises(AnalysisError, match="two or more"):
        gwet_ac([1, 1], ["A", "B"], ["x", "x"], ["x"])
