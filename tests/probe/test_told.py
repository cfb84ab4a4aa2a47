"""Groups told within emotion: where women are shown happy more often, they are not told by that, and by their own are.

Every test of a null is held beside the same without emotions, which it fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import binom

from vlmrate.probe.leakage import Judged
from vlmrate.probe.linear import balanced
from vlmrate.probe.separability import Separability, Way, separate
from vlmrate.probe.told import Told
from vlmrate.stats import Bootstrap, Estimate, Skipped

WAY = Way(permutations=59, bootstrap=Bootstrap(resamples=50))
SEEDS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Unbalanced:
    """Activations (rows, layers, width) that emotions leave a trace in, and groups one of their own by `strength`.

    One group's identities have five happy pictures and a sad one, the other's five sad ones and a happy one.
    """

    identities: np.ndarray
    emotions: np.ndarray
    groups: np.ndarray
    values: np.ndarray

    @classmethod
    def drawn(
        cls, seed: int, *, strength: float = 0.0, own: float = 1.0, people: int = 12, layers: int = 2, width: int = 12
    ) -> Unbalanced:
        rng = np.random.default_rng(seed)
        of_women = rng.permutation(np.arange(people) % 2).repeat(6).astype(bool)
        happy = of_women ^ (np.tile(np.arange(6), people) == 5)
        values = rng.normal(size=(6 * people, layers, width))
        values += own * rng.normal(size=(people, layers, width)).repeat(6, axis=0)
        for there, length in ((happy, 4.0), (of_women, strength)):
            direction = rng.normal(size=(layers, width))
            values += there[:, None, None] * length * direction / np.linalg.norm(direction, axis=1, keepdims=True)
        return cls(
            np.array([f"p{i:02}" for i in range(people)]).repeat(6),
            np.where(happy, "happy", "sad"),
            np.where(of_women, "f", "m"),
            values,
        )

    def found(self, way: Way = WAY, *, within: bool = True) -> Separability:
        """What is found of the groups, within emotion or not."""
        made = separate(
            lambda layer: self.values[:, layer],
            self.values.shape[1],
            factor="gender",
            labels=self.groups,
            identities=self.identities,
            emotions=self.emotions if within else None,
            way=way,
        )
        assert isinstance(made, Separability)
        return made


def value(found: Separability) -> float:
    """Accuracy on the other half."""
    assert isinstance(found.chosen.accuracy, Estimate)
    return found.chosen.accuracy.value


def test_a_group_that_emotions_alone_would_tell_is_not_told() -> None:
    """Accuracy is that of guessing, over layers and on the other half; without emotions it is far above."""
    within, without = [], []
    for seed in range(40):
        drawn = Unbalanced.drawn(seed, people=16, layers=1)
        for made, found in ((within, drawn.found()), (without, drawn.found(within=False))):
            made.append((found.layers[0].accuracy, value(found), found.layers[0].between))
    assert np.mean(within, axis=0)[:2] == pytest.approx([0.5, 0.5], abs=0.04)
    assert (np.mean(without, axis=0)[:2] > 0.6).all()
    # What is between groups of an identity's own is there in both; the emotions' part is not.
    assert np.mean(within, axis=0)[2] < 0.6 * np.mean(without, axis=0)[2]


@pytest.mark.slow
def test_false_positives_are_as_many_as_stated() -> None:
    """At .05 over 200 seeds, the search over layers and the half that judges (99.9 % of the time); else far more."""
    most = binom.ppf(0.999, SEEDS, 0.05)
    positive = {True: np.zeros(2, dtype=int), False: np.zeros(2, dtype=int)}
    for seed in range(SEEDS):
        drawn = Unbalanced.drawn(seed, people=16)
        for within, counts in positive.items():
            found = drawn.found(replace(WAY, seed=seed), within=within)
            counts += [min(layer.p for layer in found.layers) <= 0.05, found.chosen.p <= 0.05]
    assert (positive[True] <= most).all()
    assert (positive[False] > most).all()


def test_a_group_with_a_trace_of_its_own_is_found_beside_the_emotions() -> None:
    """In the same design, in the layer that holds it."""
    drawn = Unbalanced.drawn(1, strength=8.0, own=0.5, people=32)
    drawn.values[:, 0] = Unbalanced.drawn(1, own=0.5, people=32).values[:, 0]
    found = drawn.found()
    assert found.chosen.layer == 1
    assert value(found) > 0.9
    assert found.chosen.p <= 0.05
    assert [layer.p <= 0.05 for layer in found.layers] == [False, True]
    assert found.layers[1].silhouette > found.layers[0].silhouette + 0.05


@pytest.mark.parametrize("strength", [0.0, 6.0])
def test_what_is_left_of_a_group_is_told_within_emotion(strength: float) -> None:
    """Leakage after debias: significant as often as stated where there is nothing, and mostly where there is."""
    positive = {True: 0, False: 0}
    for seed in range(60):
        drawn = Unbalanced.drawn(seed, strength=strength, own=0.3, people=24, layers=1)
        first = np.isin(drawn.identities, [f"p{i:02}" for i in range(12)])
        halves = np.flatnonzero(first), np.flatnonzero(~first)
        for within in positive:
            told = Told.of(drawn.groups, drawn.emotions if within else None, drawn.identities)
            right, p = Judged.of(told, drawn.identities, halves, 59, seed).judge(drawn.values[:, 0])
            assert right.shape == drawn.groups.shape
            positive[within] += p <= 0.05
    most = binom.ppf(0.999, 60, 0.05)
    assert positive[False] > most
    assert positive[True] > 50 if strength else positive[True] <= most


def test_going_by_the_emotion_alone_is_guessing() -> None:
    """Whatever classes are guessed in an emotion, and however often: 1 over the classes."""
    rng = np.random.default_rng(0)
    there = rng.integers(1, 90, size=(5, 3)).astype(float)
    guessed = rng.dirichlet(np.ones(3), size=5)
    assert balanced(there, there * guessed) == pytest.approx(1 / 3)
    assert (there * guessed).sum(axis=0) / there.sum(axis=0) != pytest.approx([1 / 3] * 3, abs=0.05)
    assert np.isnan(balanced(np.array([[4, 0], [0, 3]]), np.array([[4, 0], [0, 3]])))


def test_with_two_classes_it_is_the_classes_effect_beside_the_emotions() -> None:
    """Twice what it is above a half is the effect, by least squares, of the class on being taken for it."""
    drawn = Unbalanced.drawn(0)
    told = Told.of(drawn.groups, drawn.emotions, drawn.identities)
    made = np.random.default_rng(0).integers(0, 2, len(told.codes))
    design = np.column_stack([drawn.emotions == "happy", drawn.emotions == "sad", told.codes])
    effect = np.linalg.lstsq(design.astype(float), made.astype(float), rcond=None)[0][2]
    (accuracy,) = told.accuracies(made[:, None], told.cells[:, None])
    assert accuracy == pytest.approx(0.5 + effect / 2)
    assert told.accuracy(told.sums(made == told.codes).sum(axis=0)[None]) == pytest.approx([accuracy])


def test_emotions_effects_are_those_of_training_rows_beside_the_groups() -> None:
    """Of the group nothing is taken; a unit that holds the emotion and nothing else is still, not rounding at SD 1."""
    drawn = Unbalanced.drawn(2)
    told = Told.of(drawn.groups, drawn.emotions, drawn.identities)
    exact = np.column_stack([10.0 * (drawn.emotions == "happy") + 3.0 * told.codes, 0.1 * (drawn.emotions == "sad")])
    left = told.within(exact, np.arange(40))
    assert np.ptp(left[told.codes == 0, 0]) == pytest.approx(0, abs=1e-9)
    assert left[told.codes == 1, 0].mean() - left[told.codes == 0, 0].mean() == pytest.approx(3)
    assert (left[:, 1] == 0).all()
    other = exact.copy()
    other[40:] += 5.0
    np.testing.assert_allclose(told.within(other, np.arange(40))[40:, 0], left[40:, 0] + 5.0)


def test_groups_are_dealt_together_with_their_emotions() -> None:
    """Identities of one size change places whole; those of another size get a like share of each emotion."""
    drawn = Unbalanced.drawn(3)
    told = Told.of(drawn.groups, drawn.emotions, drawn.identities)
    dealt = told.dealt(drawn.identities, 30, 0)
    for name in np.unique(drawn.identities):
        sad, women = dealt[drawn.identities == name] // 2, dealt[drawn.identities == name] % 2 == 0
        assert (women == women[0]).all()
        assert (sad.sum(axis=0) == np.where(women[0], 1, 5)).all()
    fewer = [*np.flatnonzero(drawn.identities != "p00").tolist(), 4, 5]
    of_two = told.at(np.array(fewer)).dealt(drawn.identities[fewer], 4000, 0)[-2:]
    women = of_two[0] % 2 == 0
    assert (of_two[1] % 2 == 0).tolist() == women.tolist()
    # Of six women or men p00 is one, and has the emotions of its own two pictures.
    own = (told.cells[4:6] // 2).mean() if told.codes[0] == 0 else 1 / 6
    assert (of_two // 2)[:, women].mean() == pytest.approx((5 / 6 + own) / 6, abs=0.02)


def test_groups_that_share_no_emotion_are_skipped() -> None:
    """Nothing can be told within emotion, and it is said."""
    drawn = Unbalanced.drawn(0)
    apart = replace(drawn, emotions=np.where(drawn.groups == "f", "happy", "sad"))
    made = separate(
        lambda layer: drawn.values[:, layer],
        2,
        factor="gender",
        labels=apart.groups,
        identities=apart.identities,
        emotions=apart.emotions,
        way=WAY,
    )
    assert isinstance(made, Skipped)
    assert "no emotion shows all levels in one of them" in made.reason


def test_emotions_by_another_name_are_told_as_emotions() -> None:
    """Good and bad are made of emotions and vary within identities: within emotion nothing would be left to tell."""
    drawn = Unbalanced.drawn(0)
    named = replace(drawn, groups=np.where(drawn.emotions == "happy", "good", "bad"))
    assert named.found() == named.found(within=False)
    assert named.found().layers[0].accuracy > 0.8


def test_classes_that_are_emotions_by_other_names_are_told_whatever_the_emotion() -> None:
    """Pleasant and unpleasant are no groups of people; classes that a set of rows does not show have a reason."""
    drawn = Unbalanced.drawn(0)
    pleasant = np.where(drawn.emotions == "happy", "pleasant", "unpleasant")
    assert Told.of(pleasant, drawn.emotions, drawn.identities).emotions is None
    told = Told.of(drawn.groups, drawn.emotions, drawn.identities)
    assert told.emotions is not None
    rows = np.arange(len(drawn.groups))
    of_one = rows[drawn.groups == drawn.groups[0]]
    assert told.unshown("gender", rows) is None
    assert "no emotion shows all levels in one of them" in str(told.unshown("gender", rows, of_one))
    alone = Told.of(drawn.groups, None, drawn.identities)
    assert "not all levels are shown in one of them" in str(alone.unshown("gender", of_one))
