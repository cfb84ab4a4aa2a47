"""Cohen's kappa: statsmodels' value and variance, and the identity of a balanced design."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import (
    Bootstrap,
    Estimate,
    cohen_kappa,
    cohen_kappa_asymptotic,
    confusion,
    kappa_identity,
    kappa_if_balanced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stats.tolerances import Tolerances

LABELS = ["a", "b", "c"]


@pytest.mark.parametrize("seed", range(5))
def test_value_and_interval_are_statsmodels(
    seed: int, estimated: Callable[[object], Estimate], tolerance: Tolerances
) -> None:
    """With some invalid answers, kappa and its asymptotic interval equal statsmodels' on the square table."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(LABELS, 200, p=[0.5, 0.3, 0.2])
    answers = np.where(rng.random(200) < 0.5, truth, rng.choice([*LABELS, "invalid"], 200))
    table = np.vstack([confusion(truth, answers, LABELS).to_numpy(), np.zeros(4)])
    reference = cohens_kappa(table)
    ours = estimated(cohen_kappa_asymptotic(truth, answers, LABELS))
    np.testing.assert_allclose(
        [ours.value, ours.ci_low, ours.ci_high],
        [reference.kappa, reference.kappa_low, reference.kappa_upp],
        rtol=tolerance.reference,
    )


def test_two_intervals_agree_on_many_images(estimated: Callable[[object], Estimate]) -> None:
    """On 2,000 independent images bootstrap and asymptotic interval differ by less than a tenth of their width."""
    rng = np.random.default_rng(1)
    truth = rng.choice(LABELS, 2000)
    answers = np.where(rng.random(2000) < 0.6, truth, rng.choice(LABELS, 2000))
    asymptotic = estimated(cohen_kappa_asymptotic(truth, answers, LABELS))
    bootstrapped = estimated(cohen_kappa(truth, answers, LABELS))
    assert bootstrapped.value == pytest.approx(asymptotic.value, rel=TOLERANCE.same_algorithm)
    width = asymptotic.ci_high - asymptotic.ci_low
    assert bootstrapped.ci_low == pytest.approx(asymptotic.ci_low, abs=0.1 * width)
    assert bootstrapped.ci_high == pytest.approx(asymptotic.ci_high, abs=0.1 * width)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*LABELS, None]), min_size=9, max_size=30).filter(lambda x: len(x) % 3 == 0))
def test_identity_holds_for_any_answers_to_balanced_truth(answers: list[str | None]) -> None:
    """Whatever is answered, balanced truth ties kappa to accuracy and the share of invalid answers."""
    n = len(answers)
    truth = LABELS * (n // 3)
    counts = confusion(truth, answers, LABELS).to_numpy()
    outcome = cohen_kappa(truth, answers, LABELS, bootstrap=Bootstrap(resamples=2))
    assert kappa_identity(
        np.trace(counts[:, :3]) / n,
        outcome.value,  # type: ignore[union-attr]
        3,
        invalid_share=counts[:, 3].sum() / n,
    ).holds


@pytest.mark.parametrize(
    ("rater", "accuracy", "kappa", "holds"),
    [
        ("PosterV2", 0.899, 0.878, True),
        ("Gemma3", 0.726, 0.671, True),
        ("LLaMA", 0.613, 0.535, True),
        ("BEiT", 0.766, 0.713, False),
        ("EmoNet", 0.731, 0.665, False),
    ],
)
def test_identity_judges_the_papers_pairs(rater: str, accuracy: float, kappa: float, holds: bool) -> None:
    """The printed pairs of BEiT and EmoNet cannot come from six balanced labels; rounding does not excuse them."""
    assert kappa_identity(accuracy, kappa, 6, rounding=0.0005).holds is holds, rater


def test_identity_tells_the_gap() -> None:
    """The gap is observed minus expected: BEiT's kappa is .006 too low."""
    identity = kappa_identity(0.766, 0.713, 6)
    assert identity.expected == pytest.approx((0.766 - 1 / 6) / (5 / 6))
    assert identity.gap == pytest.approx(-0.0062)


def test_unbalanced_truth_breaks_the_identity(estimated: Callable[[object], Estimate]) -> None:
    """The check is for balanced designs: it does not hold by itself."""
    truth, answers = ["a"] * 8 + ["b"] * 2, ["a"] * 9 + ["b"]
    kappa = estimated(cohen_kappa_asymptotic(truth, answers, ["a", "b"])).value
    assert not kappa_identity(0.9, kappa, 2).holds


def test_chance_agreement_of_one_is_skipped(quick: Bootstrap, skipped: Callable[[object], str]) -> None:
    """Where both only ever say one label, kappa is 0/0."""
    for outcome in (
        cohen_kappa(["a"] * 5, ["a"] * 5, LABELS, bootstrap=quick),
        cohen_kappa_asymptotic(["a"] * 5, ["a"] * 5, LABELS),
    ):
        assert "all 'a'" in skipped(outcome)
    assert "needs an image" in skipped(cohen_kappa_asymptotic([], [], LABELS))


@pytest.mark.parametrize(("accuracy", "n_labels"), [(1.2, 6), (0.5, 1)])
def test_impossible_figures_are_refused(accuracy: float, n_labels: int) -> None:
    """An accuracy above 1, or a single label, is a slip of the caller."""
    with pytest.raises(AnalysisError):
        kappa_if_balanced(accuracy, n_labels)


@pytest.mark.parametrize(("truth", "chance"), [(["a", "b"] * 20, 0.5), (["a"] * 30 + ["b"] * 10, 0.625)])
def test_a_perfect_kappa_has_the_interval_of_its_accuracy(truth: list[str], chance: float) -> None:
    """Resamples cannot leave 1: Wilson's limit over 20 clusters, 20 / (20 + z²), is mapped."""
    clusters = [i // 2 for i in range(40)]
    told = cohen_kappa(truth, truth, ["a", "b"], clusters=clusters)
    assert isinstance(told, Estimate)
    low = 20 / (20 + 1.959964**2)
    assert (told.value, told.ci_high, told.n) == (1, 1, 40)
    assert told.ci_low == pytest.approx((low - chance) / (1 - chance), abs=1e-6)
    assert "Wilson" in told.method
    almost = cohen_kappa(truth, [*truth[:-1], "a"], ["a", "b"], clusters=clusters)
    assert isinstance(almost, Estimate)
    assert "Wilson" not in almost.method
