"""Causal: what was planted is found at its size, in its layer and its units; where nothing is read nothing is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.candidates import shortlist
from vlmrate.probe.carrying import Carried, by_chance
from vlmrate.probe.causal import Causal, CausalWay, DirectionEffect
from vlmrate.probe.direction import CapturedDirections, Direction
from vlmrate.probe.effects import chance
from vlmrate.probe.overshadowing import Overshadowing
from vlmrate.probe.projecting import causal
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = CausalWay(bootstrap=Bootstrap(resamples=300))
WIDTH = 64


def in_units(units: Sequence[int]) -> np.ndarray:
    """A vector of length 1 along so many units alike."""
    made = np.zeros(WIDTH)
    made[list(units)] = 1 / np.sqrt(len(units))
    return made


def found_in(model: PlantedModel, file: Path, way: CausalWay = QUICK) -> Causal:
    """What is found in a planted model through a capture of its own."""
    capture = model.capture(file)

    def made(identities: Collection[str]) -> CapturedDirections:
        return CapturedDirections(capture, model.study, identities)

    outcome = causal(model, model.study, model.study.stimuli, made, way)
    assert outcome.model == "planted"
    assert isinstance(outcome.found, Causal)
    return outcome.found


def effect(found: Causal, name: str) -> DirectionEffect:
    """The effect of one direction."""
    made = {outcome.direction: outcome.found for outcome in found.directions}[name]
    assert isinstance(made, DirectionEffect)
    return made


def value(outcome: object) -> float:
    """The value of an estimate."""
    assert isinstance(outcome, Estimate)
    return outcome.value


def holds(outcome: object, truth: float) -> bool:
    """Whether an interval holds a value."""
    assert isinstance(outcome, Estimate)
    return outcome.ci_low <= truth <= outcome.ci_high


def carried(found: Causal, label: str) -> Carried:
    """What carries a label."""
    made = {told.label: told.found for told in found.carriers.labels}[label]
    assert isinstance(made, Carried)
    return made


@pytest.fixture(scope="module")
def spread(lasting, tmp_path_factory: pytest.TempPathFactory) -> Causal:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Happy held by unit 3, sad by twenty units alike, the others by a unit each; written from block 1 on."""
    units = {name: in_units([40 + i]) for i, name in enumerate(EMOTIONS)}
    units |= {"happy": in_units([3]), "sad": in_units(range(4, 24))}
    model = PlantedModel(lasting.study(60), units, dict.fromkeys(EMOTIONS, 5.0), own=0.2, noise=0.1)
    return found_in(model, tmp_path_factory.mktemp("spread") / "c.safetensors")


def test_an_effect_is_told_from_the_block_on_where_it_is_written(spread: Causal) -> None:
    """None after block 0, more after every later one, so that the last is chosen; others rise as its own falls."""
    assert (spread.item, spread.identities, spread.pictures) == ("emotion", 30, 180)
    for name in EMOTIONS:
        made = effect(spread, name)
        assert (made.own, made.named, made.layer, made.pictures) == (name, True, 3, 30)
        own = [value(layer.labels[EMOTIONS.index(name)].true) for layer in made.layers]
        assert abs(own[0]) < 0.05
        assert own[0] > own[1] + 0.02 > own[2] > own[3]
        assert made.layers[0].random.p_holm > 0.05
        assert made.chosen.random.p_holm < 0.01
        assert made.chosen.random.as_low == 0
        assert value(made.chosen.random.difference) < made.chosen.random.lowest
        assert value(made.chosen.others.true) > 1
        assert value(made.replies.changed_true) == 1
        assert value(made.replies.changed) == pytest.approx(1 / 6)
        assert made.replies.changed_random == 0
        assert value(made.replies.invalid_after) == 0


def test_p_is_corrected_for_all_directions_and_layers(spread: Causal) -> None:
    """By Holm: the smallest of 24 counts 24 times, and 20 random directions leave it far below .05."""
    all_layers = [layer.random for name in EMOTIONS for layer in effect(spread, name).layers]
    smallest = min(all_layers, key=lambda random: random.p)
    assert smallest.drawn == 20
    assert smallest.p_holm == pytest.approx(24 * smallest.p)
    assert smallest.p_holm < 0.001


