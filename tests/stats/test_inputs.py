"""What is no column, no level or no label is refused by every function alike; what is undefined is Skipped."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from stats.ratings24 import ANSWERS, FEW, HUMAN, IDENTITY, LABELS, MODEL, RATERS, TRUTH, UNITS
from stats.tolerances import TOLERANCE
from vlmrate import stats
from vlmrate.errors import AnalysisError
from vlmrate.stats import AffineLine, Bootstrap, Calibration, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable


DATES = [
    np.full(24, "2024-01-01", dtype="datetime64[D]"),
    [dt.timedelta(days=day) for day in range(24)],
    [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * 24,
]

LABELLED: dict[str, Callable[[Any, Any], Any]] = {
    "accuracy": lambda t, a: stats.accuracy(t, a, LABELS, bootstrap=FEW),
    "classification": lambda t, a: stats.classification(t, a, LABELS, bootstrap=FEW),
    "confusion": lambda t, a: stats.confusion(t, a, LABELS),
    "cohen_kappa": lambda t, a: stats.cohen_kappa(t, a, LABELS, bootstrap=FEW),
    "cohen_kappa_asymptotic": lambda t, a: stats.cohen_kappa_asymptotic(t, a, LABELS),
    "weighted_kappa": lambda t, a: stats.weighted_kappa(t, a, LABELS, bootstrap=FEW),
    "weighted_kappa_asymptotic": lambda t, a: stats.weighted_kappa_asymptotic(t, a, LABELS),
    "detection": lambda t, a: stats.detection(t, a, LABELS, bootstrap=FEW),
    "compare_classification": lambda t, a: stats.compare_classification(t, a, t, LABELS, bootstrap=FEW),
    "mcnemar_pairs": lambda t, a: stats.mcnemar_pairs(t, {"A": a, "B": TRUTH}, LABELS),
    "gwet_ac": lambda t, a: stats.gwet_ac([*range(24), *range(24)], ["t"] * 24 + ["a"] * 24, [*t, *a], LABELS),
}
RATED: dict[str, Callable[[Any, Any], Any]] = {
    "pearson": stats.pearson,
    "spearman": stats.spearman,
    "ccc": stats.ccc,
    "mae": stats.mae,
    "bland_altman": stats.bland_altman,
    "tost": lambda x, y: stats.tost(x, y, 0.5),
    "mean_difference": stats.mean_difference,
    "bias_design": stats.bias_design,
    "calibrate": lambda x, y: stats.calibrate(x, y, bootstrap=FEW),
    "compare_dimensional": lambda x, y: stats.compare_dimensional(x, MODEL, y, bootstrap=FEW),
}
WITH_LEVEL: dict[str, Callable[[Any], Any]] = {
    "bootstrap": lambda level: Bootstrap(level=level),
    "pearson": lambda level: stats.pearson(MODEL, HUMAN, level=level),
    "spearman": lambda level: stats.spearman(MODEL, HUMAN, level=level),
    "pearson_within": lambda level: stats.pearson_within(MODEL, HUMAN, TRUTH, level=level),
    "ccc": lambda level: stats.ccc(MODEL, HUMAN, level=level),
    "bland_altman": lambda level: stats.bland_altman(MODEL, HUMAN, level=level),
    "coverage": lambda level: stats.bland_altman(MODEL, HUMAN, coverage=level),
    "cohen_kappa_asymptotic": lambda level: stats.cohen_kappa_asymptotic(TRUTH, ANSWERS, LABELS, level=level),
    "weighted_kappa_asymptotic": lambda level: stats.weighted_kappa_asymptotic(TRUTH, ANSWERS, LABELS, level=level),
    "gwet_ac": lambda level: stats.gwet_ac(UNITS, RATERS, ANSWERS, LABELS, level=level),
    "icc": lambda level: stats.icc(UNITS, RATERS, HUMAN, level=level),
    "icc_matrix": lambda level: stats.icc_matrix(HUMAN.reshape(8, 3), level=level),
    "wilson": lambda level: stats.wilson(1, 2, level),
}


@pytest.mark.parametrize("name", LABELLED)
def test_an_undeclared_label_of_either_is_named(name: str) -> None:
    """A slip in a label is no invalid answer: refused in both columns, with the label and the declared ones."""
    slip = np.where(np.arange(24) == 3, "hapy", TRUTH)
    for truth, answers in ((slip, ANSWERS), (TRUTH, slip)):
        with pytest.raises(AnalysisError, match=r"not declared: 'hapy'; declared: \['happy', 'sad', 'angry'\]"):
            LABELLED[name](truth, answers)


@pytest.mark.parametrize("name", [name for name in LABELLED if name != "gwet_ac"])
def test_a_missing_answer_is_invalid_and_a_missing_truth_is_refused(name: str) -> None:
    """None, NaN and "invalid" say the same of an answer; an image without its true label cannot be scored."""
    gaps = [ANSWERS.astype(object) for _ in range(3)]
    for answers, gap in zip(gaps, (None, float("nan"), stats.INVALID), strict=True):
        answers[2] = gap
    results = [repr(LABELLED[name](TRUTH, answers)) for answers in gaps]
    assert results[0] == results[1] == results[2] != repr(LABELLED[name](TRUTH, ANSWERS))
    with pytest.raises(AnalysisError, match="truth has no label for 1 of 24 images"):
        LABELLED[name](gaps[0], ANSWERS)


def test_a_missing_second_answer_counts_where_psych_leaves_it_out(estimated: Callable[[object], Estimate]) -> None:
    """psych::cohen.kappa of a, a, b, b with a, b, b, NA is .4 over three pairs; here NA is a disagreement."""
    first, second = ["a", "a", "b", "b"], ["a", "b", "b", None]
    ours = estimated(stats.cohen_kappa_asymptotic(first, second, ["a", "b"]))
    psychs = estimated(stats.cohen_kappa_asymptotic(first[:3], second[:3], ["a", "b"]))
    assert (ours.n, psychs.n) == (4, 3)
    assert psychs.value == pytest.approx(0.4, abs=TOLERANCE.same_algorithm)
    assert ours.value == pytest.approx((2 / 4 - 6 / 16) / (1 - 6 / 16), abs=TOLERANCE.same_algorithm)


@pytest.mark.parametrize("name", RATED)
@pytest.mark.parametrize(
    "wrong", [3.0, "abc", {"a": 1}, np.zeros((24, 2)), [1j] * 24, [np.inf] * 24, ["x"] * 24, *DATES]
)
def test_what_is_no_column_of_ratings_is_refused(name: str, wrong: Any) -> None:
    """One number, a text, a mapping, a table; complex, infinite or worded ratings, dates: one error, no traceback."""
    with pytest.raises(AnalysisError):
        RATED[name](wrong, HUMAN)
    with pytest.raises(AnalysisError):
        RATED[name](MODEL, wrong)


@pytest.mark.parametrize("name", RATED)
def test_series_of_other_indexes_are_never_paired_by_position(name: str) -> None:
    """The same images in another order are refused; a Series beside an array is taken by position."""
    model, human = pd.Series(MODEL), pd.Series(HUMAN)
    with pytest.raises(AnalysisError, match="different indexes"):
        RATED[name](model, human[::-1])
    if name != "calibrate":
        assert RATED[name](model[::-1], HUMAN[::-1]) == RATED[name](MODEL[::-1], HUMAN[::-1])


@pytest.mark.parametrize("name", RATED)
def test_missing_values_of_pandas_are_missing(name: str) -> None:
    """NA of a nullable column is a missing rating as NaN is."""
    nullable, plain = pd.array([pd.NA, *np.round(MODEL[1:])], dtype="Int64"), np.array([np.nan, *np.round(MODEL[1:])])
    if name != "calibrate":
        assert RATED[name](nullable, HUMAN) == RATED[name](plain, HUMAN)


def test_clusters_are_held_against_every_series() -> None:
    """Answers and clusters as Series of other orders are refused, also where the truth is a plain list."""
    answers, clusters = pd.Series(ANSWERS), pd.Series(IDENTITY)[::-1]
    for score in (stats.accuracy, stats.cohen_kappa, stats.weighted_kappa, stats.detection):
        with pytest.raises(AnalysisError, match="different indexes"):
            score(list(TRUTH), answers, LABELS, clusters=clusters)  # type: ignore[operator]
    with pytest.raises(AnalysisError, match="different indexes"):
        stats.mcnemar_pairs(list(TRUTH), {"A": answers, "B": answers[::-1]}, LABELS)
    p = pd.DataFrame(np.full((24, 3), 1 / 3))
    with pytest.raises(AnalysisError, match="different indexes"):
        stats.confidence_calibration(p, pd.Series(TRUTH)[::-1], LABELS)
    with pytest.raises(AnalysisError, match="different indexes"):
        stats.calibrate(pd.Series(MODEL), HUMAN, folds=pd.Series(IDENTITY % 4)[::-1])


@pytest.mark.parametrize("name", WITH_LEVEL)
@pytest.mark.parametrize("level", [95, 0, 1, -0.5, np.nan, "0.95", None])
def test_a_level_that_is_none_is_refused(name: str, level: Any) -> None:
    """95 for .95 would give an interval of NaN, 0 one of no width."""
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        WITH_LEVEL[name](level)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Bootstrap(resamples=10.5),  # type: ignore[arg-type]
        lambda: Bootstrap(seed=-1),
        lambda: Bootstrap(resamples=True),
        lambda: stats.wilson(True, 2),
        lambda: stats.tost([1, 2], [2, 1], True),
        lambda: stats.Family.of("emotions", {"sad": True}),
        lambda: stats.people_spread(pd.Series([1.0, 2], ["a", "b"]), draws=0),
        lambda: stats.people_spread([1.0, 2]),  # type: ignore[arg-type]
        lambda: stats.people_spread(pd.Series([1.0, 2], ["a", "b"]), clusters=pd.Series([1, 1], ["a", "a"])),
        lambda: stats.alpha_from_counts([[np.nan, 1], [1, 1]], [1, 2], "ordinal"),
        lambda: stats.alpha_from_counts([["a", 1], [1, 1]], [1, 2], "ordinal"),
        lambda: stats.alpha_from_counts([[-1, 3], [1, 1]], [1, 2], "ordinal"),
        lambda: stats.confidence_calibration([["a", "b"]], ["x"], ["x", "y"]),
        lambda: stats.tost([1, 2], [2, 1], "wide"),  # type: ignore[arg-type]
        lambda: stats.tost([1, 2], [2, 1], (1, 2, 3)),  # type: ignore[arg-type]
        lambda: stats.tost([1, 2], [2, 1], np.nan),
        lambda: stats.tost([1, 2], [2, 1], 1, alpha=0.5),
        lambda: stats.calibrate(MODEL, HUMAN, folds=2.5),  # type: ignore[arg-type]
        lambda: stats.calibrate(MODEL, HUMAN, folds=np.nan),  # type: ignore[arg-type]
        lambda: stats.spearman_brown(np.nan, 2),
        lambda: stats.spearman_brown(0.5, np.inf),
        lambda: stats.raters_needed(np.nan, 0.5),
        lambda: stats.wilson(1, np.nan),  # type: ignore[arg-type]
        lambda: stats.kappa_if_balanced(0.5, 3, np.nan),
        lambda: stats.kappa_identity(0.5, np.nan, 3),
        lambda: stats.agreement_weights(1, "linear"),
        lambda: stats.mcnemar([True, None], [True, False]),
        lambda: stats.alt_test([1], ["a"], [1], pd.Series([1], [1]), epsilon=np.nan),
        lambda: stats.alt_test(
            np.repeat(range(4), 2),
            list("ab") * 4,
            [1, 2] * 4,
            pd.Series(range(4)),
            min_units=2,
            clusters=[1, 2, 3, 4],  # type: ignore[arg-type]
        ),
    ],
)
def test_other_impossible_settings_are_refused(call: Callable[[], object]) -> None:
    """Counts that are not whole, figures that are none, and tables of something else: one clear error."""
    with pytest.raises(AnalysisError):
        call()


def test_numbers_of_numpy_are_numbers(estimated: Callable[[object], Estimate]) -> None:
    """What a calculation in numpy yields is taken as Python's own numbers are."""
    for margin in (np.int64(1), np.float32(1), np.float64(1)):
        assert stats.tost(MODEL, HUMAN, margin) == stats.tost(MODEL, HUMAN, 1)
    ours, plain = (stats.calibrate(MODEL, HUMAN, folds=folds, bootstrap=FEW) for folds in (np.int64(4), 4))
    assert isinstance(ours, Calibration)
    assert isinstance(plain, Calibration)
    assert ours.after == plain.after
    assert Bootstrap(resamples=np.int64(30)) == FEW  # type: ignore[arg-type]
    assert estimated(stats.wilson(np.int64(1), np.int64(2))).value == 0.5  # type: ignore[arg-type]


