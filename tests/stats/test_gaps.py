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
from vlmrate.stats import Skipped, group_gap, group_gaps, interaction_gaps, intersect
from vlmrate.stats.gaps import REST

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate, GroupGap, TestResult

RNG = np.random.default_rng(21)
IDENTITY = np.repeat(np.arange(60), 4)
RACE = np.repeat(np.array(["Black", "Korean", "White"]), 80)
GENDER = np.tile(np.repeat(np.array(["man", "woman"]), 4), 30)
EMOTION = np.tile(np.array(["happy", "sad", "fear", "angry"]), 60)
HUMAN = np.round(RNG.uniform(2, 8, 240), 2)
MODEL = HUMAN + RNG.normal(0.3, 1, 240) + RNG.normal(0, 0.5, 60)[IDENTITY] - 0.8 * (RACE == "Korean")
D = MODEL - HUMAN


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
    gap = group_gap(MODEL, HUMAN, RACE, "Korean", "Black")
    coefficient = fit.params["rater:C(race, Treatment('Black'))[T.Korean]"]
    assert estimated(gap.bias).value == pytest.approx(coefficient, rel=tolerance.reference)


def test_identities_of_one_group_are_compared_as_by_welch(
    tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """With equally many images an identity, t is scipy's Welch t between identities' mean differences.

    df are Satterthwaite's under one variance: 2 (20 - 1) for groups of 20, not below Welch's own.
    """
    gap = group_gap(MODEL, HUMAN, RACE, "Korean", "Black", clusters=IDENTITY)
    test, means = tested(gap.test), D.reshape(60, 4).mean(axis=1)
    reference = scipy_stats.ttest_ind(means[20:40], means[:20], equal_var=False)
    assert test.statistic == pytest.approx(reference.statistic, rel=tolerance.reference)
    assert (test.df, test.n) == (pytest.approx(38), 160)
    assert test.df >= reference.df
    assert "CR2 standard error over 40 clusters" in test.method


def test_identities_in_both_groups_are_compared_as_by_a_paired_t(
    tested: Callable[[object], TestResult], tolerance: Tolerances
) -> None:
    """Every identity shows both emotions: t, df and p are scipy's paired t over identities, shuffled rows or not."""
    order = np.random.default_rng(0).permutation(240)
    gap = group_gap(MODEL[order], HUMAN[order], EMOTION[order], "sad", "fear", clusters=IDENTITY[order])
    test = tested(gap.test)
    by_emotion = D.reshape(60, 4)
    reference = scipy_stats.ttest_rel(by_emotion[:, 1], by_emotion[:, 2])
    assert (test.statistic, test.p_value, test.df) == pytest.approx(
        (reference.statistic, reference.pvalue, 59), rel=tolerance.reference
    )


def test_images_weigh_the_same_in_estimate_interval_and_test(
    estimated: Callable[[object], Estimate], tested: Callable[[object], TestResult]
) -> None:
    """Where identities differ in their number of images, test and interval both speak of the difference reported.

    The unweighted means of identities differ by 0 here; the images by 1.5.
    """
    who = np.array(["a"] * 9 + ["b"] + ["c"] + ["d"] * 9)
    d = np.array([1.0] * 9 + [-1.0] + [1.0] + [-1.0] * 9) + np.tile([0.05, -0.05], 10)
    gap = group_gap(d + 5, np.full(20, 5.0), [*"A" * 10, *"B" * 10], "A", "B", clusters=who)
    bias, test = estimated(gap.bias), tested(gap.test)
    assert bias.value == pytest.approx(1.6, abs=0.05)
    half = (bias.ci_high - bias.ci_low) / 2
    assert abs(test.statistic) == pytest.approx(bias.value / half * scipy_stats.t.ppf(0.975, test.df))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.floats(-1.5, 1.5), st.sampled_from([0.8, 0.95, 0.99]), st.booleans())
def test_a_test_says_what_its_interval_says(seed: int, shift: float, level: float, stratified: bool) -> None:
    """p lies below 1 - level exactly where the interval of that level excludes 0, with strata and without."""
    gap = unbalanced(np.random.default_rng(seed), 14, shift, stratified=stratified, level=level)
    if not isinstance(gap.test, Skipped):
        low, high = gap.bias.ci_low, gap.bias.ci_high  # type: ignore[union-attr]
        assert (gap.test.p_value < 1 - level) == (not low <= 0 <= high)


