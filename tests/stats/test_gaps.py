"""Bias between groups: difference-in-differences, with the raw effects beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, bootstrap_rows, group_gap, group_gaps, interaction_gaps, intersect
from vlmrate.stats.gaps import REST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from vlmrate.stats import Estimate, TestResult

    from .conftest import Tolerances

RNG = np.random.default_rng(21)
IDENTITY = np.repeat(np.arange(60), 4)
RACE = np.repeat(np.array(["Black", "Korean", "White"]), 80)
GENDER = np.tile(np.repeat(np.array(["man", "woman"]), 4), 30)
EMOTION = np.tile(np.array(["happy", "sad", "fear", "angry"]), 60)
HUMAN = np.round(RNG.uniform(2, 8, 240), 2)
MODEL = HUMAN + RNG.normal(0.3, 1, 240) + RNG.normal(0, 0.5, 60)[IDENTITY] - 0.8 * (RACE == "Korean")
D = MODEL - HUMAN
FEW = Bootstrap(resamples=40)


def mean_gap(values: NDArray[np.float64], inside: NDArray[np.bool_], outside: NDArray[np.bool_]) -> float:
    """Mean in one group minus mean in another."""
    return float(values[inside].mean() - values[outside].mean())


def test_bias_is_the_models_effect_minus_the_peoples(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """All three are plain differences of means, and bias is not the model's raw group effect."""
    gap = group_gap(MODEL, HUMAN, RACE, "Korean", "Black", clusters=IDENTITY)
    korean, black = RACE == "Korean", RACE == "Black"
    bias, model, people = (estimated(x) for x in (gap.bias, gap.model_effect, gap.people_effect))
    for ours, values in ((bias, D), (model, MODEL), (people, HUMAN)):
        assert ours.value == pytest.approx(mean_gap(values, korean, black), abs=tolerance.same_algorithm)
    assert bias.value == pytest.approx(model.value - people.value, abs=tolerance.same_algorithm)
    assert (gap.n, gap.n_reference, bias.n) == (80, 80, 160)
    assert bias.ci_low < -0.8 < bias.ci_high


def test_interaction_coefficient_of_a_saturated_model(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """The bias is the rater x group coefficient of statsmodels' least squares on the stacked ratings."""
    rows = pd.DataFrame({"y": [*MODEL, *HUMAN], "rater": np.repeat([1, 0], 240), "race": [*RACE, *RACE]})
    fit = smf.ols("y ~ rater * C(race, Treatment('Black'))", rows).fit()
    gap = group_gap(MODEL, HUMAN, RACE, "Korean", "Black", bootstrap=FEW)
    coefficient = fit.params["rater:C(race, Treatment('Black'))[T.Korean]"]
    assert estimated(gap.bias).value == pytest.approx(coefficient, rel=tolerance.reference)


def test_interval_draws_whole_identities(estimated: Callable[[object], Estimate]) -> None:
    """The interval is that of recomputing the difference in every clustered resample."""
    gap = estimated(group_gap(MODEL, HUMAN, RACE, "Korean", "Black", clusters=IDENTITY, bootstrap=FEW).bias)

    def again(rows: NDArray[np.int64]) -> float:
        return mean_gap(D[rows], RACE[rows] == "Korean", RACE[rows] == "Black")

    plain = estimated(bootstrap_rows(again, 240, name="gap", clusters=IDENTITY, bootstrap=FEW))
    assert (gap.ci_low, gap.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), rel=1e-10)


