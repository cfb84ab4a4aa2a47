"""Steering: planted slopes, cross-talk and saturation are found; where nothing was planted, nothing is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.direction import CapturedDirections, Direction
from vlmrate.probe.responses import monotony, slope_beside, slopes
from vlmrate.probe.steer import SteerWay, steer
from vlmrate.probe.steered import DoseRange, Steering, Targeted
from vlmrate.probe.store import open_capture
from vlmrate.probe.sweep import Doses
from vlmrate.stats import Bootstrap, Estimate, Skipped
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vlmrate.probe.direction import Directions
    from vlmrate.probe.steered import LayerSteering, Response

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = SteerWay(bootstrap=Bootstrap(resamples=200))
WIDTH = 32


@dataclass(frozen=True)
class Known:
    """Directions that are known: what a dictionary's features are to steering."""

    made: dict[str, np.ndarray]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.made)

    def direction(self, name: str, layer: int, step: str) -> Direction:  # noqa: ARG002  the same at every step
        vector = self.made[name]
        gap = float(np.linalg.norm(vector))
        return Direction(name, layer, vector / gap, gap)


def model(small, identities: int = 12, **others: object) -> PlantedModel:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Orthogonal emotions, and valence and arousal read along happy, or as said."""
    units = planted_units([*EMOTIONS, "aside"], WIDTH, {}, seed=3)
    strength = dict.fromkeys(EMOTIONS, 4.0)
    plain = {"slopes": {"valence": 0.2 * units["happy"], "arousal": 0.05 * units["happy"]}}
    return PlantedModel(small.study(identities), units, strength, **(plain | others))  # type: ignore[arg-type]


def steered(planted: PlantedModel, source: Callable[[frozenset[str]], Directions], way: SteerWay) -> Steering:
    """What steering the model finds."""
    made = steer(planted, planted.study, planted.study.stimuli, source, way)
    assert isinstance(made, Steering)
    return made


def always(source: Known) -> Callable[[frozenset[str]], Known]:
    """Directions that are the same whoever is shown."""
    return lambda _: source


def response(layer: LayerSteering, item: str, kind: str = "expected", label: str | None = None) -> Response:
    """One reading at a layer."""
    (found,) = (
        one for one in layer.responses if (one.reading.item, one.reading.kind, one.reading.label) == (item, kind, label)
    )
    return found


def value(outcome: object) -> float:
    """The value of an estimate."""
    assert isinstance(outcome, Estimate)
    return outcome.value


@dataclass
class Captured:
    """The source of directions from a model's own capture; keeps those that were asked for."""

    planted: PlantedModel
    file: Path
    made: list[CapturedDirections] = field(default_factory=list)

    def __call__(self, identities: frozenset[str]) -> CapturedDirections:
        capture = open_capture(self.file) if self.made else self.planted.capture(self.file)
        self.made.append(CapturedDirections(capture, self.planted.study, identities))
        return self.made[-1]


