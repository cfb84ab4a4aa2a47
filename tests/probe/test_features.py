"""Features: what was planted is told, nothing is told where nothing was planted, and a feature can be a direction."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.direction import CapturedDirections
from vlmrate.probe.found import Found
from vlmrate.probe.records import ArrayAbout
from vlmrate.probe.sparse.active import Features
from vlmrate.probe.sparse.dictionary import Dictionary
from vlmrate.probe.sparse.directions import FeatureDirections, JoinedDirections
from vlmrate.probe.sparse.enrichment import enrichment
from vlmrate.probe.sparse.features import FactorFeatures, FeaturesOutcome, Listing, features_of
from vlmrate.probe.sparse.records import DictionaryAbout
from vlmrate.probe.sparse.selectivity import mean_selectivity, selectivity
from vlmrate.probe.sparse.sizes import sizes_of
from vlmrate.probe.sparse.train import Training
from vlmrate.probe.store import Row, open_capture, writing
from vlmrate.report.contact_sheet import save_sheet
from vlmrate.report.figures.inside import inside_figures
from vlmrate.report.figures.render import save
from vlmrate.report.foundfile import read_found, write_found
from vlmrate.report.markdown import markdown
from vlmrate.report.tables.inside import inside_tables
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.store import Capture
    from vlmrate.study.records import Study

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
UNTIED = tuple(f"untied{number}" for number in range(8))
NAMES = (*EMOTIONS, "gender=f", *UNTIED)
WIDTH, LAYER = 24, 2
QUICK = Listing(permutations=199, bootstrap=Bootstrap(resamples=200), top=4)
Made = tuple["Study", "Capture", Dictionary]


@pytest.fixture
def made(small: Any, tmp_path: Path) -> Made:
    """A study, a planted model's capture, and a dictionary of its directions: six emotions, a group, eight untied."""
    units = planted_units(NAMES, WIDTH, {}, seed=5)
    model = PlantedModel(
        small.study(12), {name: units[name] for name in NAMES[:7]}, dict.fromkeys(NAMES[:7], 8.0), own=0.6, noise=0.5
    )
    decoder = 2 * np.array([units[name] for name in NAMES], np.float32)
    size = len(NAMES)
    about = DictionaryAbout(
        model=model.name,
        model_digest=model.digest,
        array="answer/emotion",
        layer=LAYER,
        width=WIDTH,
        size=size,
        kind="jumprelu",
        centred=False,
    )
    threshold = np.full(size, 0.2, np.float32)
    zeros = np.zeros(size, np.float32), np.zeros(WIDTH, np.float32)
    dictionary = Dictionary(about, decoder.T / 4, zeros[0], decoder, zeros[1], threshold)
    return model.study, model.capture(tmp_path / "c.safetensors"), dictionary


def factors(found: FeaturesOutcome) -> dict[str, FactorFeatures]:
    """What was found of every factor."""
    return {one.factor: one.found for one in found.factors if isinstance(one.found, FactorFeatures)}


def test_planted_features_are_told(made: Made) -> None:
    """Each emotion's own feature is enriched for it alone, that of a group for the group, and no untied one."""
    study, capture, dictionary = made
    found = features_of(dictionary, "planted", capture, study, QUICK)
    told = {NAMES[feature.number]: feature for feature in found.features}
    assert set(told) == set(NAMES[:7])
    for name in EMOTIONS:
        (one,) = (enriched for enriched in told[name].enriched if enriched.factor == "emotion")
        assert (one.level, one.p) == (name, 0.005)
        assert isinstance(one.selectivity, Estimate)
        assert one.selectivity.ci_low > 0.6
        assert all(picture.endswith(name) for picture in told[name].top)
        assert len(told[name].top) == QUICK.top
    assert [(one.factor, one.level) for one in told["gender=f"].enriched] == [("gender", "f")]
    emotion, gender = factors(found)["emotion"], factors(found)["gender"]
    assert [(one.enriched, one.distinct) for one in emotion.levels] == [(1, 1)] * 6
    assert (gender.enriched, gender.distinct) == (1, 1)
    assert found.judged <= found.ever <= found.size == len(NAMES)
    assert isinstance(found.explained, Estimate)