def test_nested_groups_are_tested_by_welch_over_identities(
    tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """Identities lie in one race each: Welch's t of scipy between their mean differences."""
    test = tested(group_gap(MODEL, HUMAN, RACE, "Korean", "Black", clusters=IDENTITY, bootstrap=FEW).test)
    means = D.reshape(60, 4).mean(axis=1)
    reference = scipy_stats.ttest_ind(means[20:40], means[:20], equal_var=False)
    assert (test.statistic, test.p_value, test.df) == pytest.approx(
        (reference.statistic, reference.pvalue, reference.df), rel=tolerance.reference
    )
    assert (test.n, "Welch" in test.method) == (40, True)


def test_crossed_groups_are_tested_within_identities(
    tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """Every identity shows both emotions: a paired t of scipy over identities, shuffled rows or not."""
    order = np.random.default_rng(0).permutation(240)
    gap = group_gap(MODEL[order], HUMAN[order], EMOTION[order], "sad", "fear", clusters=IDENTITY[order], bootstrap=FEW)
    test = tested(gap.test)
    by_emotion = D.reshape(60, 4)
    reference = scipy_stats.ttest_rel(by_emotion[:, 1], by_emotion[:, 2])
    assert (test.statistic, test.p_value, test.df) == pytest.approx(
        (reference.statistic, reference.pvalue, 59), rel=tolerance.reference
    )


def test_partly_crossed_groups_have_no_test(skipped: Callable[[object], str]) -> None:
    """Some identities on both sides and some on one: neither t is right."""
    half = np.where((EMOTION == "sad") & (IDENTITY < 30), "a", "b")
    assert "some in one" in skipped(group_gap(MODEL, HUMAN, half, "a", "b", clusters=IDENTITY, bootstrap=FEW).test)


def test_strata_undo_a_different_mix_of_emotions(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """A bias of emotions alone is no bias between groups that show them in different numbers."""
    emotion = np.array(["sad"] * 30 + ["happy"] * 10 + ["sad"] * 10 + ["happy"] * 30)
    group = np.repeat(["A", "B"], 40)
    human = np.linspace(2, 8, 80)
    model = human + np.where(emotion == "sad", 2.0, 0.0)
    raw = group_gap(model, human, group, "A", "B", bootstrap=FEW)
    held = group_gap(model, human, group, "A", "B", strata=emotion, bootstrap=FEW)
    assert estimated(raw.bias).value == pytest.approx(1.0)
    assert estimated(held.bias).value == pytest.approx(0.0, abs=1e-12)
    assert "mean over 2 strata" in estimated(held.bias).method
    assert "strata" in skipped(held.test)
    apart = group_gap(model, human, group, "A", "B", strata=np.where(group == "A", "x", "y"), bootstrap=FEW)
    assert "no stratum in common" in skipped(apart.bias)


def test_all_comparisons_asked_for() -> None:
    """Every pair once, every group against the rest, or every group against a reference; in the order given."""
    pairs = group_gaps(MODEL, HUMAN, RACE, bootstrap=FEW)
    assert [(gap.group, gap.reference) for gap in pairs] == [
        ("Black", "Korean"), ("Black", "White"), ("Korean", "White"),
    ]  # fmt: skip
    rest = group_gaps(MODEL, HUMAN, RACE, against="rest", order=["White", "Black", "Korean"], bootstrap=FEW)
    assert [(gap.group, gap.reference, gap.n_reference) for gap in rest] == [
        ("White", REST, 160), ("Black", REST, 160), ("Korean", REST, 160),
    ]  # fmt: skip
    to_white = group_gaps(MODEL, HUMAN, RACE, reference="White", bootstrap=FEW)
    assert [(gap.group, gap.reference) for gap in to_white] == [("Black", "White"), ("Korean", "White")]
    assert to_white[1] == group_gap(MODEL, HUMAN, RACE, "Korean", "White", bootstrap=FEW)


def test_interaction_is_a_difference_of_two_gaps(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """(Black - Korean among men) minus the same among women, for all three readings; 3 x 1 pairs of levels."""
    gaps = interaction_gaps(MODEL, HUMAN, RACE, GENDER, clusters=IDENTITY, bootstrap=FEW)
    assert [gap.first for gap in gaps] == [("Black", "Korean"), ("Black", "White"), ("Korean", "White")]
    first = gaps[0]
    for ours, values in ((first.bias, D), (first.model_effect, MODEL), (first.people_effect, HUMAN)):
        man, woman = (
            mean_gap(values, (RACE == "Black") & (g == GENDER), (RACE == "Korean") & (g == GENDER))
            for g in ("man", "woman")
        )
        assert estimated(ours).value == pytest.approx(man - woman, abs=tolerance.same_algorithm)
    assert first.n == (40, 40, 40, 40)


def test_intersections_are_groups(estimated: Callable[[object], Estimate]) -> None:
    """Two factors make six named cells, compared like any groups."""
    cells = intersect(RACE, GENDER)
    assert set(cells) == {f"{race} x {gender}" for race in ("Black", "Korean", "White") for gender in ("man", "woman")}
    gaps = group_gaps(MODEL, HUMAN, cells, against="rest", clusters=IDENTITY, bootstrap=FEW)
    inside = (RACE == "Korean") & (GENDER == "woman")
    named = {gap.group: gap for gap in gaps}
    assert estimated(named["Korean x woman"].bias).value == pytest.approx(mean_gap(D, inside, ~inside))
    assert named["Korean x woman"].n == 40


@settings(deadline=None, max_examples=25)
@given(st.permutations(range(240)), st.floats(-5, 5), st.floats(-5, 5))
def test_shifts_of_either_rater_and_the_order_of_rows_do_not_matter(
    order: list[int], shift_model: float, shift_human: float
) -> None:
    """A bias that all groups share is no bias between groups."""
    one = group_gap(MODEL, HUMAN, RACE, "Korean", "Black", bootstrap=FEW).bias.value  # type: ignore[union-attr]
    moved = group_gap(
        MODEL[order] + shift_model, HUMAN[order] + shift_human, RACE[order], "Korean", "Black", bootstrap=FEW
    )
    turned = group_gap(MODEL, HUMAN, RACE, "Black", "Korean", bootstrap=FEW)
    assert moved.bias.value == pytest.approx(one, abs=1e-9)  # type: ignore[union-attr]
    assert turned.bias.value == pytest.approx(-one, abs=1e-12)  # type: ignore[union-attr]


def test_what_the_data_do_not_define_is_skipped(skipped: Callable[[object], str]) -> None:
    """A group whose ratings are all missing, one cluster, and groups without variance give reasons."""
    empty = group_gap(np.where(RACE == "Black", np.nan, MODEL), HUMAN, RACE, "Black", "Korean", bootstrap=FEW)
    assert (empty.n, "no image rated by both in Black" in skipped(empty.bias)) == (0, True)
    turned = group_gap(np.where(RACE == "Black", np.nan, MODEL), HUMAN, RACE, "Korean", "Black", bootstrap=FEW)
    assert "in Black" in skipped(turned.test)
    alone = group_gap([1, 2], [1, 1], ["a", "b"], "a", "b", clusters=["p", "p"])
    assert "two clusters" in skipped(alone.bias)
    assert "there is 1" in skipped(alone.test)
    few = group_gap([1, 2, 3], [1, 1, 1], ["a", "b", "b"], "a", "b")
    assert "two clusters in each group" in skipped(few.test)
    constant = group_gap(HUMAN + 1, HUMAN, RACE, "Black", "Korean", bootstrap=FEW)
    assert "no variance in either" in skipped(constant.test)
    crossed = group_gap(HUMAN + 1, HUMAN, EMOTION, "sad", "fear", clusters=IDENTITY, bootstrap=FEW)
    assert "no variance" in skipped(crossed.test)
    missing = np.where((RACE == "Black") & (GENDER == "man"), np.nan, MODEL)
    assert "a cell" in skipped(interaction_gaps(missing, HUMAN, RACE, GENDER, bootstrap=FEW)[0].bias)


def test_unknown_groups_are_refused() -> None:
    """A group that no image belongs to is a slip of the pen, not an empty group."""
    with pytest.raises(AnalysisError, match="Corean"):
        group_gap(MODEL, HUMAN, RACE, "Corean", "Black")
    with pytest.raises(AnalysisError, match="no value for 1 of 2"):
        intersect(["a", None], ["x", "y"])
