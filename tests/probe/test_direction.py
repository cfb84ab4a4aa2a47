"""Directions: what was planted is found at its length and angle, and no identity or emotion gets into another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.arms import UNCHANGED, Arm, Placed
from vlmrate.probe.changes import Add, Clamp, ProjectOut
from vlmrate.probe.direction import CapturedDirections, effects, principal, without

if TYPE_CHECKING:
    from pathlib import Path

EMOTIONS = ("happy", "sad", "angry", "fear", "disgust", "neutral")


def planted(small, identities: int = 16, **others: object) -> PlantedModel:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """A model with orthogonal emotions and a group at .5 to happy."""
    units = planted_units([*EMOTIONS, "gender=f"], 32, {("happy", "gender=f"): 0.5}, seed=3)
    strength = dict.fromkeys(EMOTIONS, 4.0) | {"gender=f": 3.0}
    return PlantedModel(small.study(identities), units, strength, **others)  # type: ignore[arg-type]


def test_a_planted_direction_is_found_where_it_was_written(small, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """Each emotion's is its unit less the mean of all; the group's keeps its angle; before they are written, noise."""
    model = planted(small, noise=0.01, own=0.0)
    found = CapturedDirections(model.capture(tmp_path / "c.safetensors"), model.study)
    assert found.names == (*sorted(EMOTIONS), "gender=f", "gender=m")
    moved = np.array([4.0 * model.units[name] for name in EMOTIONS])
    for number, name in enumerate(EMOTIONS):
        truth = moved[number] - moved.mean(axis=0)
        made = found.direction(name, 3, "emotion")
        assert made.unit @ truth / np.linalg.norm(truth) > 0.999
        assert made.gap == pytest.approx(np.linalg.norm(truth), rel=0.01)
        assert found.direction(name, 0, "emotion").gap < 0.1
    group = found.direction("gender=f", 3, "emotion")
    assert group.unit @ model.units["happy"] == pytest.approx(0.5, abs=0.01)
    assert group.gap == pytest.approx(1.5, rel=0.02)
    with pytest.raises(ProbeError, match="there is no direction joy; there are angry"):
        found.direction("joy", 3, "emotion")


def test_effects_are_those_of_least_squares_where_the_design_is_not_balanced() -> None:
    """A class that one identity shows more often gets none of that identity; rows without a label weigh nothing."""
    labels = np.array(["a", "a", "b", "a", "b", "b", "b", ""], dtype=object)
    blocks = np.array(["p", "p", "p", "q", "q", "r", "r", "r"], dtype=object)
    made = effects(labels, blocks)
    measured = np.where(labels == "a", 1.0, -1.0) + np.array([{"p": 5, "q": -3, "r": 9}[name] for name in blocks])
    assert made.of(measured[:, None]).ravel() == pytest.approx([1.0, -1.0])
    assert (made.weights[:, -1] == 0).all()
    with pytest.raises(ProbeError, match="cannot be told from identities"):
        effects(np.array(["a", "a", "b"], dtype=object), np.array(["p", "p", "q"], dtype=object))
    with pytest.raises(ProbeError, match="there is 1"):
        effects(np.array(["a", "a"], dtype=object))


def test_neutral_components_hold_their_share_and_are_gone_when_projected_out() -> None:
    """One large component holds half of the variance; what is left of any vector is at a right angle to it."""
    rng = np.random.default_rng(0)
    large = rng.normal(size=12)
    rows = rng.normal(size=(200, 1)) * 10 * large + rng.normal(size=(200, 12))
    components = principal(rows)
    assert len(components) == 1
    assert abs(components[0] @ large) / np.linalg.norm(large) > 0.99
    left = without(rng.normal(size=(5, 12)), components)
    assert np.abs(left @ components[0]).max() < 1e-12
    assert principal(np.ones((3, 4))).shape == (0, 4)


def test_the_planted_model_answers_by_its_stream(small) -> None:  # type: ignore[no-untyped-def]  # the fixture's class is in a conftest
    """It names the emotions, forgets one that is projected out, follows what is added, and a clamp sets it."""
    model = planted(small)
    happy, sad = model.units["happy"], model.units["sad"]
    arms = (
        UNCHANGED,
        Arm("without", (Placed(ProjectOut(2, happy)),)),
        Arm("with", (Placed(Add(3, sad, 40.0), "emotion"),)),
        Arm("clamped", (Placed(Clamp(3, happy, 20.0)),)),
    )
    made = model.rate(model.study.stimuli, arms).items["emotion"]
    truth = np.array([EMOTIONS.index(stimulus.factors["emotion"]) for stimulus in model.study.stimuli])
    plain = made.given[0]
    assert (plain == truth).mean() > 0.8
    of_happy = truth == 0
    assert made.logprob[1, of_happy, 0].mean() < made.logprob[0, of_happy, 0].mean() - 0.3
    assert (made.given[2] == -1).all()  # moved so far that nothing valid is likely
    assert (made.given[3][made.given[3] >= 0] == 0).all()
    assert made.probability.sum(axis=2) == pytest.approx(1.0)
