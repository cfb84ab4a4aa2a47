"""Many drawings at once give what least squares gives for each, and intervals hold what they are made of."""

from __future__ import annotations

import numpy as np
import pytest

from vlmrate.probe.cells import Cells, narrow, unit_of
from vlmrate.probe.direction import effects
from vlmrate.probe.halves import first_half
from vlmrate.probe.intervals import intervals, p_of, random_cosine
from vlmrate.probe.labelled import Labelled
from vlmrate.stats import Bootstrap, Estimate


@pytest.fixture
def uneven() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measurements, identities and emotions of a design with holes."""
    rng = np.random.default_rng(0)
    identities = np.repeat([f"p{i:02}" for i in range(15)], 6).astype(object)
    emotions = np.tile(list("abcdef"), 15).astype(object)
    kept = rng.random(90) < 0.8
    return rng.normal(size=(int(kept.sum()), 40)), identities[kept], emotions[kept]


def test_effects_of_every_drawing_are_those_of_least_squares(
    uneven: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Emotions beside identities and groups beside emotions, identities drawn once, twice or not at all."""
    values, identities, emotions = uneven
    cells = Cells.of(values, identities, emotions)
    level = np.array([int(name[1:]) % 3 for name in cells.identities])
    groups = np.array([str(int(name[1:]) % 3) for name in identities], dtype=object)
    np.testing.assert_allclose(cells.emotions_of(cells.once)[0], effects(emotions, identities).of(values), atol=1e-9)
    np.testing.assert_allclose(cells.groups_of(level, 3)[0], effects(groups, emotions).of(values), atol=1e-9)
    drawn = np.random.default_rng(1).integers(0, 3, size=(4, 15)).astype(float)
    drawn[:, :3] = 1.0  # every level is there
    made, by_group = cells.emotions_of(drawn), cells.groups_of(level, 3, drawn)
    for number, counts in enumerate(drawn):
        times = [(name, copy) for name, k in zip(cells.identities, counts, strict=True) for copy in range(int(k))]
        rows = np.concatenate([np.flatnonzero(identities == name) for name, _ in times])
        copies = np.concatenate([np.repeat(f"{name}-{copy}", (identities == name).sum()) for name, copy in times])
        theirs = effects(emotions[rows], copies.astype(object)).of(values[rows])
        np.testing.assert_allclose(made[number], theirs, atol=1e-9)
        theirs = effects(groups[rows], emotions[rows]).of(values[rows])
        np.testing.assert_allclose(by_group[number], theirs, atol=1e-9)
    without = np.where(level == 0, 0.0, 1.0)[None]
    assert np.isnan(cells.groups_of(level, 3, without)).all()


def test_texts_are_cells_of_their_own() -> None:
    """Their effects are class means less the mean of those, in any order of their names."""
    rng = np.random.default_rng(2)
    labels = np.array(list("abc") * 7, dtype=object)
    values = rng.normal(size=(21, 5))
    texts = Labelled(labels, np.array([f"{i:02}" for i in range(21)], dtype=object), np.arange(21), texts=True)
    drawings = texts.over(values)
    np.testing.assert_allclose(drawings.effects(drawings.cells.once)[0], effects(labels).of(values), atol=1e-9)


def test_fewer_dimensions_keep_lengths_and_angles() -> None:
    """Together over all that is narrowed together."""
    rng = np.random.default_rng(3)
    one, other = rng.normal(size=(4, 50)), rng.normal(size=(6, 50))
    first, second = narrow(one, other)
    assert first.shape == (4, 10)
    np.testing.assert_allclose(first @ second.T, one @ other.T, atol=1e-9)
    assert np.isnan(unit_of(np.zeros((2, 3)))).all()


def test_numbers_of_one_drawing_have_intervals_of_their_own() -> None:
    """The mean's interval is the bootstrap's; what is never defined is skipped; below two identities all is."""
    values = np.random.default_rng(4).normal(size=60)

    def numbers(drawn: np.ndarray) -> np.ndarray:
        means = drawn @ values / drawn.sum(axis=1)
        return np.column_stack([means, np.where(drawn.max(axis=1) > 1, np.nan, means)])

    mean, lost = intervals(numbers, 60, ["mean", "lost"], 60, Bootstrap(resamples=2000))
    assert isinstance(mean, Estimate)
    assert mean.value == pytest.approx(values.mean())
    half = 1.96 * values.std() / np.sqrt(60)
    assert (mean.ci_low, mean.ci_high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.05)
    assert "lost is not defined in 2,000 of 2,000" in str(lost)
    assert "two clusters" in str(intervals(numbers, 1, ["mean", "lost"], 1, Bootstrap(resamples=100))[0])


def test_p_counts_the_real_one_and_ties() -> None:
    """(1 + as large) over (1 + all)."""
    assert p_of(np.array([[0.1, 3.0], [0.2, 4.0], [0.3, 5.0]]), np.array([0.2, 9.0])).tolist() == [0.75, 0.25]


@pytest.mark.parametrize("width", [3, 64])
def test_a_random_direction_is_within_its_cosine_most_of_the_time(width: int) -> None:
    """By drawing many."""
    drawn = np.random.default_rng(5).normal(size=(20_000, width))
    cosines = np.abs(drawn[:, 0]) / np.linalg.norm(drawn, axis=1)
    assert (cosines <= random_cosine(width)).mean() == pytest.approx(0.95, abs=0.01)


def test_halves_keep_identities_whole_and_kinds_even() -> None:
    """Every identity in one half; of each kind half of the identities."""
    identities = np.repeat([f"p{i}" for i in range(8)], 3).astype(object)
    kinds = np.array([["a" if int(name[1:]) < 4 else "b"] for name in identities], dtype=object)
    half = first_half(identities, kinds, 0)
    assert all(len(set(half[identities == name])) == 1 for name in set(identities))
    assert half[kinds[:, 0] == "a"].sum() == half[kinds[:, 0] == "b"].sum() == 6
    assert (first_half(identities, kinds, 1) != half).any()