def unbalanced(
    rng: np.random.Generator,
    identities: int,
    gap: float,
    *,
    stratified: bool,
    crossed: bool = True,
    level: float = 0.95,
) -> GroupGap:
    """A gap planted between two groups of identities with one to eight images and an effect of their own.

    `crossed`: every third identity has images in both groups. Happy images are rated a point higher, and group A shows
    fewer of them: only strata keep that out of the gap.
    """
    who = np.repeat(np.arange(identities), rng.integers(1, 9, identities))
    in_a = who < identities // 2
    if crossed:
        in_a = np.where(who % 3 == 0, rng.random(len(who)) < 0.5, in_a)
    happy = rng.random(len(who)) < np.where(in_a, 0.3, 0.7)
    d = rng.normal(0, 0.6, identities)[who] + rng.normal(0, 1, len(who)) + gap * in_a + stratified * happy
    human = rng.uniform(2, 8, len(who))
    strata = np.where(happy, "happy", "sad") if stratified else None
    return group_gap(human + d, human, np.where(in_a, "A", "B"), "A", "B", strata=strata, clusters=who, level=level)


@pytest.mark.slow
@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize(("identities", "crossed"), [(10, False), (24, False), (24, True)])
def test_planted_gaps_are_covered_and_none_is_made_up(identities: int, crossed: bool, stratified: bool) -> None:
    """In 1,200 studies of unequal identities a gap of 0 is rejected in 3 to 7 %, one of .5 held in 92 to 98 %."""
    for gap in (0.0, 0.5):
        told = [
            unbalanced(np.random.default_rng([seed, 3]), identities, gap, stratified=stratified, crossed=crossed)
            for seed in range(1200)
        ]
        made = [one for one in told if not isinstance(one.bias, Skipped)]
        held = np.mean([one.bias.ci_low <= gap <= one.bias.ci_high for one in made])  # type: ignore[union-attr]
        assert len(made) > 1100
        assert 0.92 <= held <= 0.98
        if gap == 0:
            rejected = np.mean([one.test.p_value < 0.05 for one in made])  # type: ignore[union-attr]
            assert 0.03 <= rejected <= 0.07


def test_strata_undo_a_different_mix_of_emotions(
    estimated: Callable[[object], Estimate], tested: Callable[[object], TestResult], skipped: Callable[[object], str]
) -> None:
    """A bias of emotions alone is no bias between groups that show them in different numbers, nor is it tested so."""
    emotion = np.array(["sad"] * 30 + ["happy"] * 10 + ["sad"] * 10 + ["happy"] * 30)
    group = np.repeat(["A", "B"], 40)
    human = np.linspace(2, 8, 80)
    model = human + np.where(emotion == "sad", 2.0, 0.0) + 0.1 * np.tile([1, -1], 40)
    raw = group_gap(model, human, group, "A", "B")
    held = group_gap(model, human, group, "A", "B", strata=emotion)
    assert estimated(raw.bias).value == pytest.approx(1.0)
    assert tested(raw.test).p_value < 0.001
    assert estimated(held.bias).value == pytest.approx(0.0, abs=1e-12)
    assert "mean over 2 strata" in estimated(held.bias).method
    assert tested(held.test).p_value == pytest.approx(1.0)
    apart = group_gap(model, human, group, "A", "B", strata=np.where(group == "A", "x", "y"))
    assert "no stratum in common" in skipped(apart.bias)


def test_all_comparisons_asked_for() -> None:
    """Every pair once, every group against the rest, or every group against a reference; in the order given."""
    pairs = group_gaps(MODEL, HUMAN, RACE)
    assert [(gap.group, gap.reference) for gap in pairs] == [
        ("Black", "Korean"), ("Black", "White"), ("Korean", "White"),
    ]  # fmt: skip
    rest = group_gaps(MODEL, HUMAN, RACE, against="rest", order=["White", "Black", "Korean"])
    assert [(gap.group, gap.reference, gap.n_reference) for gap in rest] == [
        ("White", REST, 160), ("Black", REST, 160), ("Korean", REST, 160),
    ]  # fmt: skip
    to_white = group_gaps(MODEL, HUMAN, RACE, reference="White")
    assert [(gap.group, gap.reference) for gap in to_white] == [("Black", "White"), ("Korean", "White")]
    assert to_white[1] == group_gap(MODEL, HUMAN, RACE, "Korean", "White")