def test_no_interval_by_formula_where_the_standard_error_is_0(skipped: Callable[[object], str]) -> None:
    """Perfect agreement has no large-sample interval: a width of 0 would claim certainty. The value is told."""
    units, raters = np.repeat(np.arange(24), 2), ["A", "B"] * 24
    for outcome in (
        stats.cohen_kappa_asymptotic(TRUTH, TRUTH, LABELS),
        stats.weighted_kappa_asymptotic(TRUTH, TRUTH, LABELS),
        stats.gwet_ac(units, raters, np.repeat(TRUTH, 2), LABELS),
        stats.pearson(MODEL, MODEL),
        stats.spearman(MODEL, MODEL),
        stats.pearson_within(MODEL, MODEL, TRUTH),
        stats.ccc(MODEL, MODEL),
    ):
        assert ": 1 with a standard error of 0" in skipped(outcome)


def test_a_resampled_value_that_never_moves_says_so(estimated: Callable[[object], Estimate]) -> None:
    """The bootstrap keeps the value and tells that its interval has no width; accuracy and kappa have Wilson's."""
    images = [f"{i}.jpg" for i in range(6)]
    (answered,) = stats.answer_distances(pd.Series([3] * 6, images), pd.Series([4] * 6, images), range(1, 6))
    for outcome in (
        stats.pearson_bootstrap(MODEL, MODEL, bootstrap=FEW),
        stats.mae(MODEL, MODEL, bootstrap=FEW),
        answered.one_person_earth_mover,
        answered.jensen_shannon,
    ):
        told = estimated(outcome)
        assert told.ci_low == told.ci_high
        assert "no width" in told.method
    kappa = estimated(stats.cohen_kappa(TRUTH, TRUTH, LABELS, bootstrap=FEW))
    assert kappa.ci_low < kappa.ci_high == 1.0
    right = estimated(stats.accuracy(TRUTH, TRUTH, LABELS, bootstrap=FEW))
    assert right.ci_low < right.ci_high == 1