def test_a_shared_feature_is_no_distinct_one(made: Made) -> None:
    """A feature of two emotions counts for both and is distinct for neither; asked for, it is told alone."""
    study, capture, dictionary = made
    both = dictionary.decoder[0] + dictionary.decoder[1]
    shared = replace(
        dictionary,
        decoder=np.vstack([both, dictionary.decoder[1:]]),
        encoder=np.column_stack([both / 4, dictionary.encoder[:, 1:]]),
    )
    found = features_of(shared, "shared", capture, study, replace(QUICK, features=(0, 14)))
    assert [feature.number for feature in found.features] == [0, 14]
    assert {one.level for one in found.features[0].enriched} == {"happy", "sad"}
    assert found.features[1].enriched == ()
    levels = {level.level: level for level in factors(found)["emotion"].levels}
    assert (levels["happy"].enriched, levels["happy"].distinct) == (1, 0)
    assert (levels["sad"].enriched, levels["sad"].distinct) == (2, 1)
    with pytest.raises(ProbeError, match="--feature 15: the dictionary has features 0 to 14"):
        features_of(shared, "shared", capture, study, replace(QUICK, features=(15,)))


def sparse(rng: np.random.Generator, identities: int, features: int) -> np.ndarray:
    """Activations of pictures, mostly 0, that go with who is shown and with nothing else."""
    own = np.repeat(rng.normal(size=(identities, features)), 6, axis=0)
    return np.maximum(own + rng.normal(size=own.shape) - 1, 0)


@pytest.mark.parametrize("kind", ["emotion", "group"])
def test_untied_features_are_enriched_no_more_often_than_stated(kind: str) -> None:
    """Over 200 seeds any of 40 features is called enriched in 5 % of studies, also where noise goes with identities;
    a feature that is tied is found beside them."""
    most, any_untied, tied = binom.ppf(0.999, 200, 0.05), 0, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        identities = np.repeat(np.arange(12), 6)
        emotions, groups = np.tile(np.arange(6), 12), np.repeat(rng.permutation(np.arange(12) % 2), 6)
        codes = emotions if kind == "emotion" else groups
        values = sparse(rng, 12, 41)
        values[:, 40] += (3.0 if kind == "emotion" else 6.0) * (codes == 1)
        held = enrichment(values, codes, identities, 99, seed).held
        any_untied += bool(held[:40].any())
        tied += bool(held[40, 1])
    assert any_untied <= most
    assert tied > 190


def test_chance_follows_from_the_design() -> None:
    """Mean and SD of the sums over permutations are those of all permutations within identities, one by one."""
    rng = np.random.default_rng(2)
    values = sparse(rng, 2, 3)[[0, 1, 2, 6, 7, 8, 9]]
    codes, identities = np.array([0, 1, 2, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1, 1, 1])
    every = [
        [values[[*first, *(3 + i for i in second)]][codes == number].sum(axis=0) for number in range(3)]
        for first in permutations(range(3))
        for second in permutations(range(4))
    ]
    sums = np.array(every).transpose(0, 2, 1)
    observed = np.array([values[codes == number].sum(axis=0) for number in range(3)]).T
    spread = sums.std(axis=0)
    by_hand = np.where(spread > 1e-9, (observed - sums.mean(axis=0)) / np.where(spread > 1e-9, spread, 1), 0)
    np.testing.assert_allclose(enrichment(values, codes, identities, 19, 0).z, by_hand, atol=1e-9)


def test_a_group_is_tested_by_identities() -> None:
    """Six pictures of one person are no six people: what is active in one identity alone is enriched for no group."""
    identities, codes = np.repeat(np.arange(12), 6), np.repeat(np.arange(12) % 2, 6)
    values = (identities == 1).astype(float)[:, None] * 9
    assert enrichment(values, codes, identities, 199, 0).p[0, 1] > 0.3


def test_a_group_is_tested_within_emotions() -> None:
    """A feature of an emotion that one group shows more often is none of the group; that of the group stays one."""
    identities, groups = np.repeat(np.arange(16), 6), np.repeat(np.arange(16) % 2, 6)
    happy = np.tile(np.arange(6), 16) < np.where(groups == 1, 4, 2)
    values = np.column_stack([3.0 * happy, 3.0 * (groups == 1)]) + np.random.default_rng(0).normal(size=(96, 2))
    assert enrichment(values, groups, identities, 199, 0).held.tolist() == [[False, True]] * 2
    held = enrichment(values, groups, identities, 199, 0, np.where(happy, "happy", "sad")).held
    assert held.tolist() == [[False, False], [False, True]]


