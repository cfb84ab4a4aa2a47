"""Axes of people's means: planted ones are found at their strength, what is not there is not, and nothing leaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, pearsonr
from sklearn.linear_model import Ridge as TheirRidge

from probe.planted import PlantedModel, planted_units
from vlmrate.analysis import analyze
from vlmrate.errors import ProbeError
from vlmrate.probe.axes import captures_axes
from vlmrate.probe.axis import Axis, Beside, Task, correlations
from vlmrate.probe.ceilings import Ceiling, ceiling
from vlmrate.probe.dealt import dealt
from vlmrate.probe.found import Found
from vlmrate.probe.ridge import PENALTIES, nested, ridge
from vlmrate.probe.separability import Way
from vlmrate.probe.spoken import Rater, Said, rater_of, said
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.stats import Bootstrap, CorrelationDifference, Estimate, Skipped
from vlmrate.stats.folds import cluster_folds
from vlmrate.study.ratings import HumanRatings

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = Way(permutations=19, bootstrap=Bootstrap(resamples=200))
NO_CEILING = Ceiling(Skipped("not asked"), Skipped("not asked"))
NOTHING_SAID = Skipped("not asked")


class Drawn:
    """Pictures with a true rating each: a layer of the stream holds it along a direction, amid noise of SD 1.

    `strength` is the stream's shift a unit of the true rating, whose SD within emotions is 1; `own` is the SD of what
    belongs to identities, in the stream and (`liked`) in the truth.
    """

    def __init__(
        self,
        seed: int,
        *,
        identities: int = 24,
        width: int = 10,
        layers: int = 2,
        strength: float = 0.0,
        own: float = 0.0,
        liked: float = 0.0,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.identities = np.repeat([f"p{i:03}" for i in range(identities)], 6)
        self.emotions = np.tile(EMOTIONS, identities)
        rows = len(self.identities)
        offset = liked * rng.normal(size=identities).repeat(6)
        self.truth = np.tile([2.0, -2.0, -1.0, 0.0, -1.5, 0.5], identities) + rng.normal(size=rows) + offset
        self.direction = np.zeros(width)
        self.direction[0] = 1.0
        self.values = rng.normal(size=(rows, layers, width))
        self.values += own * rng.normal(size=(identities, layers, width)).repeat(6, axis=0)
        self.values[:, -1] += strength * self.truth[:, None] * self.direction

    def axis(self, spoken: Said | Skipped = NOTHING_SAID, way: Way = QUICK) -> Axis:
        task = Task(
            lambda layer: self.values[:, layer], self.values.shape[1], self.truth, self.identities, self.emotions, way
        )
        return task.axis(NO_CEILING, spoken)


def estimate(told: object) -> Estimate:
    """What was not skipped."""
    assert isinstance(told, Estimate)
    return told


def difference(told: Beside | Skipped) -> Estimate:
    """Of r within emotions."""
    assert isinstance(told, Beside)
    assert isinstance(told.within, CorrelationDifference)
    return estimate(told.within.difference)


def test_a_planted_axis_is_found_at_its_strength() -> None:
    """r within emotions is that of the best reading, 1 / sqrt(1 + 1 / strength^2), in the layer that holds it."""
    best = 1 / np.sqrt(2)
    all_found = [Drawn(seed, identities=60, strength=1.0).axis() for seed in range(20)]
    within = [estimate(found.r_within) for found in all_found]
    assert np.mean([told.value for told in within]) == pytest.approx(best, abs=0.03)
    assert sum(told.ci_low < best < told.ci_high for told in within) >= 16
    for found in all_found:
        assert found.p == 0.05
        assert set(found.layers) == {1}
        assert found.by_layer[1].p == 0.05
        assert estimate(found.r).value > estimate(found.r_within).value
    assert np.mean([found.by_layer[0].p for found in all_found]) > 0.3
    assert (all_found[0].images, all_found[0].identities) == (360, 60)


def test_a_stream_that_knows_more_than_is_said_is_found_to() -> None:
    """The digit has twice the noise of the stream: the axis is better, and a digit that is the truth is better yet."""
    drawn = Drawn(2, identities=40, strength=1.5)
    digit = drawn.truth + 2.0 * drawn.rng.normal(size=len(drawn.truth))
    found = drawn.axis(Said(digit, drawn.truth))
    assert difference(found.digit).ci_low > 0
    assert difference(found.expected).ci_high < 0
    digit[5] = np.nan
    fewer = drawn.axis(Said(digit, np.full(len(digit), np.nan)))
    assert difference(fewer.digit).n == len(digit) - 1
    assert isinstance(fewer.expected, Skipped)


@pytest.mark.slow
def test_a_digit_that_says_all_is_not_found_to_say_less() -> None:
    """Over 200 seeds the axis beats a digit read along the very direction no more often than chance (99.9 %)."""
    better = 0
    for seed in range(200):
        drawn = Drawn(seed, identities=16, layers=1, width=6, strength=1.5)
        reading = drawn.values[:, -1] @ drawn.direction
        better += difference(drawn.axis(Said(reading, reading), replace(QUICK, permutations=1)).digit).ci_low > 0
    assert better <= binom.ppf(0.999, 200, 0.05)


@pytest.mark.slow
def test_where_nothing_was_planted_nothing_is_found_more_often_than_stated() -> None:
    """Over 200 seeds p is at most .05 as often as chance allows, though identities differ both inside and to people."""
    chosen = any_layer = 0
    for seed in range(200):
        drawn = Drawn(seed, identities=12, width=6, own=2.0, liked=1.5)
        found = drawn.axis(way=replace(QUICK, permutations=19, bootstrap=Bootstrap(resamples=2), seed=seed))
        assert found.p is not None
        chosen += found.p <= 0.05
        any_layer += min(layer.p for layer in found.by_layer if layer.p is not None) <= 0.05
    assert chosen <= binom.ppf(0.999, 200, 0.05)
    assert any_layer <= binom.ppf(0.999, 200, 0.05)


def test_noise_tied_to_identities_does_not_raise_r() -> None:
    """Folds by image let strong noise of identities tell whom people like; folds that keep identities whole do not."""
    by_image, by_identity = [], []
    for seed in range(12):
        drawn = Drawn(seed, layers=1, own=5.0, liked=2.0, width=24)
        targets = drawn.truth[:, None]
        images = np.random.default_rng(seed).permutation(len(targets)) % 5
        for folds, told in ((images, by_image), (cluster_folds(drawn.identities, 5, seed=seed), by_identity)):
            made = nested(lambda layer, drawn=drawn: drawn.values[:, layer], 1, targets, folds, lambda _: None)  # type: ignore[misc]  # a default binds it
            told.append(correlations(made.predictions, targets, drawn.emotions)[0])
    assert np.mean(by_image) > 0.6
    assert np.mean(by_identity) < 0.05


def test_nothing_of_the_judged_pictures_decides_anything() -> None:
    """With other ratings of the judged fold its predictions and its layer are the same to the bit."""
    drawn = Drawn(3, strength=0.7)
    folds = cluster_folds(drawn.identities, 5, seed=0)
    judged = folds == 2
    other = np.where(judged, 100.0 * drawn.rng.normal(size=len(folds)), drawn.truth)
    one, two = (
        nested(lambda layer: drawn.values[:, layer], 2, truth[:, None], folds, lambda _: None)
        for truth in (drawn.truth, other)
    )
    assert (one.predictions[judged] == two.predictions[judged]).all()
    assert one.layers[2] == two.layers[2]
    assert (one.predictions[~judged] != two.predictions[~judged]).any()


@pytest.mark.parametrize("width", [8, 90])
def test_it_is_ridge_regression(width: int) -> None:
    """For every penalty the predictions are scikit-learn's, with fewer units than rows and with more."""
    rng = np.random.default_rng(0)
    known, asked, targets = rng.normal(size=(40, width)), rng.normal(size=(10, width)), rng.normal(size=(40, 3))
    made = ridge(known).predictions(asked, targets)
    mean, spread = known.mean(axis=0), known.std(axis=0)
    for number, times in enumerate(PENALTIES):
        theirs = TheirRidge(alpha=times * width).fit((known - mean) / spread, targets)
        np.testing.assert_allclose(made[number], theirs.predict((asked - mean) / spread), atol=1e-8)


