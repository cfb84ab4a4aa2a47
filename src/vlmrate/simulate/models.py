"""Simulated models that rate images, with every peculiarity that analysis should find again planted on purpose.

The answer is drawn from the row of a confusion matrix. A rating is

    l = c + gain * (expected - c) + shift + effects + wrong label + identity + noise

with c the middle of the scale and `expected` what an average person answers without noise; `effects` are shifts for
levels of factors (the emotion among them), `identity` is normal with `identity_sd` (once an identity), `noise` normal
with `noise_sd` (once an image and repeat). l, cut to the scale, is the rating weighted by probability; the spoken one
is the nearest whole point, or the nearest of the `prototypes` where the model has collapsed onto some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vlmrate.simulate.people import GroupEffect, ItemParameters, RatedImage

LABEL_ITEM = "emotion"
"""Name of the item that asks for the label."""
PROTOCOL = "simulated"
RATINGS_COLUMNS = [
    "rater", "protocol", "repeat", "image_id", "item", "value", "expected", "route", "clamped", "valid_mass",
    "unlisted", "step", "reasoning_tokens", "forced",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelItem:
    """How a model rates one item; shifts and SDs in points of the scale."""

    name: str
    gain: float = 1.0
    """Above 1 the model exaggerates differences between images, below 1 it flattens them."""
    shift: float = 0.0
    """Bias of every image."""
    effects: tuple[GroupEffect, ...] = ()
    """Bias of the images with a level of a factor: an emotion, or a group."""
    wrong_label: float = 0.0
    """Further bias where the model got the label wrong."""
    identity_sd: float = 0.0
    noise_sd: float = 0.0
    prototypes: tuple[float, ...] = ()
    """The only values spoken; empty: every whole point of the scale."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Probability of each answer for each true label; what a row lacks of 1 is an invalid answer."""

    rows: Mapping[str, Mapping[str, float]]
    factor: str | None = None
    """Where named, the matrix holds for images with `level` of this factor only."""
    level: str | None = None

    def __post_init__(self) -> None:
        for truth, row in self.rows.items():
            if min(row.values()) < 0 or sum(row.values()) > 1 + 1e-9:
                raise ValueError(f"the answers to '{truth}' have probabilities below 0 or above 1 in all")


@dataclass(frozen=True, slots=True)
class ModelParameters:
    """A model: its name, how it labels, how it rates, and what it leaves out."""

    name: str
    items: tuple[ModelItem, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    """The first that fits an image holds; without any the model gives no labels."""
    identity_share: float = 0.0
    """Share of what decides about an answer that the images of one identity have in common, in [0, 1]."""
    missing: float = 0.0
    """Share of images that failed and have no row."""
    repeats: int = 1


def simulate_model(
    images: Sequence[RatedImage],
    expected: pd.DataFrame,
    scales: Mapping[str, ItemParameters],
    model: ModelParameters,
    *,
    seed: Sequence[int],
) -> pd.DataFrame:
    """Return the model's rows of the long ratings table, repeat after repeat, item after item.

    Columns: rater, protocol, repeat, image_id, item, value (label, float or None), expected (NaN for labels), route
    ("native" or "invalid"), clamped (False), valid_mass (NaN), unlisted (0), step (1),
    reasoning_tokens (NaN), forced (None). `expected` comes from `expected_ratings`.

    Raises:
        ValueError: An image fits no confusion matrix, or its label has no row in it.
    """
    rng = np.random.default_rng(list(seed))
    _, identity = np.unique([image.identity for image in images], return_inverse=True)
    there = rng.random(len(images)) >= model.missing
    of_identity = {item.name: rng.normal(0.0, item.identity_sd, identity.max() + 1)[identity] for item in model.items}
    easy = rng.normal(size=identity.max() + 1)[identity]
    tables = []
    for repeat in range(1, model.repeats + 1):
        labels = _labels(images, model, easy, rng)
        wrong = np.array([label != image.emotion for label, image in zip(labels, images, strict=True)])
        if model.confusions:
            tables.append(_rows(model, repeat, images, LABEL_ITEM, labels, np.full(len(images), np.nan))[there])
        for item in model.items:
            noise = of_identity[item.name] + rng.normal(0.0, item.noise_sd, len(images))
            weighted = _weighted(images, expected[item.name].to_numpy(), scales[item.name], item, wrong, noise)
            spoken = [float(value) for value in _spoken(weighted, item)]
            tables.append(_rows(model, repeat, images, item.name, spoken, weighted)[there])
    return pd.concat(tables, ignore_index=True)


def _labels(
    images: Sequence[RatedImage], model: ModelParameters, easy: NDArray[np.float64], rng: np.random.Generator
) -> list[str | None]:
    """Draw an answer for every image: one normal number, part of it the identity's, picks from its row."""
    own = rng.normal(size=len(images))
    place = ndtr(np.sqrt(model.identity_share) * easy + np.sqrt(1 - model.identity_share) * own)
    if not model.confusions:
        return [image.emotion for image in images]
    return [_pick(_row(image, model), float(at)) for image, at in zip(images, place, strict=True)]


def _row(image: RatedImage, model: ModelParameters) -> Mapping[str, float]:
    for confusion in model.confusions:
        if confusion.factor is None or image.factors[confusion.factor] == confusion.level:
            if image.emotion not in confusion.rows:
                raise ValueError(f"the confusion matrix of {model.name} has no row for '{image.emotion}'")
            return confusion.rows[image.emotion]
    raise ValueError(f"no confusion matrix of {model.name} holds for {image.image_id}")


def _pick(row: Mapping[str, float], at: float) -> str | None:
    reached = 0.0
    for label, probability in row.items():
        reached += probability
        if at < reached:
            return label
    # Probabilities that make 1 may sum to a little less.
    return None if reached < 1 - 1e-9 else label


def _weighted(
    images: Sequence[RatedImage],
    expected: NDArray[np.float64],
    scale: ItemParameters,
    item: ModelItem,
    wrong: NDArray[np.bool_],
    noise: NDArray[np.float64],
) -> NDArray[np.float64]:
    middle = (scale.low + scale.high) / 2
    effects = np.array([_effect(image, item) for image in images])
    latent = middle + item.gain * (expected - middle) + item.shift + effects + item.wrong_label * wrong + noise
    weighted: NDArray[np.float64] = np.clip(latent, scale.low, scale.high)
    return weighted


def _effect(image: RatedImage, item: ModelItem) -> float:
    levels = {**image.factors, "emotion": image.emotion}
    return sum(effect.shift for effect in item.effects if levels[effect.factor] == effect.level)


def _spoken(weighted: NDArray[np.float64], item: ModelItem) -> NDArray[np.float64]:
    if not item.prototypes:
        return np.rint(weighted)
    points = np.array(item.prototypes, dtype=np.float64)
    nearest: NDArray[np.float64] = points[np.abs(weighted[:, None] - points).argmin(axis=1)]
    return nearest


def _rows(
    model: ModelParameters,
    repeat: int,
    images: Sequence[RatedImage],
    item: str,
    values: Sequence[Any],
    weighted: NDArray[np.float64],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "rater": model.name,
            "protocol": PROTOCOL,
            "repeat": repeat,
            "image_id": [image.image_id for image in images],
            "item": item,
            "value": pd.Series(list(values), dtype=object),
            "expected": weighted,
            "route": ["invalid" if value is None else "native" for value in values],
            "clamped": False,
            "valid_mass": np.nan,
            "unlisted": 0,
            "step": 1,
            "reasoning_tokens": np.nan,
            "forced": None,
        }
    )