def test_the_change_is_that_of_the_models_own_log_probabilities(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """By hand: the direction of the first half, projected out of the pictures of the second."""
    units = planted_units(EMOTIONS, 32, {}, seed=1)
    model = PlantedModel(small.study(12), units, dict.fromkeys(EMOTIONS, 3.0))
    way = replace(QUICK, names=("sad",), layers=(2,), over="directions")
    made = effect(found_in(model, tmp_path / "c.safetensors", way), "sad")
    names = np.random.default_rng(0).permutation(sorted({s.factors["identity"] for s in model.study.stimuli}))
    first = CapturedDirections(model.capture(tmp_path / "d.safetensors"), model.study, set(names[::2]))
    unit = first.direction("sad", 2, "emotion").unit
    told = [s for s in model.study.stimuli if s.factors["identity"] in names[1::2] and s.factors["emotion"] == "sad"]
    ids = [s.image_id for s in told]
    plain = model.stream(ids)[:, 3]
    out = plain - (model.stream(ids)[:, 2] @ unit)[:, None] * unit
    both = []
    for end in (plain, out):
        logits = end @ np.array([units[name] for name in EMOTIONS]).T
        other = -4.0 + 0.05 * ((end - plain) ** 2).sum(axis=1)
        both.append(logits - np.logaddexp(np.logaddexp.reduce(logits, axis=1), other)[:, None])
    assert [value(change.true) for change in made.chosen.labels] == pytest.approx((both[1] - both[0]).mean(axis=0))


def test_a_label_held_by_one_unit_and_one_spread_over_twenty(spread: Causal) -> None:
    """Effective numbers of 1 and of 80 % of 20; those units and no others."""
    happy, sad = carried(spread, "happy"), carried(spread, "sad")
    assert happy.selected == ("unit 3",)
    assert (value(happy.effective), value(happy.largest)) == (1, 1)
    assert set(sad.selected) == {f"unit {i}" for i in range(4, 24)}
    assert holds(sad.effective, 16)
    assert 14 <= value(sad.effective) <= 16
    assert holds(sad.largest, 0.05) or value(sad.largest) < 0.08
    assert sad.curve[-1] == pytest.approx(1)
    assert (spread.carriers.kind, spread.carriers.candidates, spread.carriers.there) == ("units", 64, 64)
    assert all(overlap.shared == 0 for overlap in spread.carriers.overlaps)
    assert len(spread.carriers.overlaps) == 15


def test_two_labels_that_share_ten_of_their_twenty_units(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Their Jaccard is 10 of 30 within its interval, and beyond chance; a unit of its own is shared with none."""
    units = {name: in_units([56 + i]) for i, name in enumerate(EMOTIONS)}
    units |= {"sad": in_units(range(20)), "angry": in_units(range(10, 30))}
    model = PlantedModel(small.study(60), units, dict.fromkeys(EMOTIONS, 5.0), own=0.1, noise=0.1, gain=0.3)
    overlaps = found_in(model, tmp_path / "c.safetensors").carriers.overlaps
    shared = {(overlap.one, overlap.other): overlap for overlap in overlaps}
    pair = shared["sad", "angry"]
    assert holds(pair.jaccard, 1 / 3)
    assert pair.sizes == (20, 20)
    assert pair.p < 0.05 < pair.p_holm
    assert pair.expected < 0.25
    assert shared["happy", "sad"].shared == 0


def test_a_rival_that_takes_over_is_named(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Anger is read against disgust's direction: it gains half of what disgust loses, in logits; nobody else does."""
    units = planted_units(EMOTIONS, 32, {}, seed=2)
    readout = {"angry": units["angry"] - 0.5 * units["disgust"]}
    model = PlantedModel(small.study(40), units, dict.fromkeys(EMOTIONS, 4.0), readout=readout, own=0.1, noise=0.1)
    found = found_in(model, tmp_path / "c.safetensors", replace(QUICK, layers=(3,), over="directions"))
    made = effect(found, "disgust").overshadowing
    assert isinstance(made, Overshadowing)
    assert made.largest == "angry"
    rivals = {rival.label: rival for rival in made.rivals}
    assert value(rivals["angry"].beyond) == pytest.approx(0.5, abs=0.1)
    assert value(rivals["angry"].rise) == pytest.approx(value(rivals["angry"].index) * value(made.fall))
    for name in ("happy", "sad", "fear", "neutral"):
        assert abs(value(rivals[name].beyond)) < 0.2
        assert value(rivals[name].index) < value(rivals["angry"].index)


class Noise:
    """Directions of the labels made from a planted model's stream, with no file between; and one of no label's name."""

    def __init__(self, model: PlantedModel, identities: Collection[str]) -> None:
        self.names = (*EMOTIONS, "aside")
        shown = [s for s in model.study.stimuli if s.factors["identity"] in identities]
        stream = model.stream([s.image_id for s in shown])
        emotions = np.array([s.factors["emotion"] for s in shown])
        self.effects = {n: stream[emotions == n].mean(axis=0) - stream.mean(axis=0) for n in EMOTIONS}
        self.effects["aside"] = np.random.default_rng((model.seed, 1)).normal(size=stream.shape[1:])

    def direction(self, name: str, layer: int, step: str) -> Direction:  # noqa: ARG002  as the real one
        effect = self.effects[name][layer]
        length = float(np.linalg.norm(effect))
        return Direction(name, layer, effect / length, length)


@pytest.mark.slow
def test_where_no_label_is_read_along_a_direction_nothing_is_found_more_often_than_stated(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds: emotions leave nothing in the stream, labels are read along random directions of it.

    p of one direction, that of one whose label is chosen, the smallest corrected p of all, and whether one label has
    any carrier, are each positive in no more studies than chance allows (99.9 % of the time).
    """
    most = binom.ppf(0.999, 200, 0.05)
    by_p = by_chosen = by_any = by_carriers = 0
    study = small.study(16)
    for seed in range(200):
        readout = planted_units(EMOTIONS, 24, {}, seed=seed)
        model = PlantedModel(study, readout, {}, seed=seed, profile=(1.0,), gain=2.0)
        way = CausalWay((*EMOTIONS, "aside"), seed=seed, bootstrap=Bootstrap(resamples=40))
        found = causal(model, study, study.stimuli, lambda identities, m=model: Noise(m, identities), way).found  # type: ignore[misc]  # a loop's model held fast
        assert isinstance(found, Causal)
        by_p += effect(found, "happy").chosen.random.p <= 0.05
        by_chosen += effect(found, "aside").chosen.random.p <= 0.05
        by_any += min(effect(found, name).chosen.random.p_holm for name in way.names) <= 0.05
        by_carriers += not isinstance(found.carriers.labels[0].found, Skipped)
    assert max(by_p, by_chosen, by_any, by_carriers) <= most


def by_chance_alone(form: Callable[[np.ndarray], np.ndarray], studies: int = 20_000) -> np.ndarray:
    """p in every study of a direction that is none in particular, beside 20 others.

    `form` makes a change (…,) of two amounts (…, 2) that are each linear in a random direction.
    """
    changes = form(np.random.default_rng(0).normal(size=(studies, 21, 2)))
    return np.array([chance(float(study[0]), study[1:]) for study in changes])


def test_p_is_exact_where_every_random_direction_lowers_by_a_square_and_else_too_large() -> None:
    """Also far in the tail, where Holm asks, and where t would find several times too much."""
    square = by_chance_alone(lambda a: -(a[..., 0] ** 2))
    others = [
        by_chance_alone(form)
        for form in (lambda a: a[..., 0] * a[..., 1], lambda a: -(a**2).sum(axis=-1), lambda a: a[..., 0])
    ]
    for level in (0.05, 0.01, 0.05 / 6, 0.05 / 24):
        low, high = binom.ppf([0.0005, 0.9995], 20_000, level)
        assert low <= (square <= level).sum() <= high
        assert all((p <= level).sum() < low for p in others)


def test_p_is_1_where_a_label_does_not_fall_and_rounding_is_no_fall() -> None:
    """Whether random directions move it or not."""
    still, moving = np.zeros(20), np.linspace(-0.2, 0.1, 20)
    assert chance(0.0, still) == chance(0.0, moving) == chance(3.0, moving) == 1
    assert chance(-1e-12, still) > 0.9
    assert chance(-2.0, moving) < 0.001


def test_a_direction_without_a_labels_name_is_told_of_the_label_that_it_lowered(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A feature of one block, whatever makes it: its own label is chosen on the first half, other blocks lack it."""
    units = planted_units(EMOTIONS, 32, {}, seed=4)
    model = PlantedModel(small.study(20), units, dict.fromkeys(EMOTIONS, 4.0))
    capture = model.capture(tmp_path / "c.safetensors")

    class Dictionary:
        names = ("feature:7", "feature:8")

        def direction(self, name: str, layer: int, step: str) -> Direction:  # noqa: ARG002  as the real one
            if layer != 2:
                raise ProbeError("this dictionary is of block 2")
            return Direction(name, layer, units["fear" if name == "feature:7" else "sad"], 1.0)

    way = replace(QUICK, names=("feature:7",), over="features")
    outcome = causal(model, model.study, model.study.stimuli, lambda _: Dictionary(), way)
    assert isinstance(outcome.found, Causal)
    made = effect(outcome.found, "feature:7")
    assert (made.own, made.named, made.layer, len(made.layers)) == ("fear", False, 2, 1)
    assert carried(outcome.found, "sad").selected == ("feature:8",)
    assert outcome.found.carriers.layer == 2
    with pytest.raises(ProbeError, match="units are chosen by directions of labels"):
        causal(model, model.study, model.study.stimuli, lambda _: Dictionary(), replace(way, over="units"))
    with pytest.raises(ProbeError, match="this dictionary is of block 2"):
        causal(model, model.study, model.study.stimuli, lambda _: Dictionary(), replace(way, layers=(0, 1)))
    with pytest.raises(ProbeError, match="no direction bears the name of a label; say with --direction"):
        causal(model, model.study, model.study.stimuli, lambda _: Dictionary(), replace(way, names=()))
    emotions = CapturedDirections(capture, model.study)
    with pytest.raises(ProbeError, match="there is no dictionary of features"):
        causal(model, model.study, model.study.stimuli, lambda _: emotions, replace(way, names=("sad",)))
    with pytest.raises(ProbeError, match="--layer 4: planted has blocks 0 to 3"):
        causal(model, model.study, model.study.stimuli, lambda _: emotions, CausalWay(("sad",), layers=(4,)))


def test_what_a_study_lacks_is_skipped_with_the_reason(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """No identities; too few of them; a label that nobody shows."""
    units = planted_units(EMOTIONS, 32, {}, seed=4)
    model = PlantedModel(small.study(3), units, dict.fromkeys(EMOTIONS, 4.0))
    found = found_in(model, tmp_path / "c.safetensors", replace(QUICK, layers=(3,)))
    reasons = {outcome.found.reason for outcome in found.directions if isinstance(outcome.found, Skipped)}
    assert reasons == {f"{name} is shown by 1 identities of the second half, and two are needed" for name in EMOTIONS}
    nameless = replace(model.study, factors=replace(model.study.factors, identity=None))
    outcome = causal(model, nameless, nameless.stimuli, lambda _: Noise(model, ()), QUICK)
    assert outcome.found == Skipped("the halves keep identities whole, and the study names no identity factor")


def test_a_shortlist_takes_labels_in_turns() -> None:
    """The largest of each label first, by size; all where there are few."""
    scores = np.array([[9.0, 0.1], [8.0, 0.2], [7.0, 0.0], [0.0, -0.5], [0.1, 0.4]])
    assert list(shortlist(scores, 2)) == [0, 3]
    assert list(shortlist(scores, 4)) == [0, 1, 3, 4]
    assert list(shortlist(scores, 9)) == [0, 1, 2, 3, 4]


def test_overlap_by_chance_is_that_of_permutations() -> None:
    """Mean Jaccard and p of random sets, drawn by hand."""
    rng = np.random.default_rng(0)
    shared = np.array([len(set(range(6)) & set(rng.permutation(15)[:8])) for _ in range(4000)])
    expected, p = by_chance(15, (6, 8), 5)
    assert expected == pytest.approx((shared / (14 - shared)).mean(), abs=0.01)
    assert p == pytest.approx((shared >= 5).mean(), abs=0.02)


def test_pictures_without_an_identity_are_in_neither_half(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """They are told of nowhere, and are no identity of their own."""
    study = small.study(8)
    blank = [replace(one, factors=one.factors | {"identity": ""}) for one in study.stimuli[:2]]
    study = replace(study, stimuli=(*blank, *study.stimuli[2:]))
    units = planted_units(EMOTIONS, WIDTH, {}, seed=3)
    model = PlantedModel(study, units, dict.fromkeys(EMOTIONS, 4.0))
    for seed in (0, 1, 2, 3):
        way = replace(QUICK, names=("happy",), random=2, over="directions", seed=seed)
        found = found_in(model, tmp_path / f"{seed}.safetensors", way)
        assert found.identities == 4
        assert found.pictures in {22, 24}


def test_where_no_picture_shows_a_label_that_is_offered_it_is_skipped(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A group's direction has then no label to be told of."""
    study = small.study(8)
    units = planted_units([*EMOTIONS, "gender=f", "gender=m"], WIDTH, {}, seed=3)
    model = PlantedModel(study, units, dict.fromkeys([*EMOTIONS, "gender=f"], 4.0))
    capture = model.capture(tmp_path / "c.safetensors")
    strange = [replace(one, factors=one.factors | {"emotion": "moved"}) for one in study.stimuli]
    way = replace(QUICK, names=("gender=f",), random=2, over="directions")
    outcome = causal(
        model, replace(study, stimuli=tuple(strange)), strange, lambda _: CapturedDirections(capture, study), way
    )
    assert outcome.found == Skipped("no picture of the half that chooses shows a label of emotion")