def test_planted_slopes_and_cross_talk_are_found(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """One unit of dose moves each rating by gap x direction · what it is read along; a late block is chosen."""
    planted = model(small)
    source = Captured(planted, tmp_path / "capture.safetensors")
    found = steered(planted, source, replace(QUICK, directions=("happy",)))
    (told,) = found.directions
    assert told.chosen >= 2  # written in blocks 1 to 3: before that there is no gap
    assert (found.images, found.identities, found.steps) == (36, 6, ("emotion", "valence", "arousal"))
    moved = np.array([4.0 * planted.units[name] for name in EMOTIONS])
    effect = moved[0] - moved.mean(axis=0)
    last = told.layers[3]
    for item, size in (("valence", 0.2), ("arousal", 0.05)):
        slope = response(last, item).slope
        assert value(slope.slope) == pytest.approx(size * effect @ planted.units["happy"], rel=0.05)
        # The direction that was added is taken from pictures with noise in them; to its own slope there is none.
        used = source.made[-1].direction("happy", 3, item)
        assert isinstance(slope.slope, Estimate)
        truth = size * used.gap * used.unit @ planted.units["happy"]
        assert slope.slope.ci_low - 1e-3 <= truth <= slope.slope.ci_high + 1e-3
        assert slope.p is not None
        assert slope.p < 0.05
        assert slope.p_holm is not None
        assert slope.p_holm >= slope.p
        assert value(slope.beyond) > 0
    assert value(response(last, "emotion", "probability", "happy").slope.slope) > 0.02
    assert value(response(last, "emotion", "probability", "sad").slope.slope) < 0
    assert last.lengths[0].length == pytest.approx(np.linalg.norm(effect), rel=0.1)


def test_a_rating_follows_the_dose_until_the_scale_ends(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Rising strictly over the middle; the spoken rating stands still where the scale's end or a step of it is met."""
    planted = model(small, noise=0.6)
    source = Known({"up": 2.0 * planted.units["happy"]})
    found = steered(planted, always(source), QUICK_UP)
    up = response(found.directions[0].layers[3], "valence")
    assert up.monotony is not None
    assert up.monotony.rises
    assert value(up.monotony.spearman) > 0.99
    assert up.monotony.sure == up.monotony.strict == DoseRange(-8.0, 8.0)
    assert up.monotony.going == len(up.monotony.steps) == 8
    spoken = response(found.directions[0].layers[3], "valence", "spoken").monotony
    assert spoken is not None
    assert spoken.sure.high - spoken.sure.low < 16


QUICK_UP = replace(QUICK, directions=("up",))


def test_large_doses_leave_no_valid_answer(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """The share by dose, and labels gained and lost: towards happy by small doses, to none by large ones."""
    planted = model(small)
    source = Known({"up": 4.0 * planted.units["happy"]})
    layer = steered(planted, always(source), QUICK_UP).directions[0].layers[3]
    shares = {one.dose: value(one.share) for one in layer.no_answer if one.item == "emotion"}
    assert shares[0.0] == 0
    assert shares[1.0] == 0
    assert shares[8.0] == 1
    mass = [value(one.mass) for one in layer.no_answer if one.item == "emotion" and one.dose >= 0]
    assert mass[0] > 0.99
    assert mass[-1] < 0.01
    at_two = next(one for one in layer.labels if one.dose == 1.0)
    assert at_two.changed.numerator > 0
    assert {moved.target for moved in at_two.moves} == {"happy"}
    at_eight = next(one for one in layer.labels if one.dose == 8.0)
    assert {moved.target for moved in at_eight.moves} == {None}
    assert sum(moved.images for moved in at_eight.moves) == at_eight.changed.numerator == 36


class Rambling(PlantedModel):
    """A model that says its digit over and over where it is moved far: it is read as the end of the scale."""

    def rate(self, stimuli, arms, report=None):  # type: ignore[no-untyped-def]  # as the planted one
        made = super().rate(stimuli, arms, report)
        far = np.array([any(abs(placed.change.alpha) > 4 for placed in arm.changes) for arm in arms])
        items = {}
        for name, one in made.items.items():
            held = np.broadcast_to(far[:, None], one.given.shape) & isinstance(one.item.scale, Likert)
            items[name] = replace(one, given=np.where(held, len(one.item.answers) - 1, one.given), clamped=held)
        return replace(made, items=items)


def test_answers_that_were_held_at_the_end_of_the_scale_are_told(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """They are no invalid answers, so that only this share says what the spoken rating there is worth."""
    plain = model(small)
    planted = Rambling(plain.study, plain.units, dict.fromkeys(EMOTIONS, 4.0), slopes=plain.slopes)
    way = replace(QUICK_UP, layers=(3,))
    layer = steered(planted, always(Known({"up": 0.5 * planted.units["happy"]})), way).directions[0].layers[0]
    for item, share in (("valence", 1.0), ("arousal", 1.0), ("emotion", 0.0)):
        told = {one.dose: one for one in layer.no_answer if one.item == item}
        assert {value(told[dose].clamped) for dose in (-4.0, 0.0, 1.0, 4.0)} == {0.0}
        assert {value(told[dose].clamped) for dose in (-8.0, 8.0)} == {share}
        assert value(told[8.0].share) == 0


def test_a_prompt_effect_is_no_slope(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A prompt that moves every rating by 1 leaves the slopes as they are, and a direction aside has none."""
    plain, prompted = model(small), model(small, prompt={"valence": 1.0})
    source = Known({"up": 2.0 * plain.units["happy"], "aside": 2.0 * plain.units["aside"]})
    way = replace(QUICK, directions=("up", "aside"), layers=(2,))
    one, other = (steered(each, always(source), way) for each in (plain, prompted))
    for number, slope in ((0, 0.4), (1, 0.0)):
        made = [response(each.directions[number].layers[0], "valence").slope for each in (one, other)]
        assert [value(each.slope) for each in made] == pytest.approx([slope, slope], abs=0.02)
    aside = response(one.directions[1].layers[0], "valence").slope
    assert aside.p == 1.0
    assert value(aside.beyond) < 0


def test_a_carried_label_carries_the_steering_on(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Steered at every step a rating follows the changed label too; steered at its own step, it does not."""
    planted = model(small, carry={"valence": {"happy": 1.0}})
    source = Known({"up": 4.0 * planted.units["happy"]})
    way = replace(QUICK_UP, layers=(3,))
    everywhere = steered(planted, always(source), way)
    own = steered(planted, always(source), replace(way, steps=("valence",)))
    slope = [value(response(each.directions[0].layers[0], "valence").slope.slope) for each in (everywhere, own)]
    assert slope[1] == pytest.approx(0.8, abs=0.02)
    assert slope[0] > slope[1] + 0.1
    assert all(one.changed.numerator == 0 for one in own.directions[0].layers[0].labels)
    assert own.steps == ("valence",)


@pytest.mark.slow
def test_a_direction_like_any_other_is_told_as_one(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds a random direction moves ratings more than random ones no more often than stated."""
    positive = {"valence": 0, "happy": 0, "any layer": 0}
    for seed in range(200):
        rng = np.random.default_rng([7, seed])
        planted = model(small, 4, seed=seed, profile=(0.5, 0.5), slopes={"valence": rng.normal(size=WIDTH) / 8})
        source = Known({"any": 2.0 * rng.normal(size=WIDTH) / np.sqrt(WIDTH)})
        way = replace(QUICK, directions=("any",), doses=Doses.of((-1, 1)), seed=seed, bootstrap=Bootstrap(resamples=20))
        found = steered(planted, always(source), way)
        (told,) = found.directions
        last = told.layers[1]
        positive["valence"] += _is_small(response(last, "valence").slope.p)
        positive["happy"] += _is_small(response(last, "emotion", "probability", "happy").slope.p)
        positive["any layer"] += any(_is_small(response(layer, "valence").slope.p_holm) for layer in told.layers)
    assert all(count <= binom.ppf(0.999, 200, 0.05) for count in positive.values()), positive
    assert positive["valence"] > 0


def _is_small(p: float | None) -> bool:
    return p is not None and p <= 0.05


def test_the_interval_of_a_slope_holds_what_identities_differ_by() -> None:
    """Slopes that differ between identities: the interval covers their mean nearly as often as it says."""
    covered = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        own = 0.3 + np.repeat(rng.normal(size=24), 6) + 0.5 * rng.normal(size=144)
        made = slope_beside(own, rng.normal(size=(5, 144)), np.repeat(np.arange(24), 6), Bootstrap(resamples=200))
        assert isinstance(made.slope, Estimate)
        covered += made.slope.ci_low <= 0.3 <= made.slope.ci_high
    assert covered >= binom.ppf(0.001, 200, 0.92)


def test_a_range_ends_at_the_first_step_that_is_not_sure() -> None:
    """A plateau from 2 on, a fall below -1: the range is what lies between, though farther steps rise again."""
    rng = np.random.default_rng(1)
    doses = (-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0)
    curve = np.array([1.0, 3.0, 2.0, 3.0, 4.0, 5.0, 5.0, 9.0])
    values = curve[:, None] + 0.3 * rng.normal(size=(8, 60))
    values[3, 5] = np.nan
    made = monotony(values, doses, rises=True, identities=np.arange(60) // 3, bootstrap=Bootstrap(resamples=300))
    assert made.sure == DoseRange(-1.0, 2.0)
    assert made.going >= 5
    falling = monotony(-values, doses, rises=False, identities=np.arange(60) // 3, bootstrap=Bootstrap(resamples=300))
    assert falling.sure == made.sure
    assert value(falling.spearman) == pytest.approx(-value(made.spearman))
    assert slopes(values, doses).shape == (60,)
    assert np.isnan(slopes(values, doses)[5])


def test_a_label_is_raised_with_what_it_costs(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A label that the model underrates: raised on identities it was not tuned on, by more than random directions."""
    planted = model(small, 24, prompt={"sad": -4.5})
    found = steered(
        planted, Captured(planted, tmp_path / "capture.safetensors"), replace(QUICK, target="sad", allowed=0.1)
    )
    target = found.target
    assert isinstance(target, Targeted)
    assert (target.label, target.direction, target.of_label) == ("sad", "sad", 12)
    assert target.dose > 0
    assert value(target.gain) == pytest.approx(value(target.after) - value(target.before))
    assert isinstance(target.gain, Estimate)
    assert target.gain.ci_low > 0
    assert value(target.beyond) > 0
    assert target.as_large == 0
    assert target.tuned_gain > 0
    assert target.tuned_collateral >= -0.1
    assert value(target.collateral) > -0.2
    assert value(target.kappa) > 0
    assert [value(one.change) for one in target.no_answer] == [0, 0, 0]
    assert isinstance(target.errors[0].change, Skipped)  # nobody rated these pictures


def test_a_label_that_cannot_be_raised_is_skipped(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A direction that no label is read along gains nothing; a label that nobody offers is an error before it rates."""
    planted = model(small)
    source = Known({"aside": planted.units["aside"]})
    way = replace(QUICK, directions=("aside",), layers=(2,), doses=Doses.of((-1, 1)))
    found = steered(planted, always(source), replace(way, target="sad"))
    assert isinstance(found.target, Skipped)
    assert "raises the recall of sad" in found.target.reason
    with pytest.raises(ProbeError, match="--target sat: no item of the study offers that label"):
        steered(planted, always(source), replace(way, target="sat"))


def test_what_a_study_lacks_is_skipped_and_misuse_is_refused(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """No identities, too few of them; a block, step or dose that there is not."""
    planted = model(small)
    study, source = planted.study, Known({"up": planted.units["happy"], "wide": np.ones(5)})

    def run(way: SteerWay = QUICK_UP, **others: object) -> Steering | Skipped:
        named = {"study": study, "stimuli": study.stimuli, "source": always(source), "way": way} | others
        return steer(planted, **named)  # type: ignore[arg-type]

    nameless = run(study=replace(study, factors=replace(study.factors, identity=None)))
    assert isinstance(nameless, Skipped)
    assert "names no identity factor" in nameless.reason
    few = run(stimuli=study.stimuli[:12])
    assert isinstance(few, Skipped)
    assert "2 identities" in few.reason
    with pytest.raises(ProbeError, match="--layer 4: planted has the blocks 0 to 3"):
        run(replace(QUICK_UP, layers=(4,)))
    with pytest.raises(ProbeError, match="--step beauty"):
        run(replace(QUICK_UP, steps=("beauty",)))
    with pytest.raises(ProbeError, match="is 5 wide"):
        run(replace(QUICK, directions=("wide",)))
    with pytest.raises(ProbeError, match="say which with --direction"):
        run(QUICK)
    with pytest.raises(ProbeError, match="a slope needs a dose beside 0"):
        Doses.of((2.0, 4.0))
    with pytest.raises(ProbeError, match="named once"):
        Doses.of((1.0, 1.0))
