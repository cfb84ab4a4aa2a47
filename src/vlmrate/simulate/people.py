"""Simulated people who rate pictures, with everything that analysis should find again planted on purpose.

One rating of one item is

    clip(round(c + spread * (truth - c) + groups + image + severity + noise), low, high)

where c is the middle of the scale, `truth` belongs to the picture, `groups` are shifts planted for levels of its
factors, `image` is normal with `image_sd` (drawn once a picture), `severity` normal with `rater_sd` (once a person)
and `noise` normal with `noise_sd` (once a rating).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Numbers: TypeAlias = NDArray[Any]

_IMAGES, _SETS, _PEOPLE = 1, 2, 3  # streams of random numbers, so that one does not disturb another


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """A shift, in points of the scale, of the ratings of all pictures that have `level` of `factor`."""

    factor: str
    level: str
    shift: float


@dataclass(frozen=True, slots=True)
class ItemParameters:
    """How people rate one item; all but `low` and `high` in points of the scale, before rounding.

    `spread` below 1 draws ratings towards the middle of the scale, as people avoid its ends.
    """

    name: str
    low: int
    high: int
    spread: float
    rater_sd: float
    image_sd: float
    noise_sd: float
    groups: tuple[GroupEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class PeopleParameters:
    """A crowd: how many, what each sees, how they rate, and how long they take (seconds, log-normal)."""

    seed: int
    raters: int
    images_a_rater: int
    items: tuple[ItemParameters, ...]
    seconds_median: float = 2.6
    seconds_rater_sd: float = 0.25
    seconds_noise_sd: float = 0.35


@dataclass(frozen=True, slots=True)
class RatedImage:
    """A picture as the simulated people meet it: its factors, and what is true of it for every item."""

    image_id: str
    identity: str
    emotion: str
    factors: Mapping[str, str]
    truth: Mapping[str, float]


def simulate_people(images: Sequence[RatedImage], parameters: PeopleParameters) -> pd.DataFrame:
    """The ratings of a crowd: rater_id, image_id, a column an item (int), trial (from 1), response_seconds.

    A row a rater and image, in the order in which the rater saw them. Every image is rated equally often. The same
    parameters give the same table; a person's numbers do not depend on how many others there are.

    Raises:
        ValueError: The images cannot be dealt out evenly.
    """
    expected = expected_ratings(images, parameters)
    by_item = {item.name: expected[item.name].to_numpy() for item in parameters.items}
    sets = image_sets(images, parameters)
    people = [_one_person(number, seen, by_item, parameters) for number, seen in enumerate(sets)]
    names = [f"r{number + 1:03d}" for number in range(len(sets))]
    table = pd.DataFrame(
        {
            "rater_id": np.repeat(names, [len(seen) for seen in sets]),
            "image_id": expected.index[np.concatenate(sets)],
        }
    )
    return table.assign(**{column: np.concatenate([person[column] for person in people]) for column in people[0]})


def expected_ratings(images: Sequence[RatedImage], parameters: PeopleParameters) -> pd.DataFrame:
    """What a person of average severity would answer without noise, before rounding and clipping.

    Index image_id, a column an item; image effects are in it.
    """
    rng = np.random.default_rng([parameters.seed, _IMAGES])
    columns = {}
    for item in parameters.items:
        middle = (item.low + item.high) / 2
        truth = np.array([image.truth[item.name] for image in images])
        shifts = np.array([_group_shift(image, item) for image in images])
        columns[item.name] = (
            middle + item.spread * (truth - middle) + shifts + rng.normal(0, item.image_sd, len(images))
        )
    return pd.DataFrame(columns, index=pd.Index([image.image_id for image in images], name="image_id"))


def image_sets(images: Sequence[RatedImage], parameters: PeopleParameters) -> list[tuple[int, ...]]:
    """Which images (by position) each rater sees, in order.

    The images are dealt out in rounds: identities and emotions are shuffled, and the diagonals of their grid are the
    sets of one round. So each rater sees every identity and every emotion equally often (where the numbers allow),
    and each image is in exactly one set of a round.

    Raises:
        ValueError: The images do not divide into sets of this size, or the raters into rounds.
    """
    sets_a_round, left = divmod(len(images), parameters.images_a_rater)
    if left or sets_a_round == 0 or parameters.raters % sets_a_round:
        raise ValueError(
            f"{len(images)} images do not divide evenly over {parameters.raters} raters "
            f"who see {parameters.images_a_rater} each"
        )
    rng = np.random.default_rng([parameters.seed, _SETS])
    identities = _codes([image.identity for image in images])
    emotions = _codes([image.emotion for image in images])
    sets: list[tuple[int, ...]] = []
    for _ in range(parameters.raters // sets_a_round):
        # Diagonal after diagonal of the shuffled grid of identities and emotions.
        order = np.argsort((_shuffled(identities, rng) + _shuffled(emotions, rng)) % sets_a_round, kind="stable")
        for number in range(sets_a_round):
            chosen = order[number * parameters.images_a_rater : (number + 1) * parameters.images_a_rater]
            sets.append(tuple(rng.permutation(chosen).tolist()))
    return sets


def _codes(names: Sequence[str]) -> tuple[int, Numbers]:
    """How many names there are, and the number of each in alphabetical order."""
    distinct, codes = np.unique(np.array(names), return_inverse=True)
    return len(distinct), codes


def _shuffled(coded: tuple[int, Numbers], rng: np.random.Generator) -> Numbers:
    names, codes = coded
    return rng.permutation(names)[codes]


def _group_shift(image: RatedImage, item: ItemParameters) -> float:
    return sum(effect.shift for effect in item.groups if image.factors[effect.factor] == effect.level)


def _one_person(
    number: int, seen: tuple[int, ...], expected: Mapping[str, Numbers], parameters: PeopleParameters
) -> dict[str, Numbers]:
    """One person's columns: a rating an item, trial, seconds."""
    rng = np.random.default_rng([parameters.seed, _PEOPLE, number])
    chosen = list(seen)
    columns: dict[str, Numbers] = {}
    for item in parameters.items:
        severity = rng.normal(0, item.rater_sd)
        latent = expected[item.name][chosen] + severity + rng.normal(0, item.noise_sd, len(seen))
        columns[item.name] = np.clip(np.rint(latent), item.low, item.high).astype(int)
    columns["trial"] = np.arange(1, len(seen) + 1)
    pace = rng.normal(0, parameters.seconds_rater_sd)
    spread = rng.normal(0, parameters.seconds_noise_sd, len(seen))
    columns["response_seconds"] = np.round(parameters.seconds_median * np.exp(pace + spread), 2)
    return columns
