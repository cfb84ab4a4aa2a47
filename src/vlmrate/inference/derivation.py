"""derivation.json: what a rater made of other ratings was made of, so that whoever reads it can make it again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from vlmrate.protocol.native import DERIVED
from vlmrate.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vlmrate.inference.records import Rating
    from vlmrate.raters.base import Settings
    from vlmrate.study.ratings import HumanRatings
    from vlmrate.study.records import Study

Method = Literal["calibrated", "hybrid", "ensemble", "expected", "category-mean", "label-only", "person"]
"""In which way a rater is made of others, or of people."""
LineOf = Literal["emotion", "answer", "none"]
"""Which images share a line of calibration: those of an emotion posed, of a label given, or all."""


class Source(Record):
    """A rater under one protocol, and what it gave of which items; the digests tell whether it still is what it was."""

    rater: str
    protocol: str
    items: tuple[str, ...]
    recipe_sha256: str
    values_sha256: str

    @property
    def name(self) -> str:
        """How it is named on the command line."""
        return f"{self.rater}/{self.protocol}"


class FoldLine(Record):
    """value = intercept + slope x the source's number, for the images of one group in one fold.

    It was fitted on the `n` images of that group in all other folds.
    """

    item: str
    fold: int
    group: str
    slope: float
    intercept: float
    n: int


class Derivation(Record):
    """All that decides the values of a derived rater beside its sources' answers and people's ratings.

    `folds` are by image, and `lines` those used; both are empty where nothing was fitted. `held_out` says what the
    images of one fold have in common. `labels` are those that a vote or the likeliest answer gave, by item and image;
    `drawn` the person whose ratings an image got. `people_sha256` is of people's ratings and `images_sha256` of what is
    known of the images, None where they played no part.
    """

    format: Literal["vlmrate-derivation/1"] = "vlmrate-derivation/1"
    method: Method
    items: tuple[str, ...]
    sources: tuple[Source, ...] = ()
    seed: int = 0
    by: LineOf | None = None
    held_out: Literal["identity", "image"] | None = None
    folds: dict[str, int] = Field(default_factory=dict)
    lines: tuple[FoldLine, ...] = ()
    labels: dict[str, dict[str, str | None]] = Field(default_factory=dict)
    drawn: dict[str, str] = Field(default_factory=dict)
    people_sha256: str | None = None
    images_sha256: str | None = None

    @property
    def settings(self) -> Settings:
        """What the recipe in the manifest says: all that it was made of, and nothing that came of it."""
        known: Settings = {"kind": DERIVED, "method": self.method, "items": ", ".join(self.items)}
        for number, source in enumerate(self.sources, start=1):
            known[f"source_{number}"] = f"{source.name}: {', '.join(source.items)}"
            known[f"source_{number}_recipe"] = source.recipe_sha256
            known[f"source_{number}_values"] = source.values_sha256
        if self.folds:
            known |= {"held_out": self.held_out, "folds": len(set(self.folds.values()))}
        chosen = {"line_of": self.by, "people": self.people_sha256, "images": self.images_sha256}
        return known | {name: value for name, value in chosen.items() if value is not None}


def values_digest(ratings: Iterable[Rating]) -> str:
    """SHA-256 (hex) of what a rater answered: values and probabilities, whatever the order of the files.

    An image that was answered alike in all its repeats counts as answered once.
    """
    told: dict[str, list[object]] = {}
    for rating in sorted(ratings, key=lambda rating: (rating.image_id, rating.repeat)):
        said = [(answer.item, answer.value, answer.probabilities) for step in rating.steps for answer in step.answers]
        told.setdefault(rating.image_id, []).append(said)
    once = {image: said[:1] if all(again == said[0] for again in said) else said for image, said in told.items()}
    return hashlib.sha256(json.dumps(once, sort_keys=True).encode()).hexdigest()


def means_digest(ratings: HumanRatings, items: Sequence[str]) -> str:
    """SHA-256 (hex) of people's mean of each image, for the items named."""
    digest = hashlib.sha256()
    for item in items:
        means = ratings.means(item)["mean"].sort_index()
        digest.update(json.dumps([item, [*means.index], [float(mean) for mean in means]]).encode())
    return digest.hexdigest()


def singles_digest(ratings: HumanRatings, items: Sequence[str]) -> str:
    """SHA-256 (hex) of people's single ratings of the items named, whatever the order of the rows."""
    digest = hashlib.sha256()
    for item in items:
        rows = ratings.singles(item).sort_values(["image_id", "rater_id"])
        digest.update(json.dumps([item, *(list(rows[name]) for name in ("image_id", "rater_id", "value"))]).encode())
    return digest.hexdigest()


def images_digest(study: Study) -> str:
    """SHA-256 (hex) of who is shown on each image of a study and with which emotion."""
    factors = study.factors
    columns = [name for name in (factors.identity, factors.emotion) if name is not None]
    known = [(stimulus.image_id, [stimulus.factors[name] for name in columns]) for stimulus in study.stimuli]
    return hashlib.sha256(json.dumps([columns, sorted(known)]).encode()).hexdigest()