def test_an_emotion_that_a_group_shows_more_often_makes_no_feature_of_the_group(
    small: Any, made: Made, tmp_path: Path
) -> None:
    """One man of the planted study is shown happy, but all women."""
    study, dictionary = small.study(24), made[2]
    happy_men = [s for s in study.stimuli if (s.factors["gender"], s.factors["emotion"]) == ("m", "happy")]
    fewer = replace(study, stimuli=tuple(s for s in study.stimuli if s not in happy_men[1:]))
    assert len(happy_men) > 3
    units = planted_units(NAMES, WIDTH, {}, seed=5)
    emotions = {name: units[name] for name in EMOTIONS}
    model = PlantedModel(fewer, emotions, dict.fromkeys(EMOTIONS, 8.0), own=0.6, noise=0.5)
    found = features_of(dictionary, "p", model.capture(tmp_path / "fewer"), fewer, replace(QUICK, features=(0,)))
    assert [(one.factor, one.level) for one in found.features[0].enriched] == [("emotion", "happy")]


def test_selectivity_is_what_it_says() -> None:
    """1 in the class alone, 0 where all are alike; the mean of several features is that of each."""
    inside = np.array([True, False] * 10)
    identities = np.repeat([f"p{i}" for i in range(10)], 2)
    way = Bootstrap(resamples=100)
    values = np.column_stack([inside * 2.0, np.ones(20), np.where(inside, 3.0, 1.0)])
    each = [selectivity(column, inside, identities, way) for column in values.T]
    assert [one.value for one in each if isinstance(one, Estimate)] == [1.0, 0.0, 0.5]
    members = np.repeat(inside[:, None], 3, axis=1)
    both = mean_selectivity(values, members, identities, way)
    assert isinstance(both, Estimate)
    assert both.value == pytest.approx(0.5)


def test_a_feature_is_a_direction_at_its_own_place(made: Made) -> None:
    """The decoder's row at unit length, its gap the mean where it is active; beside those of the capture."""
    study, capture, dictionary = made
    features = FeatureDirections(Features(dictionary, capture))
    every = JoinedDirections(features, CapturedDirections(capture, study))
    assert {"happy", "gender=f", "feature:0"} <= set(every.names)
    made_direction = every.direction("feature:0", LAYER, "emotion")
    assert np.linalg.norm(made_direction.unit) == pytest.approx(1)
    happy = every.direction("happy", LAYER, "emotion")
    assert happy.unit @ made_direction.unit > 0.8
    values = dictionary.encode(capture.layer("answer/emotion", LAYER))[:, 0]
    assert made_direction.gap == pytest.approx(2 * values[values > 0].mean(), rel=1e-5)
    for name, layer, step, words in (
        ("feature:0", 1, "emotion", "is for layer 2 and has no direction after layer 1; name --layer 2"),
        ("feature:15", LAYER, "emotion", "there is no feature:15; the dictionary has feature:0 to feature:14"),
        ("feature:x", LAYER, "emotion", "there is no feature:x"),
    ):
        with pytest.raises(ProbeError, match=words):
            every.direction(name, layer, step)
    silent = replace(dictionary, threshold=np.full(len(NAMES), 99, np.float32))
    with pytest.raises(ProbeError, match=r"no picture of .* activates it; `vlmrate probe features list`"):
        FeatureDirections(Features(silent, capture)).direction("feature:0", LAYER, "emotion")
    with pytest.raises(ProbeError, match="belongs to another model"):
        Features(replace(dictionary, about=dictionary.about.model_copy(update={"model_digest": "cd" * 32})), capture)


def test_a_feature_of_the_vision_tower_is_no_direction(made: Made, tmp_path: Path) -> None:
    """Though the tower is as wide as the stream, and its only layer has a block's number."""
    _, capture, dictionary = made
    arrays = (ArrayAbout(position="vision", layers=1, width=WIDTH),)
    about = capture.about.model_copy(update={"arrays": arrays})
    with writing(tmp_path / "vision", about) as writer:
        for number, values in enumerate(capture.layer("answer/emotion", LAYER)):
            writer.write(number, Row({"vision": values[None]}, {}, bytes(32)))
    of_tower = replace(dictionary, about=dictionary.about.model_copy(update={"array": "vision", "layer": 0}))
    with pytest.raises(ProbeError, match="belongs to the vision tower's output"):
        FeatureDirections(Features(of_tower, open_capture(tmp_path / "vision")))


