"""Separability: what was planted is found where it was planted, what was not is not, and no identity leaks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.linear_model import Ridge
from sklearn.metrics import silhouette_score

from vlmrate.errors import ProbeError
from vlmrate.probe.crossfit import turns
from vlmrate.probe.linear import permuted, smoother
from vlmrate.probe.records import ArrayAbout, CaptureAbout
from vlmrate.probe.scatter import scaled, share_between, silhouette
from vlmrate.probe.separability import Separability, Way, separability, separate
from vlmrate.probe.store import Row, open_capture, writing
from vlmrate.probe.told import Told
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.stats.folds import cluster_folds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.study.records import Stimulus

EMOTIONS = np.array(["happy", "sad", "angry", "fear", "disgust", "neutral"])
QUICK = Way(permutations=99, bootstrap=Bootstrap(resamples=200))


class Planted:
    """Activations (rows, layers, width): identities that differ, and a label told in some layers by directions."""

    def __init__(self, seed: int, *, identities: int = 20, layers: int = 4, width: int = 24, own: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.rng = rng
        self.identities = np.repeat([f"p{i:02}" for i in range(identities)], len(EMOTIONS))
        self.emotions = np.tile(EMOTIONS, identities)
        self.groups = np.repeat(rng.permutation(np.arange(identities) % 2), len(EMOTIONS)).astype(str)
        of_identity = rng.normal(size=(identities, layers, width)).repeat(len(EMOTIONS), axis=0)
        self.values = own * of_identity + rng.normal(size=(len(self.identities), layers, width))

    def plant(self, labels: np.ndarray, layer: int, strength: float) -> Planted:
        """Move every row along its class's own direction in one layer."""
        for name in np.unique(labels):
            direction = self.rng.normal(size=self.values.shape[2])
            self.values[labels == name, layer] += strength * direction / np.linalg.norm(direction)
        return self

    def found(self, labels: np.ndarray, way: Way = QUICK) -> Separability:
        """What is found of the labels."""
        made = separate(
            lambda layer: self.values[:, layer],
            self.values.shape[1],
            factor="label",
            labels=labels,
            identities=self.identities,
            emotions=self.emotions,
            way=way,
        )
        assert isinstance(made, Separability)
        return made


def value(found: Separability) -> float:
    """Accuracy on the other half."""
    assert isinstance(found.chosen.accuracy, Estimate)
    return found.chosen.accuracy.value


def test_an_emotion_is_found_in_the_layer_that_holds_it() -> None:
    """Planted in layer 2: that one is chosen, holds on identities that had no part in it, and others hold nothing."""
    planted = Planted(1)
    found = planted.plant(planted.emotions, 2, 6.0).found(planted.emotions)
    assert found.chosen.layer == 2
    assert value(found) > 0.7
    assert found.chosen.p == 0.01
    assert [layer.p <= 0.05 for layer in found.layers] == [False, False, True, False]
    assert found.layers[2].accuracy > 0.8
    assert found.layers[2].between > 2 * found.layers[0].between
    assert found.layers[2].silhouette > found.layers[0].silhouette
    assert (found.images, found.identities, found.chosen.identities) == (120, 20, 10)
    assert found.chance == pytest.approx(1 / 6)


def test_a_group_is_found_in_the_layer_that_holds_it() -> None:
    """A label that belongs to the identity: permuted between identities, and found all the same."""
    planted = Planted(2, identities=40, own=0.3)
    found = planted.plant(planted.groups, 1, 8.0).found(planted.groups)
    assert found.chosen.layer == 1
    assert value(found) > 0.9
    assert found.chosen.p <= 0.05
    assert [layer.p <= 0.05 for layer in found.layers] == [False, True, False, False]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["emotions", "groups"])
def test_where_nothing_was_planted_nothing_is_found_more_often_than_stated(kind: str) -> None:
    """Over 200 seeds both tests at .05 are positive in no more studies than chance allows (99.9 % of the time)."""
    most = binom.ppf(0.999, 200, 0.05)
    any_layer = held_out = 0
    for seed in range(200):
        planted = Planted(seed, identities=12, layers=3, width=12)
        found = planted.found(getattr(planted, kind), replace(QUICK, permutations=59, seed=seed))
        any_layer += min(layer.p for layer in found.layers) <= 0.05
        held_out += found.chosen.p <= 0.05
    assert any_layer <= most
    assert held_out <= most