def test_calibration_without_a_slope_says_what_its_r_is(estimated: Callable[[object], Estimate]) -> None:
    """One rating an emotion: after calibration r is that of knowing the emotion, told in the method and the notes."""
    flat = np.select([TRUTH == "sad", TRUTH == "angry"], [2.0, 5.0], 8.0)
    told = stats.calibrate(flat, HUMAN + flat, groups=TRUTH, clusters=IDENTITY, bootstrap=FEW)
    assert isinstance(told, Calibration)
    assert all(isinstance(line, AffineLine) and line.intercept_only for line in told.lines)
    assert "r of knowing the group" in estimated(told.after.r).method
    assert "r of knowing the group" in estimated(told.r_change).method
    assert "r of knowing the group" in told.notes[-1]
    assert "knowing" not in estimated(told.before.r).method
    assert isinstance(told.after.r_within, Skipped)


def test_an_unreadable_answer_is_wrong_in_the_split() -> None:
    """None and NA are a wrong label alike; an unknown true label is refused."""
    by_none, by_na = (
        stats.bias_split(MODEL, HUMAN, TRUTH, [gap, *ANSWERS[1:]], bootstrap=FEW) for gap in (None, pd.NA)
    )
    assert by_none == by_na
    with pytest.raises(AnalysisError, match="truth has no value"):
        stats.bias_split(MODEL, HUMAN, [None, *TRUTH[1:]], ANSWERS, groups=IDENTITY)