def test_r_within_is_that_of_centred_columns() -> None:
    """Against scipy; a prediction that is the same everywhere has none."""
    rng = np.random.default_rng(0)
    strata = np.repeat(["a", "b"], 10)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=(20, 2))
    x[:, 1] = 3.0
    centred = [pd.Series(column).groupby(strata).transform(lambda v: v - v.mean()) for column in (x[:, 0], y[:, 0])]
    told = correlations(x, y, strata)
    assert told[0] == pytest.approx(pearsonr(*centred).statistic)
    assert np.isnan(told[1])


def test_identities_change_places_whole_and_emotions_keep_their_values() -> None:
    """An identity that shows other emotions than all others stays; with fewer than four alike there is no chance."""
    identities = np.array([f"p{i}" for i in range(5) for _ in range(3)] + ["q", "q"])
    strata = np.array(["b", "a", "c"] * 5 + ["a", "b"])
    moved = dealt(identities, strata, 50, 0)
    assert moved is not None
    assert (strata[moved] == strata[:, None]).all()
    assert (moved[-2:] == np.array([[15], [16]])).all()
    for name in np.unique(identities):
        assert all(len(set(column)) == 1 for column in identities[moved[identities == name]].T)
    assert (np.sort(moved, axis=0) == np.arange(17)[:, None]).all()
    assert (moved != np.arange(17)[:, None]).any()
    assert dealt(identities[:9], strata[:9], 5, 0) is None