def test_noise_tied_to_identities_tells_no_group() -> None:
    """Identities that differ strongly betray their group to folds by image, and to folds by identity they do not."""
    by_image, by_identity = [], []
    for seed in range(20):
        planted = Planted(seed, own=5.0, layers=1)
        told = Told.of(planted.groups, planted.emotions, planted.identities)
        images = np.random.default_rng(seed).permutation(len(told.codes)) % 5
        whole = cluster_folds(planted.identities, 5, seed=seed)
        by_image.append(told.across_folds(planted.values[:, 0], images, told.cells[:, None])[0])
        by_identity.append(told.across_folds(planted.values[:, 0], whole, told.cells[:, None])[0])
    assert np.mean(by_image) > 0.9
    assert np.mean(by_identity) < 0.55


def test_permutations_keep_the_design() -> None:
    """An emotion is dealt within identities and stays balanced in each; a group moves whole identities."""
    planted = Planted(0, identities=8)
    _, emotions = np.unique(planted.emotions, return_inverse=True)
    dealt = permuted(emotions, planted.identities, 50, 0)
    for name in np.unique(planted.identities):
        assert (np.sort(dealt[planted.identities == name], axis=0) == np.arange(6)[:, None]).all()
    groups = permuted(planted.groups.astype(int), planted.identities, 50, 0)
    for name in np.unique(planted.identities):
        assert (groups[planted.identities == name] == groups[planted.identities == name][0]).all()
    assert (groups.mean(axis=0) == 0.5).all()
    assert (groups != planted.groups.astype(int)[:, None]).any()


def test_the_probe_is_ridge_regression() -> None:
    """The smoother's predictions are those of scikit-learn's ridge on the same scaled units and penalty."""
    planted = Planted(3)
    activations = planted.values[:, 0]
    train, test = np.arange(60), np.arange(60, 120)
    made = smoother(activations, train, test)
    scale = activations[train].std(axis=0)
    known = (activations[train] - activations[train].mean(axis=0)) / scale
    asked = (activations[test] - activations[train].mean(axis=0)) / scale
    target = (planted.emotions[train] == "sad").astype(float)
    penalty = np.trace(known @ known.T) / len(train)
    theirs = Ridge(alpha=penalty).fit(known, target).predict(asked)
    np.testing.assert_allclose(made.matrix @ (target - target.mean()) + target.mean(), theirs, atol=1e-4)


def test_the_silhouette_is_scikit_learns() -> None:
    """And the share of variance between classes is 1 where rows of a class are the same."""
    planted = Planted(4)
    activations = scaled(planted.plant(planted.emotions, 0, 3.0).values[:, 0])
    _, codes = np.unique(planted.emotions, return_inverse=True)
    assert silhouette(activations, codes) == pytest.approx(silhouette_score(activations, codes), abs=1e-6)
    means = np.stack([activations[codes == number].mean(axis=0) for number in range(6)])[codes]
    assert share_between(scaled(means), codes) == pytest.approx(1.0)
    assert 0 < share_between(activations, codes) < 1


def test_the_same_seed_finds_the_same() -> None:
    """Folds, halves, permutations and intervals all come from the seed."""
    planted = Planted(5)
    planted.plant(planted.emotions, 1, 3.0)
    assert planted.found(planted.emotions) == planted.found(planted.emotions)
    assert planted.found(planted.emotions) != planted.found(planted.emotions, replace(QUICK, seed=1))


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a"] * 12, "two classes to be told apart, and there is 1"),
        (["a", "b"] * 3 + ["a"] * 6, "b is shown by 3 identities, and each half needs two"),
    ],
)
def test_too_little_is_skipped_with_the_reason(labels: list[str], words: str) -> None:
    """One class, or one that too few identities show: no number, a sentence."""
    found = separate(
        lambda _: np.zeros((12, 3)),
        1,
        factor="label",
        labels=np.array(labels),
        identities=np.repeat([f"p{i}" for i in range(6)], 2),
        way=QUICK,
    )
    assert isinstance(found, Skipped)
    assert words in found.reason


