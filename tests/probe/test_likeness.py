"""Representational similarity: a planted space is found, none where there is none, and two of a kind are alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import binom, spearmanr

from probe.planted import PlantedModel, planted_units
from vlmrate.probe.axes import captures_axes
from vlmrate.probe.likeness import Gathered, Layered, Likeness, like_each_other, like_people, unit_distances
from vlmrate.probe.scatter import scaled
from vlmrate.probe.separability import Way
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path

QUICK = Way(permutations=99, bootstrap=Bootstrap(resamples=200))
CELLS = 8


class Spaces:
    """Cells shown by identities: people's ratings, and layers that hold cells at random or as people see them."""

    def __init__(self, seed: int, *, like: int | None = None, layers: int = 3, identities: int = 12) -> None:
        rng = np.random.default_rng(seed)
        width = 20
        seen = rng.normal(size=(CELLS, 2))
        held = rng.normal(size=(layers, CELLS, width))
        if like is not None:
            held[like] = 3 * seen @ rng.normal(size=(2, width))
        codes = np.tile(np.arange(CELLS), identities)
        who = np.repeat(np.arange(identities), CELLS)
        noise = rng.normal(size=(len(codes), layers, width)) + rng.normal(size=(identities, layers, width))[who]
        self.values = held.transpose(1, 0, 2)[codes] + noise
        self.people = seen[codes] + 0.3 * rng.normal(size=(len(codes), 2))
        self.cells = Gathered(np.ones(len(codes), dtype=bool), codes, np.char.add("p", who.astype(str)))
        self.truth = seen

    @property
    def model(self) -> Layered:
        return Layered(lambda layer: self.values[:, layer], self.values.shape[1])


def value(found: Likeness) -> Estimate:
    """Rho, which was not skipped."""
    assert isinstance(found.rho, Estimate)
    return found.rho


def test_a_planted_space_is_found_in_its_layer() -> None:
    """Only the layer that holds emotions as people see them, and an interval about its rho."""
    spaces = Spaces(1, like=1)
    found = like_people(spaces.model, spaces.people, spaces.cells, QUICK)
    assert found.layer == 1
    assert [layer.p <= 0.05 for layer in found.layers] == [False, True, False]
    assert value(found).value > 0.7
    assert 0.3 < value(found).ci_low < value(found).value < value(found).ci_high <= 1
    assert (found.cells, found.images, found.other) == (8, 96, None)


@pytest.mark.slow
def test_where_nothing_was_planted_nothing_is_found_more_often_than_stated() -> None:
    """Over 200 seeds, of all layers, by people and between two models, no oftener than chance allows (99.9 %)."""
    way = Way(permutations=39, bootstrap=Bootstrap(resamples=2))
    people = others = 0
    for seed in range(200):
        spaces, second = Spaces(seed), Spaces(1000 + seed)
        people += like_people(spaces.model, spaces.people, spaces.cells, replace(way, seed=seed)).p <= 0.05
        others += like_each_other(spaces.model, second.model, spaces.cells, replace(way, seed=seed)).p <= 0.05
    assert people <= binom.ppf(0.999, 200, 0.05)
    assert others <= binom.ppf(0.999, 200, 0.05)


def test_distances_and_rho_are_scipys() -> None:
    """1 - Pearson between cells' means less the mean of cells; Spearman's rho of all pairs of cells."""
    spaces = Spaces(2)
    codes = spaces.cells.codes
    activations = scaled(spaces.values[:, 0])
    means = np.stack([activations[codes == number].mean(axis=0) for number in range(CELLS)])
    theirs = pdist(means - means.mean(axis=0), "correlation")
    own = unit_distances(activations, codes, np.ones((1, len(codes))))[0]
    np.testing.assert_allclose(own, theirs, atol=1e-10)
    ratings = scaled(spaces.people)
    seen = pdist(np.stack([ratings[codes == number].mean(axis=0) for number in range(CELLS)]))
    found = like_people(spaces.model, spaces.people, spaces.cells, QUICK)
    assert found.layers[0].rho == pytest.approx(spearmanr(theirs, seen).statistic)


