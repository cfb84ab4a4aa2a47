"""Distances between distributions of answers, and entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy as scipy_entropy
from scipy.stats import wasserstein_distance

from stats.tolerances import TOLERANCE
from vlmrate.errors import AnalysisError
from vlmrate.stats import Bootstrap, answer_distances, bootstrap_rows, entropy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stats.tolerances import Tolerances
    from vlmrate.stats import Estimate

RNG = np.random.default_rng(51)
IMAGES = [f"{i}.jpg" for i in range(80)]
TRUE = RNG.normal(5, 1, 80)
PEOPLE = pd.Series(
    np.clip(np.rint(TRUE[:, None] + RNG.normal(0, 1.2, (80, 15))), 1, 9).ravel(), index=np.repeat(IMAGES, 15)
)
MODEL = pd.Series(np.where(TRUE > 5, 7, 3), index=IMAGES)
IDENTITY = pd.Series(np.arange(80) // 4, index=IMAGES)
EMOTION = pd.Series(np.where(np.arange(80) % 4 < 2, "sad", "happy"), index=IMAGES)
SCALE = range(1, 10)
FEW = Bootstrap(resamples=40)


def shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each point of the scale."""
    return np.array([(values == point).mean() for point in SCALE])


def test_distances_are_scipys(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """Jensen-Shannon in base 2, earth mover's distance and entropies, over all images."""
    (told,) = answer_distances(MODEL, PEOPLE, SCALE, bootstrap=FEW)
    p, q = shares(MODEL.to_numpy(float)), shares(PEOPLE.to_numpy())
    assert estimated(told.jensen_shannon).value == pytest.approx(jensenshannon(p, q, 2), rel=tolerance.reference)
    assert estimated(told.divergence).value == pytest.approx(jensenshannon(p, q, 2) ** 2, rel=tolerance.reference)
    mover = wasserstein_distance(MODEL, PEOPLE)
    assert estimated(told.earth_mover).value == pytest.approx(mover, rel=tolerance.reference)
    assert estimated(told.entropy_model).value == pytest.approx(scipy_entropy(p, base=2), rel=tolerance.reference)
    assert estimated(told.entropy_people).value == pytest.approx(scipy_entropy(q, base=2), rel=tolerance.reference)
    assert told.n == 80


def test_interval_draws_images_with_their_people(estimated: Callable[[object], Estimate]) -> None:
    """Model and people of a resampled identity come together."""
    (told,) = answer_distances(MODEL, PEOPLE, SCALE, clusters=IDENTITY, bootstrap=FEW)
    ours, people = estimated(told.earth_mover), PEOPLE.to_numpy().reshape(80, 15)

    def again(rows: NDArray[np.int64]) -> float:
        return float(wasserstein_distance(MODEL.to_numpy()[rows], people[rows].ravel()))

    plain = estimated(bootstrap_rows(again, 80, name="emd", clusters=IDENTITY.to_numpy(), bootstrap=FEW))
    assert (ours.ci_low, ours.ci_high) == pytest.approx((plain.ci_low, plain.ci_high), rel=TOLERANCE.reference)


def test_every_image_counts_the_same(estimated: Callable[[object], Estimate]) -> None:
    """An image rated by many people weighs no more than one rated by few."""
    model = pd.Series([1, 2], index=["a", "b"])
    people = pd.Series([1] * 9 + [2], index=["a"] * 9 + ["b"])
    (told,) = answer_distances(model, people, [1, 2], bootstrap=FEW)
    assert estimated(told.jensen_shannon).value == 0
    assert estimated(told.entropy_people).value == 1


def test_groups_are_compared_for_themselves(estimated: Callable[[object], Estimate]) -> None:
    """By emotion in the order asked for, as if the other emotion were not there."""
    told = answer_distances(
        MODEL, PEOPLE, SCALE, groups=EMOTION, order=["sad", "happy"], clusters=IDENTITY, bootstrap=FEW
    )
    assert [(group.group, group.n) for group in told] == [("sad", 40), ("happy", 40)]
    sad = EMOTION.index[EMOTION == "sad"]
    (alone,) = answer_distances(MODEL[sad], PEOPLE[PEOPLE.index.isin(sad)], SCALE, clusters=IDENTITY, bootstrap=FEW)
    assert estimated(told[0].jensen_shannon) == estimated(alone.jensen_shannon)
    assert told[0].one_person_earth_mover == alone.one_person_earth_mover


def test_a_person_among_people_shows_the_yardstick(estimated: Callable[[object], Estimate]) -> None:
    """One of the crowd lies within the yardstick's interval, a collapsed model far outside."""
    person = pd.Series(PEOPLE.to_numpy().reshape(80, 15)[:, 4], index=IMAGES)
    (of_person,), (of_model,) = (answer_distances(x, PEOPLE, SCALE, bootstrap=FEW) for x in (person, MODEL))
    yardstick = estimated(of_person.one_person_jensen_shannon)
    assert yardstick == of_model.one_person_jensen_shannon
    assert yardstick.ci_low < estimated(of_person.jensen_shannon).value < yardstick.ci_high
    assert estimated(of_model.jensen_shannon).ci_low > yardstick.ci_high
    assert "one random person" in yardstick.method


def test_labels_have_no_order_to_move_along(
    estimated: Callable[[object], Estimate], skipped: Callable[[object], str]
) -> None:
    """For votes of labels the Jensen-Shannon distance holds and the earth mover's does not."""
    model = pd.Series(["sad", "happy", "sad"], index=list("abc"))
    votes = pd.Series(["sad", "fear", "happy", "happy", "sad", "sad"], index=list("aabbcc"))
    (told,) = answer_distances(model, votes, ["happy", "sad", "fear"], bootstrap=FEW)
    assert estimated(told.jensen_shannon).value == pytest.approx(
        jensenshannon([1 / 3, 2 / 3, 0], [1 / 3, 1 / 2, 1 / 6], 2)
    )
    assert "no order" in skipped(told.earth_mover)
    assert "no order" in skipped(told.one_person_earth_mover)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 9), min_size=3, max_size=12), st.integers(0, 5))