def rated(small, identities: int = 10) -> Study:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A small study whose people differ about pictures of one emotion too."""
    study: Study = small.study(identities)
    rng = np.random.default_rng(5)
    about = {stimulus.image_id: small.typical(stimulus) + rng.normal() for stimulus in study.stimuli}
    rows = [
        {
            "rater_id": f"h{person}",
            "image_id": name,
            "valence": float(np.clip(round(mean + rng.normal()), 1, 9)),
            "arousal": float(np.clip(round(5 + rng.normal()), 1, 9)),
        }
        for person in range(6)
        for name, mean in about.items()
    ]
    return replace(study, ratings=HumanRatings(("valence", "arousal"), pd.DataFrame(rows), has_singles=True))


def test_the_ceiling_is_that_of_analyze_and_lower_within_emotions(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Where single ratings are not at hand there is none, and no ceiling within emotions without emotions."""
    study = rated(small)
    found = ceiling(study, "valence")
    people = analyze(study, small.results()).reliability
    assert not isinstance(people, Skipped)
    assert found.overall == people[0].ceiling
    assert estimate(found.within).value < estimate(found.overall).value
    assert study.ratings is not None
    means = replace(study, ratings=small.aggregated(study.ratings))
    assert isinstance(ceiling(means, "valence").overall, Skipped)
    posed = replace(study, factors=replace(study.factors, emotion=None))
    assert isinstance(ceiling(posed, "valence").within, Skipped)


def planted(study: Study) -> PlantedModel:
    """A model whose stream moves with the emotion."""
    return PlantedModel(study, planted_units(EMOTIONS, 12, {}, seed=0), dict.fromkeys(EMOTIONS, 4.0), own=0.2)


def test_a_capture_stands_beside_its_own_raters_answers(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """By the digest of its model and its protocol; what is found is read back from the disk as it was."""
    study = rated(small)
    capture = planted(study).capture(tmp_path / "c.safetensors")
    capture = replace(capture, about=capture.about.model_copy(update={"protocol": "context-carry"}))
    results = small.results(small.rater(study, "mine"), small.rater(study, "other", seed=2))
    named = replace(results.runs[1], settings={"model_digest": capture.about.model_digest})
    results = replace(results, runs=(results.runs[0], named))
    assert rater_of(capture.about, results) == Rater("other", "context-carry")
    assert rater_of(capture.about, results, "mine") == Rater("mine", "context-carry")
    nobody = rater_of(capture.about, results, "nobody")
    assert isinstance(nobody, Skipped)
    assert "no ratings by nobody under context-carry" in nobody.reason
    told = said(results, Rater("other", "context-carry"), "valence", capture.ids[:3])
    assert (
        list(told.digit)
        == [row["value"] for row in small.rater(study, "other", seed=2) if row["item"] == "valence"][:3]
    )
    assert np.isnan(told.expected).all()

    made = captures_axes([capture], study, results, QUICK, array="answer/valence")
    (array,) = made.arrays
    valence, arousal = array.items
    assert array.rater == Rater("other", "context-carry")
    assert isinstance(valence.found, Axis)
    assert isinstance(valence.found.digit, Beside)
    assert valence.found.expected == Skipped("the rater gave no such number of these pictures")
    assert estimate(valence.found.share).value > estimate(valence.found.r).value > 0.5
    assert isinstance(arousal.found, Axis)
    assert arousal.found.p_holm is not None
    assert arousal.found.p is not None
    assert arousal.found.p_holm >= arousal.found.p
    write_found(Found(axis=(made,)), study, "planted")
    assert read_found(study) == Found(axis=(made,))


def test_what_a_study_lacks_is_skipped_or_said(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Without identities, emotions, enough identities, answers; and one sentence where people rated nothing."""
    study = rated(small)
    model = planted(study)
    capture = model.capture(tmp_path / "c.safetensors")
    results = small.results()
    nameless = replace(study, factors=replace(study.factors, identity=None))
    (array,) = captures_axes([capture], nameless, results, QUICK, array="answer/valence").arrays
    assert all(isinstance(item.found, Skipped) for item in array.items)
    assert all(isinstance(cells.found, Skipped) for cells in array.likeness)
    posed = replace(study, factors=replace(study.factors, emotion=None))
    (array,) = captures_axes([capture], posed, results, QUICK, array="answer/valence").arrays
    axis = array.items[0].found
    assert isinstance(axis, Axis)
    assert isinstance(axis.r_within, Skipped)
    assert axis.digit == Skipped("the capture names no protocol, so no answers belong to it")
    assert array.likeness == ()
    few = rated(small, 4)
    (array,) = captures_axes(
        [planted(few).capture(tmp_path / "few")], few, results, QUICK, array="answer/valence"
    ).arrays
    assert array.items[0].found == Skipped("there must be 5 identities that people rated, and there are 4")
    with pytest.raises(ProbeError, match="study small has no ratings by people on a scale"):
        captures_axes([capture], replace(study, ratings=None), results, QUICK)
