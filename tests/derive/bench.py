"""A study on disk whose raters are tables of numbers, to make others of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from vlmrate.analysis import AnalysisOptions, analyze
from vlmrate.analysis.data import gather
from vlmrate.analysis.derived import values_of
from vlmrate.derive.prepare import Prepared, Wishes, prepare_for, store
from vlmrate.derive.rater import Answers, DerivedRater
from vlmrate.inference.job import Job
from vlmrate.inference.runner import run
from vlmrate.inference.store import store_for
from vlmrate.inference.table import load_results
from vlmrate.protocol.native import native_protocol
from vlmrate.raters.base import OptionProbabilities
from vlmrate.stats import Bootstrap
from vlmrate.study.ratings import HumanRatings
from vlmrate.study.records import Factors, Item, Labels, Likert, Stimulus, Study

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from vlmrate.analysis import Analysis
    from vlmrate.analysis.data import Material
    from vlmrate.inference.derivation import Derivation
    from vlmrate.inference.job import Finished

EMOTIONS = ("happy", "sad", "fear")
CENTRE = {"happy": 6.0, "sad": 4.0, "fear": 3.5}
ITEMS = (Item("emotion", Labels(EMOTIONS), intended="emotion"), Item("valence", Likert(1, 9)))
QUICK = AnalysisOptions(bootstrap=Bootstrap(resamples=200))


@dataclass(frozen=True)
class Bench:
    """A study of some identities in three emotions, with people, and what is done with it."""

    study: Study

    def with_people(self, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Bench:
        """The same study with other ratings by people."""
        ratings = self.study.ratings
        return Bench(replace(self.study, ratings=replace(ratings, table=change(ratings.table.copy()))))

    @property
    def means(self) -> pd.Series[float]:
        """People's mean valence of each image."""
        return self.study.ratings.means("valence")["mean"]

    @property
    def images(self) -> list[str]:
        return [stimulus.image_id for stimulus in self.study.stimuli]

    def emotion(self, image: str) -> str:
        return image.partition("_")[2]

    def rate(
        self,
        name: str,
        valence: Mapping[str, float | None],
        labels: Mapping[str, str | None] | None = None,
        *,
        known: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
        protocol: str = "native",
        fresh: bool = False,
    ) -> None:
        """Store a rater that gives these numbers (the posed emotion where no labels are given) to these images.

        `known` are probabilities by image and item.
        """
        by_file = {}
        for stimulus in self.study.stimuli:
            image = stimulus.image_id
            if image in valence:
                values = {
                    "emotion": self.emotion(image) if labels is None else labels[image],
                    "valence": valence[image],
                }
                told = {i: OptionProbabilities(p, 1.0) for i, p in (known or {}).get(image, {}).items()}
                by_file[stimulus.path] = Answers(values, told, "")
        digest = hashlib.sha256(repr(sorted(valence.items())).encode()).hexdigest()
        job = Job(
            study=self.study,
            protocol=native_protocol(ITEMS, protocol),
            rater=DerivedRater({"kind": "table", "file_sha256": digest}, by_file),
            rater_name=name,
            store=store_for(self.study, name, protocol),
            stimuli=tuple(s for s in self.study.stimuli if s.path in by_file),
            fresh=fresh,
        )
        assert run(job).progress.failed == 0

    def prepare(self, kind: str, *sources: str, name: str = "made", **others: object) -> Prepared:
        """A derived rater that is not stored yet."""
        return prepare_for(self.study, load_results(self.study), Wishes(kind, sources, name, **others))

    def derive(self, kind: str, *sources: str, name: str = "made", **others: object) -> Finished:
        """A derived rater, stored."""
        return store(self.prepare(kind, *sources, name=name, **others))

    def plant(self, prepared: Prepared, record: Derivation) -> None:
        """Store the rater that another record gives: one that nobody but a forger makes."""
        values = values_of(self.material(), record)
        by_file = {
            stimulus.path: Answers({item: by_image[stimulus.image_id] for item, by_image in values.items()}, {}, "")
            for stimulus in self.study.stimuli
        }
        job = replace(prepared.job, rater=DerivedRater(record.settings, by_file))
        store(replace(prepared, job=job, made=replace(prepared.made, derivation=record)))

    def material(self) -> Material:
        return gather(self.study, load_results(self.study), QUICK)

    def analyze(self) -> Analysis:
        return analyze(self.study, load_results(self.study), QUICK)

    def folder(self, name: str = "made") -> Path:
        return store_for(self.study, name, "derived").folder


def values(prepared: Prepared, item: str = "valence") -> dict[str, object]:
    """What a derived rater gives, by image."""
    return {
        stimulus.image_id: prepared.job.rater.by_file[stimulus.path].values[item] for stimulus in prepared.job.stimuli
    }


def bench(folder: Path, identities: int = 8, *, people: int = 5, named: bool = True, seed: int = 3) -> Bench:
    """A study in a folder; without `named` it does not say who is shown."""
    folder.mkdir(exist_ok=True)
    (folder / "study.yaml").write_text("name: bench\n", encoding="utf-8")
    rng = np.random.default_rng(seed)
    stimuli, rows = [], []
    for who in range(identities):
        for emotion in EMOTIONS:
            image = f"p{who:02d}_{emotion}"
            (folder / f"{image}.png").write_bytes(image.encode())
            stimuli.append(Stimulus(image, folder / f"{image}.png", {"emotion": emotion, "identity": f"p{who:02d}"}))
            truth = CENTRE[emotion] + rng.normal(0, 0.9)
            said = np.clip(np.round(truth + rng.normal(0, 0.8, people)), 1, 9)
            rows += [(f"h{person}", image, float(value)) for person, value in enumerate(said)]
    ratings = HumanRatings(("valence",), pd.DataFrame(rows, columns=["rater_id", "image_id", "valence"]), True)
    return Bench(
        Study(
            name="bench",
            file=folder / "study.yaml",
            stimuli=tuple(stimuli),
            items=ITEMS,
            factors=Factors("emotion", "identity" if named else None),
            ratings=ratings,
            protocol="context-carry",
            results=folder / "results",
        )
    )


def noisy(
    of: Bench, sd: float, seed: int = 1, lines: Mapping[str, tuple[float, float]] | None = None
) -> dict[str, float]:
    """People's means with some noise, distorted by intercept and slope of each emotion."""
    rng = np.random.default_rng(seed)
    told = {}
    for image in of.images:
        intercept, slope = (lines or {}).get(of.emotion(image), (0.0, 1.0))
        told[image] = float(intercept + slope * (of.means[image] + rng.normal(0, sd)))
    return told


def several(images: Sequence[str], *values: object) -> dict[str, object]:
    """Values dealt out to images in turn."""
    return {image: values[i % len(values)] for i, image in enumerate(images)}
