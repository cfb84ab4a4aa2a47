"""Weighted kappa: psych's and sklearn's values, statsmodels' variance, and what must not change it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Bootstrap,
    Skipped,
    agreement_weights,
    cohen_kappa,
    cohen_kappa_asymptotic,
    weighted_kappa,
    weighted_kappa_asymptotic,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

SCALE = [1, 2, 3, 4, 5]
KINDS: tuple[Literal["linear"], Literal["quadratic"]] = ("linear", "quadratic")


@pytest.mark.parametrize("weights", KINDS)
def test_value_is_psychs(
    weights: Literal["linear", "quadratic"],
    golden: dict[str, Any],
    estimated: Callable[[object], Estimate],
    tolerance: Tolerances,
) -> None:
    """R's psych::cohen.kappa on twenty pairs of an ordered scale of five."""
    told = golden["weighted_kappa"]
    ours = estimated(weighted_kappa_asymptotic(told["first"], told["second"], SCALE, weights=weights))
    assert ours.value == pytest.approx(told[weights], rel=tolerance.reference)


@pytest.mark.parametrize("weights", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_value_and_interval_are_sklearns_and_statsmodels(
    seed: int,
    weights: Literal["linear", "quadratic"],
    estimated: Callable[[object], Estimate],
    tolerance: Tolerances,
    quick: Bootstrap,
) -> None:
    """On random ratings the value is sklearn's, the interval has statsmodels' standard error."""
    rng = np.random.default_rng(seed)
    first = rng.integers(1, 6, 150)
    second = np.clip(first + rng.integers(-2, 3, 150), 1, 5)
    ours = estimated(weighted_kappa_asymptotic(first, second, SCALE, weights=weights))
    table = np.zeros((5, 5))
    np.add.at(table, (first - 1, second - 1), 1)
    theirs = cohens_kappa(table, wt=weights)
    assert ours.value == pytest.approx(cohen_kappa_score(first, second, weights=weights), rel=tolerance.reference)
    assert [ours.ci_low, ours.ci_high] == pytest.approx(
        [theirs.kappa_low, min(1, theirs.kappa_upp)], rel=tolerance.reference
    )
    resampled = estimated(weighted_kappa(first, second, SCALE, weights=weights, bootstrap=quick))
    assert resampled.value == pytest.approx(ours.value, abs=tolerance.same_algorithm)


def test_identity_weights_are_the_unweighted_kappa(
    estimated: Callable[[object], Estimate], tolerance: Tolerances, quick: Bootstrap
) -> None:
    """With weights 0 and 1 nothing is left of the order: both kappas and both intervals are the same."""
    truth, answers = ["a", "a", "b", "c", "c", "b", "a"], ["a", "b", "b", "c", None, "b", "c"]
    labels = ["a", "b", "c"]
    ours = estimated(weighted_kappa(truth, answers, labels, weights="identity", bootstrap=quick))
    assert ours.value == pytest.approx(
        estimated(cohen_kappa(truth, answers, labels, bootstrap=quick)).value, abs=tolerance.same_algorithm
    )
    by_formula = estimated(weighted_kappa_asymptotic(truth, answers, labels, weights="identity"))
    plain = estimated(cohen_kappa_asymptotic(truth, answers, labels))
    assert by_formula.ci_low == pytest.approx(plain.ci_low, abs=tolerance.same_algorithm)


def test_an_invalid_answer_agrees_with_nothing(estimated: Callable[[object], Estimate], quick: Bootstrap) -> None:
    """It lowers kappa more than the farthest valid answer a place away would raise it."""
    truth = [1, 2, 3, 4, 5] * 4
    good = estimated(weighted_kappa(truth, [*truth[:-1], 4], SCALE, bootstrap=quick)).value
    invalid = estimated(weighted_kappa(truth, [*truth[:-1], None], SCALE, bootstrap=quick)).value
    assert invalid < good < 1


@settings(deadline=None, max_examples=30)
@example([(1, 2), (1, 2), (1, 2), (2, 2), (4, 2)], Random(1))
@given(st.lists(st.tuples(st.sampled_from(SCALE), st.sampled_from(SCALE)), min_size=4, max_size=30), st.randoms())
def test_order_of_images_direction_of_scale_and_raters_do_not_matter(pairs: list[tuple[int, int]], random: Any) -> None:
    """Shuffled images, the scale turned round, or the raters swapped: the same kappa."""
    first, second = [a for a, _ in pairs], [b for _, b in pairs]
    told = weighted_kappa_asymptotic(first, second, SCALE)
    shuffled = random.sample(pairs, len(pairs))
    others = [
        weighted_kappa_asymptotic([a for a, _ in shuffled], [b for _, b in shuffled], SCALE),
        weighted_kappa_asymptotic([6 - a for a in first], [6 - b for b in second], SCALE),
        weighted_kappa_asymptotic(second, first, SCALE),
    ]
    for other in others:
        assert type(other) is type(told)
        if hasattr(told, "value"):
            assert other.value == pytest.approx(told.value, abs=TOLERANCE.same_algorithm)  # type: ignore[union-attr]


@settings(deadline=None)
@example(1, [3] * 9 + [1] * 40)
@given(st.sampled_from(SCALE), st.lists(st.sampled_from(SCALE), min_size=4, max_size=60))
def test_a_rater_who_always_answers_the_same_has_no_interval(constant: int, answers: list[int]) -> None:
    """Agreement is then what chance makes it, whoever the other is: a standard error of 0 is not one of 1e-9."""
    always = [constant] * len(answers)
    for first, second in ((always, answers), (answers, always)):
        for weights in ("identity", *KINDS):
            told = weighted_kappa_asymptotic(first, second, SCALE, weights=weights)
            assert isinstance(told, Skipped), told
        assert isinstance(cohen_kappa_asymptotic(first, second, SCALE), Skipped)


def test_degenerate_answers_are_skipped_and_wrong_weights_refused(
    skipped: Callable[[object], str], quick: Bootstrap
) -> None:
    """One label throughout leaves kappa 0/0; a kind of weights that does not exist is a slip."""
    assert "all '3'" in skipped(weighted_kappa([3, 3], [3, 3], SCALE, bootstrap=quick))
    assert "all '3'" in skipped(weighted_kappa_asymptotic([3, 3], [3, 3], SCALE))
    with pytest.raises(AnalysisError, match="linear"):
        agreement_weights(3, "cubic")  # type: ignore[arg-type]
