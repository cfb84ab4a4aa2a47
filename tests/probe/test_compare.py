"""Compare: a planted prompt effect stays in the prompt's row and a planted steering effect in the steering rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.bench import Bench
from vlmrate.probe.compare import Acceptance, Compared
from vlmrate.probe.comparing import CompareWay, Otherwise, compare
from vlmrate.probe.direction import CapturedDirections
from vlmrate.protocol.forced import wrong_label
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from pathlib import Path

    from vlmrate.probe.compare import Measure
    from vlmrate.stats import Outcome

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")
QUICK = CompareWay(dose=1.0, layer=3, bootstrap=Bootstrap(resamples=300))


def model(small, identities: int = 24, **others: object) -> PlantedModel:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Six emotions at right angles, in a stream of 16; `slopes` and the like say what its ratings hang on."""
    units = planted_units(EMOTIONS, 16, {}, seed=3)
    study = small.study(identities)
    study = replace(study, ratings=small.people(study, people=2))
    return PlantedModel(study, units, dict.fromkeys(EMOTIONS, 3.0), own=0.1, **others)  # type: ignore[arg-type]


def found(plain: PlantedModel, file: Path, *others: Otherwise, way: CompareWay = QUICK) -> Compared:
    """What is found along happy."""
    capture, unrated = plain.capture(file), replace(plain.study, ratings=None)
    bench = Bench(
        plain, plain.study, plain.study.stimuli, capture, lambda who: CapturedDirections(capture, unrated, who)
    )
    told = compare(bench, "happy", others, way).found
    assert isinstance(told, Compared)
    return told


def measure(told: Compared, channel: str, name: str) -> Measure:
    """One measure of one channel."""
    row = next(one for one in told.channels if one.name == channel)
    return next(one for one in row.measures if one.name == name)


def estimate(outcome: Outcome | None) -> Estimate:
    """It, which must not be skipped."""
    assert isinstance(outcome, Estimate), outcome
    return outcome


def change(told: Compared, channel: str, name: str) -> Estimate:
    """Its change against the baseline."""
    return estimate(measure(told, channel, name).change)