@pytest.fixture
def found(made: Made) -> Found:
    """What `list` and `sizes` find of the planted model."""
    pytest.importorskip("mlx")
    study, capture, dictionary = made
    training = Training(k=2, size=32, steps=150, rate=1e-2)
    return Found(
        features=(features_of(dictionary, "planted", capture, study, QUICK),),
        features_sizes=(sizes_of(capture, study, "answer/emotion", LAYER, (8, 32), training, QUICK),),
    )


def test_sizes_are_judged_on_identities_held_out(made: Made, found: Found) -> None:
    """Trained features are specific and explain, random directions explain little; a study without emotions skips."""
    study, capture, _ = made
    (outcome,) = found.features_sizes
    assert (outcome.identities, outcome.held_out) == (6, 6)
    assert not isinstance(outcome.sizes, Skipped)
    assert [one.size for one in outcome.sizes] == [8, 32]
    for one in outcome.sizes:
        for told in (one.trained.distinct, one.trained.explained, one.random.explained, one.trained.selectivity):
            assert isinstance(told, Estimate)
    last = outcome.sizes[-1]
    assert isinstance(last.trained.explained, Estimate)
    assert isinstance(last.random.explained, Estimate)
    assert last.trained.explained.ci_low > last.random.explained.ci_high
    assert isinstance(last.trained.selectivity, Estimate)
    assert last.trained.selectivity.ci_low > 0.5
    nameless = replace(study, factors=replace(study.factors, emotion=None))
    skipped = sizes_of(capture, nameless, "answer/emotion", LAYER, (8,), Training(k=2, size=8, steps=1), QUICK)
    assert skipped.sizes == Skipped("the study names no emotion under factors")
    assert list(inside_tables(Found(features_sizes=(skipped,))))
    with pytest.raises(ProbeError, match="--sizes 1: a dictionary of so few features cannot keep 2"):
        sizes_of(capture, study, "answer/emotion", LAYER, (8, 1), Training(k=2), QUICK)


def test_what_was_found_is_stored_shown_and_drawn(made: Made, found: Found, tmp_path: Path) -> None:
    """Read back as it was; tables say the numbers, figures are drawn, and a damaged file names its command."""
    study, _, _ = made
    files = write_found(found, study, "planted")
    assert [file.name for file in files] == ["features.json", "features_sizes.json"]
    assert read_found(study) == found
    tables = {table.id: table for table in inside_tables(found)}
    assert list(tables) == ["features", "features-classes", "features-list", "features-sizes"]
    shown = markdown(tables["features-classes"], 2, "Table 1")
    assert f"| happy | 1/{found.features[0].judged} " in shown
    assert "random directions" in markdown(tables["features-sizes"], 2, "Table 1")
    drawn = inside_figures(found)
    assert [figure.id for figure in drawn] == ["fig-features", "fig-features-sizes"]
    assert "Emotion: 6 of" in drawn[0].caption
    for figure in drawn:
        save(figure, tmp_path / f"{figure.id}.svg")
        assert "<svg" in (tmp_path / f"{figure.id}.svg").read_text(encoding="utf-8")
    files[1].write_text("{}", encoding="utf-8")
    with pytest.raises(ProbeError, match="run `vlmrate probe features sizes` again"):
        read_found(study)


def test_the_contact_sheet_shows_the_top_pictures(made: Made, tmp_path: Path) -> None:
    """A row a feature that is active at all, each picture in its place."""
    from PIL import Image

    study, capture, dictionary = made
    for number, stimulus in enumerate(study.stimuli):
        Image.new("RGB", (200, 150), (number, 0, 0)).save(stimulus.path)
    found = features_of(dictionary, "planted", capture, study, QUICK)
    assert save_sheet(found.features, study, tmp_path / "sheet.png") == 7
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height == 7 * 102 + 6
        first = [stimulus.image_id for stimulus in study.stimuli].index(found.features[0].top[0])
        assert sheet.getpixel((160, 20)) == (first, 0, 0)


def test_a_factor_that_cannot_be_told_is_skipped(made: Made) -> None:
    """One class only; the others are told all the same."""
    study, capture, dictionary = made
    one = replace(
        study,
        stimuli=tuple(replace(stimulus, factors=stimulus.factors | {"gender": "f"}) for stimulus in study.stimuli),
    )
    told = {factor.factor: factor.found for factor in features_of(dictionary, "p", capture, one, QUICK).factors}
    assert told["gender"] == Skipped("there must be two classes to be told apart, and there is 1")
    assert isinstance(told["emotion"], FactorFeatures)
