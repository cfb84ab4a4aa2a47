"""What a baseline holds: a file small enough to live in git beside the code that it guards."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vlmrate.inference.records import Recipe
from vlmrate.records import Record

DECIMALS = 6
"""Decimals that probabilities are rounded to, in a baseline and before they are compared with it."""


class RatedAnswer(Record):
    """One answer: `value` is None where it could not be read, `route` how it was read.

    `probabilities` of every valid answer are rounded to `DECIMALS`; None where the rater does not know them.
    """

    item: str
    value: int | float | str | None
    route: str
    probabilities: dict[str, float] | None = None


class RatedImage(Record):
    """One image of the subset as it was rated: the digest of its file, the seconds all its questions took."""

    image_id: str
    sha256: str
    seconds: float
    answers: tuple[RatedAnswer, ...]

    def answer(self, item: str) -> RatedAnswer | None:
        """The answer to an item; None where it was not asked."""
        return next((answer for answer in self.answers if answer.item == item), None)


class Metric(Record):
    """One number about the subset, with its interval; `level` is the group it is of, as factor=level.

    A metric is called ITEM.KIND (valence.mae) or ITEM.bias[FACTOR=LEVEL].
    """

    name: str
    item: str
    kind: Literal["kappa", "r", "mae", "bias", "invalid"]
    level: str | None = None
    value: float
    low: float
    high: float
    n: int
    method: str


class Limits(Record):
    """What mode `tolerance` lets pass.

    `flips` and `invalid` are shares of answers in [0, 1]: flipped ones, and unreadable ones beyond the baseline's;
    `shift` is the mean total variation of the probabilities of an item. `allow` is by how much a metric may become
    worse, by its name, in its own unit; metrics not named there may move within the baseline's interval.
    """

    flips: float = Field(default=0.05, ge=0, le=1)
    shift: float = Field(default=0.05, ge=0, le=1)
    invalid: float = Field(default=0.02, ge=0, le=1)
    allow: dict[str, float] = Field(default_factory=dict)


class Chosen(Record):
    """How the subset was chosen: one image or more a cell of the crossed `factors`, by a seed."""

    images: int = Field(ge=1)
    cells: int = Field(ge=1)
    factors: tuple[str, ...]
    seed: int = Field(ge=0)


class Baseline(Record):
    """Ratings to hold later ones against, and all that they depend on.

    `model` is what was named after --model (None for a folder, whose place is this machine's affair). `prompts` are
    the questions with what differs between images left in braces. `truth_sha256` covers people's means and intended
    answers of the subset: metrics can only be compared while they stay.
    """

    format: Literal["vlmrate-baseline/1"] = "vlmrate-baseline/1"
    digest: str
    study: str
    rater: str
    protocol: str
    model: str | None
    created: str
    recipe: Recipe
    about: dict[str, str]
    prompts: tuple[str, ...]
    versions: dict[str, str]
    machine: dict[str, str | int]
    memory_mib: int | None
    scales: dict[str, tuple[str, ...]]
    truth_sha256: str
    chosen: Chosen
    limits: Limits
    bootstrap: str
    metrics: tuple[Metric, ...]
    images: tuple[RatedImage, ...]