def test_a_class_that_one_half_alone_shows_is_skipped() -> None:
    """Nothing is defined on the half that lacks it, and it is said before a layer is chosen by that."""
    identities = np.repeat([f"p{i:02}" for i in range(12)], 2)
    labels = np.tile(["a", "b"], 12)
    turn, _ = turns(identities, labels, QUICK.seed)
    labels[turn.learnt[::2]] = "c"
    found = separate(lambda _: np.zeros((24, 4)), 1, factor="label", labels=labels, identities=identities, way=QUICK)
    assert found == Skipped("label is told on halves of the identities, and not all levels are shown in one of them")


@pytest.fixture
def captured(tmp_path: Path) -> Callable[..., Path]:
    """Stores activations as a capture of images or texts."""

    def store(values: np.ndarray, rows: tuple[str, ...], source: Literal["images", "texts"] = "images") -> Path:
        array = ArrayAbout(position="answer", step="emotion", layers=values.shape[1], width=values.shape[2])
        about = CaptureAbout(source=source, model="planted", model_digest="d", arrays=(array,), rows=rows)
        file = tmp_path / f"{about.source}.safetensors"
        with writing(file, about) as writer:
            for number, row in enumerate(values):
                writer.write(number, Row({array.name: row}, {array.name: bytes(32)}, bytes(32)))
        return file

    return store


def test_a_studys_groups_are_told_within_its_emotion(small, captured: Callable[..., Path]) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Women are happy and afraid, men sad and angry, but for every third of each: gender is not told by that."""
    study = small.study(identities=24)
    shown = [stimulus for number, stimulus in enumerate(study.stimuli) if number // 6 % 3 == 0 or _usual(stimulus)]
    planted = Planted(0, identities=24, layers=1, own=0.0)
    planted.values = planted.values[: len(shown)]
    emotions = np.array([stimulus.factors["emotion"] for stimulus in shown])
    planted.plant(emotions, 0, 20.0)
    file = captured(planted.values, tuple(stimulus.image_id for stimulus in shown))
    (gender,) = separability(open_capture(file), "answer/emotion", study, ("gender",), QUICK)
    assert isinstance(gender.found, Separability)
    assert gender.found.layers[0].accuracy < 0.6
    blind = replace(study, factors=replace(study.factors, emotion=None))
    (whatever,) = separability(open_capture(file), "answer/emotion", blind, ("gender",), QUICK)
    assert isinstance(whatever.found, Separability)
    assert whatever.found.layers[0].accuracy > 0.65
    assert whatever.found.layers[0].p <= 0.05 < gender.found.layers[0].p


def _usual(stimulus: Stimulus) -> bool:
    return stimulus.factors["emotion"] in {"f": ("happy", "fear"), "m": ("sad", "angry")}[stimulus.factors["gender"]]


def test_a_capture_is_judged_by_the_studys_own_columns(small, captured: Callable[..., Path]) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Emotion and group are taken from the stimuli by image id, whichever rows were captured."""
    study = small.study(identities=10)
    rows = tuple(stimulus.image_id for stimulus in study.stimuli)[6:]
    planted = Planted(0, identities=9)
    planted.plant(planted.emotions, 3, 9.0)
    file = captured(planted.values, rows)
    emotion, gender = separability(open_capture(file), "answer/emotion", study, ("emotion", "gender"), QUICK)
    assert isinstance(emotion.found, Separability)
    assert emotion.found.chosen.layer == 3
    assert isinstance(gender.found, Separability)
    assert gender.found.classes == ("f", "m")
    nameless = replace(study, factors=replace(study.factors, identity=None))
    (without,) = separability(open_capture(file), "answer/emotion", nameless, ("emotion",), QUICK)
    assert isinstance(without.found, Skipped)
    with pytest.raises(ProbeError, match=r"holds the picture p\d+_\w+, which study small lacks"):
        separability(open_capture(file), "answer/emotion", small.study(identities=3), ("emotion",), QUICK)
    texts = captured(planted.values, rows, source="texts")
    with pytest.raises(ProbeError, match="captured from texts"):
        separability(open_capture(texts), "answer/emotion", study, ("emotion",), QUICK)