def test_interaction_is_a_difference_of_two_gaps(
    estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """(Black - Korean among men) minus the same among women, for all three readings; 3 x 1 pairs of levels."""
    gaps = interaction_gaps(MODEL, HUMAN, RACE, GENDER, clusters=IDENTITY)
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
    gaps = group_gaps(MODEL, HUMAN, cells, against="rest", clusters=IDENTITY)
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
    one = group_gap(MODEL, HUMAN, RACE, "Korean", "Black").bias.value  # type: ignore[union-attr]
    moved = group_gap(MODEL[order] + shift_model, HUMAN[order] + shift_human, RACE[order], "Korean", "Black")
    turned = group_gap(MODEL, HUMAN, RACE, "Black", "Korean")
    assert moved.bias.value == pytest.approx(one, abs=1e-9)  # type: ignore[union-attr]
    assert turned.bias.value == pytest.approx(-one, abs=1e-12)  # type: ignore[union-attr]


def test_what_the_data_do_not_define_is_skipped(skipped: Callable[[object], str]) -> None:
    """A group whose ratings are all missing, one cluster, and values without variance give reasons, none a 0."""
    empty = group_gap(np.where(RACE == "Black", np.nan, MODEL), HUMAN, RACE, "Black", "Korean")
    assert (empty.n, "no image rated by both in Black" in skipped(empty.bias)) == (0, True)
    turned = group_gap(np.where(RACE == "Black", np.nan, MODEL), HUMAN, RACE, "Korean", "Black")
    assert "in Black" in skipped(turned.test)
    few = group_gap([1, 2, 3], [1, 1, 1], ["a", "b", "b"], "a", "b")
    for outcome in (few.bias, few.model_effect, few.test):
        assert "all images of a are of one" in skipped(outcome)
    assert skipped(group_gap(MODEL, HUMAN, RACE, "Black", "White", strata=RACE).bias) == (
        "Black and White have no stratum in common"
    )
    constant = group_gap(HUMAN + 1, HUMAN, RACE, "Black", "Korean")
    assert "standard error of 0" in skipped(constant.test)
    assert "standard error of 0" in skipped(constant.bias)
    missing = np.where((RACE == "Black") & (GENDER == "man"), np.nan, MODEL)
    (first, *_) = interaction_gaps(missing, HUMAN, RACE, GENDER)
    assert "a cell" in skipped(first.bias)
    assert "a cell" in skipped(first.test)


def test_a_stratum_with_one_cluster_is_named(skipped: Callable[[object], str]) -> None:
    """The reason says which group in which stratum has the images of one identity only."""
    emotion = np.where((RACE == "Black") & (IDENTITY > 0), "sad", "happy")
    emotion[80::2] = "sad"
    gap = group_gap(MODEL, HUMAN, RACE, "Black", "Korean", strata=emotion, clusters=IDENTITY)
    assert "all images of Black in happy are of one" in skipped(gap.bias)


@pytest.mark.parametrize("against", ["pairs", "rest"])
def test_one_group_is_nothing_to_compare(against: str, skipped: Callable[[object], str]) -> None:
    """Not an empty table and not a difference of 0: a reason; a group against itself is a slip of the pen."""
    alone = ["Korean"] * 240
    assert "all images are of Korean" in skipped(group_gaps(MODEL, HUMAN, alone, against=against))  # type: ignore[arg-type]
    assert "all images are of Korean" in skipped(group_gaps(MODEL, HUMAN, alone, reference="Korean"))
    assert "first factor" in skipped(interaction_gaps(MODEL, HUMAN, alone, GENDER))
    assert "second factor" in skipped(interaction_gaps(MODEL, HUMAN, GENDER, alone))
    assert "no image" in skipped(group_gaps([], [], []))
    with pytest.raises(AnalysisError, match="Black is compared with itself"):
        group_gap(MODEL, HUMAN, RACE, "Black", "Black")


def test_unknown_groups_are_refused() -> None:
    """A group that no image belongs to is a slip of the pen, not an empty group; 95 is no confidence level."""
    with pytest.raises(AnalysisError, match="Corean"):
        group_gap(MODEL, HUMAN, RACE, "Corean", "Black")
    with pytest.raises(AnalysisError, match="Corean"):
        group_gaps(MODEL, HUMAN, RACE, reference="Corean")
    with pytest.raises(AnalysisError, match="no value for 1 of 2"):
        intersect(["a", None], ["x", "y"])
    for gaps in (
        lambda: group_gaps(MODEL, HUMAN, RACE, level=95),
        lambda: group_gap(MODEL, HUMAN, RACE, "Black", level=0),
    ):
        with pytest.raises(AnalysisError, match="confidence level"):
            gaps()