def test_a_resample_is_a_study_in_which_identities_stand_twice() -> None:
    """Weights give what rows repeated give."""
    spaces = Spaces(3)
    codes, activations = spaces.cells.codes, scaled(spaces.values[:, 0])
    weights = np.repeat(np.random.default_rng(0).integers(0, 3, 12), CELLS).astype(float)
    rows = np.repeat(np.arange(len(codes)), weights.astype(int))
    drawn = unit_distances(activations, codes, weights[None])[0]
    np.testing.assert_allclose(drawn, unit_distances(activations[rows], codes[rows], np.ones((1, len(rows))))[0])


def test_models_of_different_depth_are_compared_at_the_same_depth() -> None:
    """The first, a middle and the last layer of five against those of three; the same layers are the same."""
    deep = Spaces(4, layers=5)
    flat = Layered(lambda layer: deep.values[:, 2 * layer], 3)
    found = like_each_other(flat, deep.model, deep.cells, QUICK)
    assert [(layer.layer, layer.other) for layer in found.layers] == [(0, 0), (1, 2), (2, 4)]
    assert [layer.rho for layer in found.layers] == pytest.approx([1.0] * 3)
    assert (found.p, value(found).value) == (0.01, pytest.approx(1.0))


def test_a_layer_that_holds_nothing_agrees_with_nothing() -> None:
    """Rho is 0 where all pictures are the same inside; other layers are judged as without it."""
    spaces = Spaces(1, like=1)
    spaces.values[:, 0] = 3.0
    found = like_people(spaces.model, spaces.people, spaces.cells, QUICK)
    assert found.layer == 1
    assert (found.layers[0].rho, found.layers[0].p) == (0.0, 1.0)
    empty = Layered(lambda _: spaces.values[:, 0], 2)
    for none in (like_people(empty, spaces.people, spaces.cells, QUICK),
                 like_each_other(empty, spaces.model, spaces.cells, QUICK)):  # fmt: skip
        assert isinstance(none.rho, Skipped)
        assert none.p == 1.0


def test_captures_given_together_are_compared(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Every pair of captures that read the same; pictures are matched by id; too few cells are skipped."""
    emotions = ("happy", "sad", "angry", "fear")
    study = small.study(6, emotions=emotions)
    study = replace(study, ratings=small.people(study))
    units = planted_units(emotions, 12, {("happy", "sad"): 0.8}, seed=0)
    one = PlantedModel(study, units, dict.fromkeys(emotions, 6.0), own=0.1, noise=0.05)
    fewer = replace(study, stimuli=study.stimuli[:3:-1])
    other = PlantedModel(fewer, units, dict.fromkeys(emotions, 6.0), own=0.1, noise=0.05, seed=1, name="second")
    captures = [one.capture(tmp_path / "one"), other.capture(tmp_path / "two")]
    made = captures_axes(captures, study, small.results(), QUICK)
    assert [pair.first.array for pair in made.alike] == ["answer/emotion", "answer/valence", "answer/arousal"]
    assert (made.alike[0].first.model, made.alike[0].second.model) == ("planted", "second")
    emotion, by_gender = made.alike[0].likeness
    assert (emotion.cells, by_gender.cells) == ("emotion", "gender x emotion")
    assert isinstance(emotion.found, Likeness)
    assert emotion.found.images == 20
    assert value(emotion.found).value > 0.7
    three = replace(study, stimuli=tuple(s for s in study.stimuli if s.factors["emotion"] != "fear"))
    few = PlantedModel(three, units, {}).capture(tmp_path / "three")
    (array, *_) = captures_axes([few], study, small.results(), QUICK).arrays
    assert array.likeness[0].found == Skipped("there must be 4 cells to compare distances, and there are 3")
