"""Whole studies with everything planted: stimuli, people and models that rate them, in the shapes that analysis reads.

The people are those of `vlmrate.simulate.people`, as in the demo study; the models are those of
`vlmrate.simulate.models`. What was planted is in the parameters, and for each image in the table of truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.simulate.models import RATINGS_COLUMNS, ModelParameters, simulate_model
from vlmrate.simulate.people import PeopleParameters, RatedImage, expected_ratings, simulate_people

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STIMULI, _MISSING, _MODELS = 4, 5, 6  # streams of random numbers; people use 1 to 3


@dataclass(frozen=True, slots=True)
class DesignParameters:
    """Which images there are: every identity once in every emotion, as many identities in each cell of the groups."""

    identities_a_cell: int
    truth: Mapping[str, Mapping[str, float]]
    """What is true of an emotion, by item: {"valence": {"happy": 7.5, "sad": 3.0}}. Its emotions are the study's."""
    truth_sd: float = 0.0
    """How far images of one emotion differ in truth, in scale points."""
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Levels by factor, such as {"race": ["Black", "Korean"]}; identities are nested in them."""

    @property
    def emotions(self) -> tuple[str, ...]:
        """The emotions, in the order of the first item."""
        return tuple(next(iter(self.truth.values())))


@dataclass(frozen=True, slots=True)
class StudyParameters:
    """All that makes a study; the same parameters make the same one."""

    seed: int
    design: DesignParameters
    people: PeopleParameters
    """Its own seed is not used: the study's is."""
    models: tuple[ModelParameters, ...] = ()
    missing_ratings: float = 0.0
    """Share of the people's rows that are missing, at random."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedStudy:
    """A study as its files would hold it, and what is true."""

    stimuli: pd.DataFrame
    """image_id, path, emotion, identity, then a column a factor."""
    people: pd.DataFrame
    """rater_id, image_id, a column an item, trial, response_seconds: a row a rater and image."""
    ratings: pd.DataFrame
    """The models' long table, with the columns of RATINGS_COLUMNS."""
    truth: pd.DataFrame
    """Index image_id: truth_<item>, and people_<item>, what a person of average severity answers without noise."""

    def means(self, item: str) -> pd.Series[float]:
        """Return people's mean rating of every image that has one, indexed by image_id in the stimuli's order."""
        means = self.people.groupby("image_id", sort=False)[item].mean()
        return means.reindex([image for image in self.stimuli["image_id"] if image in means.index])

    def answers(self, rater: str, item: str, *, column: str = "value") -> pd.Series[float]:
        """Return a model's answers of its first repeat, indexed by image_id; one entry an image of the stimuli.

        Images without a row are missing (NaN); `column="expected"` gives the ratings weighted by probability.
        """
        table = self.ratings
        rows = table[(table["rater"] == rater) & (table["item"] == item) & (table["repeat"] == 1)]
        return rows.set_index("image_id")[column].reindex(self.stimuli["image_id"])

    def factor(self, name: str) -> pd.Series[str]:
        """Return a column of the stimuli, indexed by image_id."""
        return self.stimuli.set_index("image_id")[name]


def simulate_study(parameters: StudyParameters) -> SimulatedStudy:
    """Make a study of the design asked for.

    Raises:
        ValueError: The images cannot be dealt out evenly over the people, or a model's parameters do not fit.
    """
    return study_of(design_images(parameters), parameters)


def study_of(images: Sequence[RatedImage], parameters: StudyParameters) -> SimulatedStudy:
    """Let simulated people and models rate these images; of the design in the parameters nothing is used."""
    people = replace(parameters.people, seed=parameters.seed)
    expected = expected_ratings(images, people)
    table = _with_missing(simulate_people(images, people), parameters)
    scales = {item.name: item for item in people.items}
    models = [
        simulate_model(images, expected, scales, model, seed=(parameters.seed, _MODELS, number))
        for number, model in enumerate(parameters.models)
    ]
    return SimulatedStudy(
        stimuli=_stimuli_table(images),
        people=table,
        ratings=pd.concat(models, ignore_index=True) if models else pd.DataFrame(columns=RATINGS_COLUMNS),
        truth=_truth(images, expected),
    )


def design_images(parameters: StudyParameters) -> tuple[RatedImage, ...]:
    """Make the images of the design: identities p0001 … in the order of the cells, each in every emotion."""
    design = parameters.design
    rng = np.random.default_rng([parameters.seed, _STIMULI])
    images = []
    cells = product(*design.groups.values())
    numbered = enumerate((cell for cell in cells for _ in range(design.identities_a_cell)), start=1)
    for number, cell in numbered:
        factors = dict(zip(design.groups, cell, strict=True))
        for emotion in design.emotions:
            identity = f"p{number:04d}"
            of_image = rng.normal(0.0, design.truth_sd, len(design.truth))
            truth = {
                item: by_emotion[emotion] + float(shift)
                for (item, by_emotion), shift in zip(design.truth.items(), of_image, strict=True)
            }
            images.append(RatedImage(f"{identity}_{emotion}", identity, emotion, factors, truth))
    return tuple(images)


def _with_missing(table: pd.DataFrame, parameters: StudyParameters) -> pd.DataFrame:
    if parameters.missing_ratings == 0:
        return table
    rng = np.random.default_rng([parameters.seed, _MISSING])
    return table[rng.random(len(table)) >= parameters.missing_ratings].reset_index(drop=True)


def _stimuli_table(images: Sequence[RatedImage]) -> pd.DataFrame:
    rows = [
        {
            "image_id": image.image_id,
            "path": f"images/{image.image_id}.jpg",
            "emotion": image.emotion,
            "identity": image.identity,
            **image.factors,
        }
        for image in images
    ]
    return pd.DataFrame(rows)


def _truth(images: Sequence[RatedImage], expected: pd.DataFrame) -> pd.DataFrame:
    truth = pd.DataFrame([image.truth for image in images], index=expected.index)
    return pd.concat([truth.add_prefix("truth_"), expected.add_prefix("people_")], axis=1)
