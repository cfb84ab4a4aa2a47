"""Causal: what was planted is found at its size, in its layer and its units; where nothing is read nothing is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from probe.planted import PlantedModel, planted_units
from vlmrate.errors import ProbeError
from vlmrate.probe.carrying import Carried, by_chance, shortlist
from vlmrate.probe.causal import Causal, CausalWay, DirectionEffect
from vlmrate.probe.direction import CapturedDirections, Direction
from vlmrate.probe.overshadowing import Overshadowing
from vlmrate.probe.projecting import causal
from vlmrate.stats import Bootstrap, Estimate, Skipped

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
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