def test_a_prompt_that_moves_valence_does_not_show_in_steering(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A point and a half in the persona's row, nothing in the others: valence hangs on no direction."""
    plain = model(small)
    persona = Otherwise("persona", "prompt", replace(plain, prompt={"valence": 1.5}))
    told = found(plain, tmp_path / "c.safetensors", persona)
    moved = change(told, "persona", "valence")
    assert moved.value == pytest.approx(1.5, abs=0.02)
    for channel in ("happy up", "happy down", "random, mean of 9"):
        assert abs(change(told, channel, "valence").value) < 0.01
        assert measure(told, channel, "valence").p is None
    assert abs(change(told, "persona", "probability").value) < 1e-9


def test_a_direction_that_moves_valence_does_not_show_in_the_prompt(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Along happy by its gap times the slope, up and down alike; the persona that does nothing has no change."""
    plain = model(small, slopes={"valence": 0.4 * planted_units(EMOTIONS, 16, {}, seed=3)["happy"]})
    told = found(plain, tmp_path / "c.safetensors", Otherwise("persona", "prompt", plain))
    # A class effect is its unit less the mean of all: 5/6 of the strength along it.
    expected = 0.4 * 3.0 * 5 / 6
    assert change(told, "happy up", "valence").value == pytest.approx(expected, abs=0.05)
    assert change(told, "happy down", "valence").value == pytest.approx(-expected, abs=0.05)
    assert change(told, "happy up", "probability").ci_low > 0 > change(told, "happy down", "probability").ci_high
    up = measure(told, "happy up", "valence")
    assert up.p_holm is not None
    assert up.p_holm <= 0.05
    assert change(told, "persona", "valence").value == 0
    assert abs(change(told, "random, mean of 9", "valence").value) < abs(expected) / 2
    assert told.lengths[0] == pytest.approx(3.0 * (5 / 6) ** 0.5, rel=0.05)
    assert told.label == "happy"


def test_nothing_is_summed(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A row a channel and no other, in their order, each with the same measures."""
    plain = model(small)
    told = found(
        plain,
        tmp_path / "c.safetensors",
        Otherwise("persona", "prompt", plain),
        Otherwise("temperature 0.7", "temperature", replace(plain, temperature=0.7)),
        Otherwise("false label", "false label", plain, {name.image_id: "sad" for name in plain.study.stimuli}),
    )
    assert [(one.name, one.kind) for one in told.channels] == [
        ("baseline", "baseline"),
        ("persona", "prompt"),
        ("temperature 0.7", "temperature"),
        ("happy up", "steering"),
        ("happy down", "steering"),
        ("random, mean of 9", "control"),
        ("false label", "false label"),
    ]
    names = [one.name for one in told.channels[0].measures]
    assert names == ["valence", "arousal", "accuracy", "kappa", "probability", "invalid"]
    assert all([one.name for one in channel.measures] == names for channel in told.channels)
    assert change(told, "temperature 0.7", "accuracy").ci_high < 0


def test_a_false_label_is_followed_as_far_as_was_planted(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Ratings that hang on the label carried by six tenths of what people's means promise are found to."""
    plain = model(small)
    means = plain.study.ratings.means("valence")["mean"].groupby(lambda name: name.split("_")[1]).mean()
    carry = {"valence": {label: 0.6 * (means[label] - 5.0) for label in EMOTIONS}}
    plain = replace(plain, carry=carry)
    item = plain.study.items[0]
    told = {stimulus.image_id: wrong_label(item, stimulus) for stimulus in plain.study.stimuli}
    followed = found(
        plain, tmp_path / "c.safetensors", Otherwise("false label", "false label", replace(plain, told=told), told)
    ).acceptance
    assert not isinstance(followed, Skipped)
    valence, arousal = followed
    assert isinstance(valence, Acceptance)
    # People's means are taken over the pictures judged; the model's scale ends cut off what lies beyond them.
    assert estimate(valence.followed).value == pytest.approx(0.6, abs=0.03)
    assert estimate(valence.toward).value > 0.9
    assert estimate(arousal.followed).value == 0
    assert estimate(valence.difference).value == 0  # it is the label of the face that it says again
    lost = found(plain, tmp_path / "d.safetensors").acceptance
    assert isinstance(lost, Skipped)


@pytest.mark.slow
def test_where_nothing_was_planted_no_channel_changes_more_often_than_stated(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Over 200 seeds: another prompt that only shuffles answers, and steering along what no rating hangs on."""
    most = binom.ppf(0.999, 200, 0.05)
    asked = steered = 0
    way = replace(QUICK, bootstrap=Bootstrap(resamples=20))
    for seed in range(200):
        slope = planted_units((*EMOTIONS, "other"), 16, {}, seed=3)["other"]
        plain = model(small, identities=12, slopes={"valence": slope, "arousal": slope}, noise=0.6, seed=seed)
        shuffled = Otherwise("persona", "prompt", replace(plain, seed=1000 + seed))
        told = found(plain, tmp_path / f"{seed}.safetensors", shuffled, way=replace(way, seed=seed))
        by_name = {one.name: one for one in told.channels}
        asked += any(one.p_holm is not None and one.p_holm <= 0.05 for one in by_name["persona"].measures)
        rated = [m for name in ("happy up", "happy down") for m in by_name[name].measures[:2]]
        steered += any(one.p_holm is not None and one.p_holm <= 0.05 for one in rated)
    assert asked <= most
    assert steered <= most


def test_another_protocol_must_ask_the_same(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """One sentence where it does not."""
    plain = model(small, identities=8)
    fewer = replace(plain, study=replace(plain.study, items=plain.study.items[:2]))
    with pytest.raises(
        ProbeError, match="persona was asked emotion, valence, and the baseline emotion, valence, arousal"
    ):
        found(plain, tmp_path / "c.safetensors", Otherwise("persona", "prompt", fewer))