def test_bounds_and_identity_of_distances(values: list[int], shift: int) -> None:
    """0 for the people themselves; at most 1; a shift by s points is an earth mover's distance of s."""
    images = [str(i) for i in range(len(values))]
    people = pd.Series(values, index=images)
    (same,) = answer_distances(people, people, range(1, 15), bootstrap=FEW, draws=3)
    (moved,) = answer_distances(people + shift, people, range(1, 15), bootstrap=FEW, draws=3)
    assert same.jensen_shannon.value == pytest.approx(0, abs=1e-7)  # type: ignore[union-attr]
    assert 0 <= moved.jensen_shannon.value <= 1  # type: ignore[union-attr]
    assert moved.earth_mover.value == pytest.approx(shift)  # type: ignore[union-attr]


def test_missing_answers_and_images_are_left_out() -> None:
    """Images that only one side answered count on neither."""
    some, cut = MODEL.astype(float).where(np.arange(80) < 60), PEOPLE[PEOPLE.index != "0.jpg"]
    kept = IMAGES[1:60]
    (ours,) = answer_distances(some, cut, SCALE, bootstrap=FEW)
    (theirs,) = answer_distances(MODEL[kept], PEOPLE[PEOPLE.index.isin(kept)], SCALE, bootstrap=FEW)
    assert (ours.n, ours) == (59, theirs)


def test_entropy_is_scipys(estimated: Callable[[object], Estimate], tolerance: Tolerances) -> None:
    """In bits over the valid answers; a rater who always answers the same has 0."""
    answers = ["sad", "sad", "fear", "happy", None, "invalid"]
    told = estimated(entropy(answers, ["happy", "sad", "fear"], clusters=[1, 1, 2, 3, 4, 5], bootstrap=FEW))
    assert told.value == pytest.approx(scipy_entropy([2, 1, 1], base=2), rel=tolerance.reference)
    assert (told.n, "of 3 clusters" in told.method) == (4, True)
    assert estimated(entropy(["sad"] * 5, ["happy", "sad"], bootstrap=FEW)).value == 0


def test_degenerate_distances_are_skipped(skipped: Callable[[object], str]) -> None:
    """No image in common, one identity, or no valid answer."""
    (none,) = answer_distances(MODEL, PEOPLE.set_axis(PEOPLE.index + "x"), SCALE)
    assert (none.n, "answered by both" in skipped(none.entropy_people)) == (0, True)
    (one,) = answer_distances(MODEL[:2], PEOPLE, SCALE, clusters=IDENTITY)
    assert "two clusters" in skipped(one.one_person_jensen_shannon)
    assert "no answer is valid" in skipped(entropy([None, "invalid"], ["a", "b"]))


def test_misuse_is_refused() -> None:
    """Answers off the scale, repeats, unknown groups and scales that do not ascend stop."""
    with pytest.raises(AnalysisError, match=r"people outside the support: 9\.0"):
        answer_distances(MODEL, PEOPLE, range(1, 9))
    with pytest.raises(AnalysisError, match="twice"):
        answer_distances(pd.concat([MODEL, MODEL]), PEOPLE, SCALE)
    with pytest.raises(AnalysisError, match="No group is named for 1 images"):
        answer_distances(MODEL, PEOPLE, SCALE, groups=EMOTION.iloc[1:])
    with pytest.raises(AnalysisError, match="ascend"):
        answer_distances(MODEL, PEOPLE, [9, 8, 7, 6, 5, 4, 3, 2, 1])
    with pytest.raises(AnalysisError, match="each once"):
        entropy(["a"], ["a", "a"])
